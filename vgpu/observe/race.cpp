#include "vgpu/observe/race.h"

#include <algorithm>
#include <bit>
#include <new>

namespace vgpu::observe {

/// Smaller pieces begin with what is known of the larger one that held them.
void RaceMap::use_pieces_of(int shift) {
  const std::size_t count = (bytes_ >> shift) + 1;
  std::unique_ptr<Cell, Free> finer(static_cast<Cell*>(std::calloc(count, sizeof(Cell))));
  if (!finer) throw std::bad_alloc();
  if (cells_) {
    const int parts = shift_ - shift;
    for (std::size_t i = 0; i < count; ++i)
      if (const Cell& old = cells_.get()[i >> parts]; old.launch != 0) finer.get()[i] = old;
    std::unordered_map<std::uint64_t, Strong> strong;
    for (const auto& [number, what] : strong_)
      for (std::uint64_t k = 0; k < std::uint64_t{1} << parts; ++k)
        strong[(number << parts) + k] = what;
    strong_ = std::move(strong);
  }
  cells_ = std::move(finer);
  shift_ = shift;
}

std::optional<Conflict> RaceMap::note(std::uint64_t at, std::uint64_t bytes, const Look& look) {
  const int needed = std::min(2, std::countr_zero(at | bytes));
  if (!cells_ || needed < shift_) use_pieces_of(std::min(needed, shift_));
  std::optional<Conflict> found;
  for (std::uint64_t i = at >> shift_, end = (at + bytes) >> shift_; i < end; ++i)
    if (const auto conflict = note_cell(i, look); conflict && !found) found = conflict;
  return found;
}

/// Most cells were touched before the last barrier, or by this very warp.
std::optional<Conflict> RaceMap::note_cell(std::uint64_t number, const Look& look) {
  Cell& cell = cells_.get()[number];
  const Event& event = look.event;
  if (cell.launch != look.launch) {
    if (cell.has_strong) strong_.erase(number);
    cell = {};
    cell.launch = look.launch;
    cell.write.thread = -1;
  }
  const bool after_write =
      cell.write.thread < 0 || (cell.write.block == event.block && cell.write.time < look.barrier);
  const bool after_reads = !event.writes || !cell.reads.any ||
                           (cell.reads.block == event.block && !cell.reads.many_blocks &&
                            cell.reads.time < look.barrier);
  std::optional<Conflict> found;
  if (!after_write || !after_reads || (cell.has_strong && !event.strong))
    found = find_conflict(cell, number, look);
  if (event.strong) {
    cell.has_strong = true;
    Strong& strong = strong_[number];
    add(event.writes ? strong.writes : strong.reads, look);
  } else if (event.writes) {
    cell.write = {event.block, event.time, event.index,
                  static_cast<std::int16_t>(event.first_thread())};
    cell.reads = {};
    if (cell.has_strong) strong_.erase(number);
    cell.has_strong = false;
  } else {
    add(cell.reads, look);
  }
  return found;
}

std::optional<Conflict> RaceMap::find_conflict(const Cell& cell, std::uint64_t number,
                                               const Look& look) const {
  const Event& event = look.event;
  std::optional<Conflict> found = conflict_with(cell.write, look);
  if (event.writes && !found) found = conflict_with(cell.reads, Hazard::write_after_read, look);
  if (!cell.has_strong || event.strong) return found;
  const Strong& strong = strong_.at(number);
  if (!found)
    found = conflict_with(
        strong.writes, event.writes ? Hazard::write_after_write : Hazard::read_after_write, look);
  if (event.writes && !found) found = conflict_with(strong.reads, Hazard::write_after_read, look);
  return found;
}

std::optional<Conflict> RaceMap::conflict_with(const Write& write, const Look& look) {
  const Event& event = look.event;
  if (write.thread < 0) return {};
  for (std::uint32_t rest = event.lanes; rest; rest &= rest - 1) {
    const int thread = event.warp * kWarpSize + std::countr_zero(rest);
    const bool ordered =
        write.block == event.block
            ? look.order.before(write.time, write.thread, thread)
            : look.blocks.before(write.block, write.time, write.thread, event.block, thread);
    if (!ordered)
      return Conflict{event.writes ? Hazard::write_after_write : Hazard::read_after_write,
                      write.block, write.thread, write.index, thread};
  }
  return {};
}

bool RaceMap::is_before(const Set& set, int thread, const Look& look) {
  const Event& event = look.event;
  if (set.many_blocks) return false;
  const int first = set.warp * kWarpSize;
  if (set.block != event.block) {
    if (set.many_warps) return look.blocks.before(set.block, set.time, -1, event.block, thread);
    for (std::uint32_t rest = set.lanes; rest; rest &= rest - 1)
      if (!look.blocks.before(set.block, set.time, first + std::countr_zero(rest), event.block,
                              thread))
        return false;
    return true;
  }
  if (look.barrier > set.time) return true;
  if (set.many_warps) return false;
  for (std::uint32_t rest = set.lanes; rest; rest &= rest - 1)
    if (!look.order.before(set.time, first + std::countr_zero(rest), thread)) return false;
  return true;
}

std::optional<Conflict> RaceMap::conflict_with(const Set& set, Hazard hazard, const Look& look) {
  if (!set.any) return {};
  for (std::uint32_t rest = look.event.lanes; rest; rest &= rest - 1) {
    const int thread = look.event.warp * kWarpSize + std::countr_zero(rest);
    if (is_before(set, thread, look)) continue;
    const bool one = !set.many_blocks && !set.many_warps && std::has_single_bit(set.lanes);
    return Conflict{hazard, set.block,
                    one ? set.warp * kWarpSize + std::countr_zero(set.lanes) : -1, set.index,
                    thread};
  }
  return {};
}

void RaceMap::add(Set& set, const Look& look) {
  const Event& event = look.event;
  const auto warp = static_cast<std::uint8_t>(event.warp);
  const bool same_block = set.block == event.block && !set.many_blocks;
  const bool same_warp = same_block && !set.many_warps && set.warp == warp;
  if (set.any && set.many_blocks) return;
  if (set.any && same_warp && set.time == event.time && (event.lanes & ~set.lanes) == 0) {
    set.index = event.index;
    return;
  }
  // Before all of the event's lanes: by a barrier, by a sync of the warp, or as it must be asked.
  const auto before_all = [&] {
    if (same_block && set.time < look.barrier) return true;
    if (same_warp && set.time < look.full_sync) return true;
    if (same_warp && set.lanes == event.lanes && std::has_single_bit(set.lanes)) return true;
    if (same_warp && !look.order.has_partial_syncs(event.warp)) return false;
    for (std::uint32_t rest = event.lanes; rest; rest &= rest - 1)
      if (!is_before(set, event.warp * kWarpSize + std::countr_zero(rest), look)) return false;
    return true;
  };
  if (!set.any || before_all()) {
    set = {event.block, event.time, event.index, event.lanes, warp, true, false, false};
    return;
  }
  if (!same_block) {
    set.many_blocks = true;
  } else {
    if (same_warp)
      set.lanes |= event.lanes;
    else
      set.many_warps = true;
    set.time = event.time;
  }
  set.index = event.index;
}

}  // namespace vgpu::observe
