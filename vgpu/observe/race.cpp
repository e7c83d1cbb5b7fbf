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

std::optional<Conflict> RaceMap::note(std::uint64_t at, std::uint64_t bytes, std::uint32_t launch,
                                      const Event& event, const Order& order,
                                      const BlockOrder& blocks) {
  const int needed = std::min(2, std::countr_zero(at | bytes));
  if (!cells_ || needed < shift_) use_pieces_of(std::min(needed, shift_));
  const Look look{event, order, blocks, launch};
  std::optional<Conflict> found;
  for (std::uint64_t i = at >> shift_, end = (at + bytes) >> shift_; i < end; ++i)
    if (const auto conflict = note_cell(i, look); conflict && !found) found = conflict;
  return found;
}

std::optional<Conflict> RaceMap::note_cell(std::uint64_t number, const Look& look) {
  Cell& cell = cells_.get()[number];
  const Event& event = look.event;
  if (cell.launch != look.launch) {
    if (cell.has_strong) strong_.erase(number);
    cell = {};
    cell.launch = look.launch;
    cell.write.thread = -1;
  }
  std::optional<Conflict> found = conflict_with(cell.write, look);
  if (event.writes && !found) found = conflict_with(cell.reads, Hazard::write_after_read, look);
  if (cell.has_strong && !event.strong) {
    const Strong& strong = strong_.at(number);
    if (!found)
      found = conflict_with(
          strong.writes, event.writes ? Hazard::write_after_write : Hazard::read_after_write, look);
    if (event.writes && !found) found = conflict_with(strong.reads, Hazard::write_after_read, look);
  }
  if (event.strong) {
    cell.has_strong = true;
    Strong& strong = strong_[number];
    add(event.writes ? strong.writes : strong.reads, look);
  } else if (event.writes) {
    cell.write = {event.block, event.time, event.index, static_cast<std::int16_t>(event.thread)};
    cell.reads = {};
    if (cell.has_strong) strong_.erase(number);
    cell.has_strong = false;
  } else {
    add(cell.reads, look);
  }
  return found;
}

std::optional<Conflict> RaceMap::conflict_with(const Write& write, const Look& look) {
  const Event& event = look.event;
  if (write.thread < 0) return {};
  const bool ordered = write.block == event.block
                           ? look.order.before(write.time, write.thread, event.thread)
                           : look.blocks.before(write.block, write.time, write.thread, event);
  if (ordered) return {};
  return Conflict{event.writes ? Hazard::write_after_write : Hazard::read_after_write, write.block,
                  write.thread, write.index};
}

bool RaceMap::is_before(const Set& set, const Look& look) {
  const Event& event = look.event;
  if (set.many_blocks) return false;
  const int first = set.warp * kWarpSize;
  if (set.block != event.block) {
    if (set.many_warps) return look.blocks.before(set.block, set.time, -1, event);
    for (std::uint32_t rest = set.lanes; rest; rest &= rest - 1)
      if (!look.blocks.before(set.block, set.time, first + std::countr_zero(rest), event))
        return false;
    return true;
  }
  if (look.order.barrier() > set.time) return true;
  if (set.many_warps) return false;
  for (std::uint32_t rest = set.lanes; rest; rest &= rest - 1)
    if (!look.order.before(set.time, first + std::countr_zero(rest), event.thread)) return false;
  return true;
}

std::optional<Conflict> RaceMap::conflict_with(const Set& set, Hazard hazard, const Look& look) {
  if (!set.any || is_before(set, look)) return {};
  const bool one = !set.many_blocks && !set.many_warps && std::has_single_bit(set.lanes);
  return Conflict{hazard, set.block, one ? set.warp * kWarpSize + std::countr_zero(set.lanes) : -1,
                  set.index};
}

void RaceMap::add(Set& set, const Look& look) {
  const Event& event = look.event;
  const auto warp = static_cast<std::uint8_t>(event.thread / kWarpSize);
  const std::uint32_t lane = 1u << event.thread % kWarpSize;
  if (!set.any || is_before(set, look)) {
    set = {event.block, event.time, event.index, lane, warp, true, false, false};
    return;
  }
  if (set.block != event.block) {
    set.many_blocks = true;
  } else {
    if (set.warp == warp)
      set.lanes |= lane;
    else
      set.many_warps = true;
    set.time = event.time;
  }
  set.index = event.index;
}

}  // namespace vgpu::observe
