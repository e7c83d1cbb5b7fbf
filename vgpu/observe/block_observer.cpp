#include "vgpu/observe/block_observer.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "vgpu/observe/arena.h"

namespace vgpu::observe {
namespace {

std::string hexadecimal(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::uint64_t number_of(const std::uint8_t* p) { return reinterpret_cast<std::uint64_t>(p); }

const char* space_name(ptx::Space space) {
  switch (space) {
    case ptx::Space::shared:
      return "shared";
    case ptx::Space::local:
      return "local";
    case ptx::Space::constant:
      return "constant";
    default:
      return "global";
  }
}

const char* effect_name(const Access& access) {
  return access.effect == Effect::read    ? "read"
         : access.effect == Effect::write ? "write"
                                          : "atomic operation";
}

void mark(ByteSet& bytes, const std::vector<Extent>& extents) {
  for (const Extent& e : extents) bytes.add(e.offset, e.bytes);
}

/// "shared array tile (1024 bytes) + 1024", of the array that the offset is in or next behind.
std::string in_array(const char* space, const std::vector<Extent>& extents, std::uint64_t offset) {
  const Extent* best = nullptr;
  for (const Extent& e : extents)
    if (e.offset <= offset && (!best || e.offset > best->offset)) best = &e;
  if (!best) return std::string(space) + " memory + " + std::to_string(offset);
  return std::string(space) + " array " + best->name + " (" + std::to_string(best->bytes) +
         " bytes) + " + std::to_string(offset - best->offset);
}

}  // namespace

BlockObserver::BlockObserver(LaunchObserver& launch, const BlockMemoryMap& memory, int warps)
    : launch_(launch),
      subject_(launch.subject()),
      checks_(launch.checks()),
      keeps_touched_(checks_.stream || checks_.unused),
      keeps_written_(checks_.init || checks_.unused),
      memory_(memory),
      threads_(static_cast<std::uint64_t>(warps) * kWarpSize),
      block_threads_(std::uint64_t{subject_.block[0]} * subject_.block[1] * subject_.block[2]),
      order_(warps),
      shared_exists_(subject_.shared_bytes),
      local_exists_(subject_.local_bytes),
      unwritten_(static_cast<std::size_t>(warps) * subject_.unwritten->names.size()),
      shared_races_(subject_.shared_bytes),
      counters_(subject_.basic_blocks.size()) {
  mark(shared_exists_, subject_.shared);
  mark(local_exists_, subject_.local);
}

BlockObserver::~BlockObserver() {
  if (checks_.counters) launch_.add(counters_);
}

void BlockObserver::start(std::uint64_t block) {
  block_ = block;
  order_.restart();
  pending_.clear();
  std::ranges::fill(unwritten_, ~0u);
  counters_.started(block_threads_);
  if (!keeps_written_) return;
  shared_written_ = ByteSet(subject_.shared_bytes);
  local_written_ = ByteSet(subject_.local_bytes * threads_);
}

std::uint32_t BlockObserver::access(const WarpState& warp, int index, int which,
                                    std::uint32_t active, const std::uint64_t* addresses,
                                    const std::uint8_t* values) {
  const Access& access =
      launch_.accesses(static_cast<std::size_t>(index))[static_cast<std::size_t>(which)];
  const std::uint32_t lanes = active & access.lanes;
  if (lanes == 0) return active;
  if (checks_.counters) count(warp, access, lanes, addresses);
  if (!checks_.finds()) return active;
  const WarpAccess all{access, index, static_cast<int>(warp.warp_index), lanes, addresses, values};
  const Span span = span_of(all);
  if (const Target target = locate_span(all, span); target.written) {
    check_together(all, span, target);
    return active;
  }
  std::uint32_t allowed = active;
  for (std::uint32_t rest = lanes; rest; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    if (!check_alone(warp, all.of(lane))) allowed &= ~(1u << lane);
  }
  return allowed;
}

std::uint32_t BlockObserver::pieces(const WarpState& warp, int index, std::uint32_t lanes,
                                    const std::uint64_t* addresses, const std::uint32_t* bytes,
                                    ptx::Space space, bool writes) {
  std::uint32_t allowed = lanes;
  if (checks_.counters) count_pieces(warp, lanes, addresses, bytes, space, writes);
  for (std::uint32_t rest = checks_.finds() ? lanes : 0; rest; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const Access access{.effect = writes ? Effect::write : Effect::read,
                        .space = space,
                        .bytes = static_cast<int>(bytes[lane]),
                        .align = 1};  // looked at by the instruction
    if (access.bytes == 0) continue;
    const WarpAccess all{access, index,     static_cast<int>(warp.warp_index),
                         lanes,  addresses, nullptr};
    if (!check_alone(warp, all.of(lane))) allowed &= ~(1u << lane);
  }
  return allowed;
}

BlockObserver::Span BlockObserver::span_of(const WarpAccess& all) {
  const auto bytes = static_cast<std::uint64_t>(all.access.bytes);
  Span out;
  std::uint64_t next = all.addresses[std::countr_zero(all.lanes)];
  out.first = out.end = next;
  for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1) {
    const std::uint64_t at = all.addresses[std::countr_zero(rest)];
    out.consecutive &= at == next;
    next = at + bytes;
    out.first = std::min(out.first, at);
    out.end = std::max(out.end, next);
    out.bits |= at;
  }
  return out;
}

/// The memory that holds all of an access, where it is one and nothing is wrong with any lane.
BlockObserver::Target BlockObserver::locate_span(const WarpAccess& all, const Span& span) {
  const ptx::Space space = all.access.space;
  if (space == ptx::Space::local) return {};
  if (span.bits % all.access.alignment() != 0) return {};
  const std::uint64_t shared = span.first - number_of(memory_.shared),
                      bytes = span.end - span.first;
  if (space == ptx::Space::shared || shared < subject_.shared_bytes) {
    for (const Extent& e : subject_.shared)
      if (shared - e.offset < e.bytes && bytes <= e.bytes - (shared - e.offset))
        return in_shared(shared);
    return {};
  }
  // Addresses in the other spaces are no region's.
  if (!last_ || !last_->holds(span.first)) last_ = MemoryMap::get().find(span.first);
  if (!last_ || last_->freed || bytes > last_->bytes - (span.first - last_->begin)) return {};
  const std::uint64_t offset = span.first - last_->begin;
  return {Target::Kind::region, offset, last_, &last_->written, offset};
}

BlockObserver::Target BlockObserver::part_of(const Target& whole, const Span& span,
                                             std::uint64_t address) {
  Target out = whole;
  out.offset += address - span.first;
  out.written_at = out.offset;
  return out;
}

/// All lanes of an access that is right as such.
void BlockObserver::check_together(const WarpAccess& all, const Span& span, const Target& target) {
  const Access& access = all.access;
  const auto bytes = static_cast<std::uint64_t>(access.bytes);
  const bool dense = span.consecutive && span.end - span.first <= kWarpSize * 16;
  if (checks_.race) check_races(all, span, target);
  if (keeps_touched_) {
    if (dense)
      note_touched(access, target, span.end - span.first);
    else
      for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1)
        note_touched(access, part_of(target, span, all.addresses[std::countr_zero(rest)]), bytes);
  }
  if (!keeps_written_) return;
  if (checks_.init && access.reads() &&
      !(dense && target.written->has_range(target.offset, span.end - span.first)))
    for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      const std::uint64_t address = all.addresses[lane];
      if (!target.written->has_all(target.offset + (address - span.first), bytes))
        report(Kind::uninitialised, all.of(lane), part_of(target, span, address));
    }
  if (!access.writes()) return;
  if (dense) return target.written->add(target.offset, span.end - span.first);
  for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1)
    target.written->add(target.offset + (all.addresses[std::countr_zero(rest)] - span.first),
                        static_cast<std::uint64_t>(access.bytes));
}

void BlockObserver::check_written(const LaneAccess& a, const Target& target) {
  if (!target.written->has_range(target.written_at, static_cast<std::uint64_t>(a.access.bytes)))
    report(Kind::uninitialised, a, target);
}

/// For what is looked at once the launch is over.
void BlockObserver::note_touched(const Access& access, const Target& target, std::uint64_t bytes) {
  if (target.kind != Target::Kind::region) return;
  if (target.region != touched_) launch_.touch(*(touched_ = target.region));
  if (access.reads()) target.region->launch_reads.add(target.offset, bytes);
  if (access.writes()) target.region->launch_writes.add(target.offset, bytes);
}

/// False: something is wrong with the access itself, and the lane may not make it.
bool BlockObserver::check_alone(const WarpState& warp, const LaneAccess& a) {
  const Target target = locate(warp, a);
  if (const auto kind = wrong(a, target)) {
    if (checks_.memory) report(*kind, a, target);
    return false;
  }
  if (!target.written) return true;
  if (checks_.race) check_race(a, target);
  if (keeps_touched_) note_touched(a.access, target, static_cast<std::uint64_t>(a.access.bytes));
  if (checks_.init && a.access.reads()) check_written(a, target);
  if (keeps_written_ && a.access.writes())
    target.written->add(target.written_at, static_cast<std::uint64_t>(a.access.bytes));
  return true;
}

/// The first active lane tells the space of a generic access.
void BlockObserver::count(const WarpState& warp, const Access& access, std::uint32_t active,
                          const std::uint64_t* addresses) {
  if (active == 0) return;
  const int lane = std::countr_zero(active);
  switch (locate(warp, {access, 0, 0, lane, addresses, addresses[lane], nullptr}).kind) {
    case Target::Kind::shared:
      return counters_.accessed(access, CountedSpace::shared, active, addresses,
                                number_of(memory_.shared));
    case Target::Kind::local:
      return count_local(warp, access, active, addresses);
    case Target::Kind::own:
      return;
    default:
      return counters_.accessed(access, CountedSpace::global, active, addresses, 0);
  }
}

/// A matrix's rows are one request; of a longer piece each 512 bytes are.
void BlockObserver::count_pieces(const WarpState& warp, std::uint32_t lanes,
                                 const std::uint64_t* addresses, const std::uint32_t* bytes,
                                 ptx::Space space, bool writes) {
  Access access{.effect = writes ? Effect::write : Effect::read, .space = space};
  access.bytes = static_cast<int>(bytes[std::countr_zero(lanes | 1u << 31)]);
  if (access.bytes <= kMostBytes) return count(warp, access, lanes, addresses);
  constexpr std::uint32_t kStep = 16;
  access.bytes = kStep;
  for (std::uint32_t rest = lanes; rest; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    for (std::uint32_t done = 0; done < bytes[lane]; done += kStep * kWarpSize) {
      std::uint64_t steps[kWarpSize];
      std::uint32_t some = 0;
      for (std::uint32_t i = 0; i < kWarpSize && done + i * kStep < bytes[lane]; ++i) {
        steps[i] = addresses[lane] + done + i * kStep;
        some |= 1u << i;
      }
      count(warp, access, some, steps);
    }
  }
}

/// On a GPU the same word of all lanes lies together.
void BlockObserver::count_local(const WarpState& warp, const Access& access, std::uint32_t active,
                                const std::uint64_t* addresses) {
  std::uint64_t places[kWarpSize] = {};
  for (std::uint32_t rest = active; rest; rest &= rest - 1) {
    const auto lane = static_cast<std::uint64_t>(std::countr_zero(rest));
    const std::uint64_t offset =
        addresses[lane] - number_of(warp.local) - lane * subject_.local_bytes;
    places[lane] = offset / 4 * 4 * kWarpSize + lane * 4 + offset % 4;
  }
  counters_.accessed(access, CountedSpace::local, active, places, 0);
}

BlockObserver::Target BlockObserver::in_shared(std::uint64_t offset) {
  return {Target::Kind::shared, offset, nullptr, &shared_written_, offset};
}

BlockObserver::Target BlockObserver::in_local(std::uint64_t offset, int thread) {
  return {Target::Kind::local, offset, nullptr, &local_written_,
          offset + static_cast<std::uint64_t>(thread) * subject_.local_bytes};
}

/// By the address for generic and global accesses: a kernel may have made either of any space.
BlockObserver::Target BlockObserver::locate(const WarpState& warp, const LaneAccess& a) {
  const std::uint64_t shared = a.address - number_of(memory_.shared);
  const std::uint64_t local =
      a.address - number_of(warp.local) - static_cast<std::uint64_t>(a.lane) * subject_.local_bytes;
  if (a.access.space == ptx::Space::shared) return in_shared(shared);
  if (a.access.space == ptx::Space::local) return in_local(local, a.thread);
  if (shared < subject_.shared_bytes) return in_shared(shared);
  if (local < subject_.local_bytes) return in_local(local, a.thread);
  if (a.address - number_of(subject_.parameters) < subject_.parameter_bytes)
    return {Target::Kind::own};
  if (!last_ || !last_->holds(a.address)) last_ = MemoryMap::get().find(a.address);
  if (!last_) return {};
  const std::uint64_t offset = a.address - last_->begin;
  return {Target::Kind::region, offset, last_, &last_->written, offset};
}

bool BlockObserver::is_inside(const LaneAccess& a, const Target& target) const {
  const auto bytes = static_cast<std::uint64_t>(a.access.bytes);
  switch (target.kind) {
    case Target::Kind::shared:
      return target.offset < subject_.shared_bytes &&
             target.offset + bytes <= subject_.shared_bytes &&
             shared_exists_.has_range(target.offset, bytes);
    case Target::Kind::local:
      return target.offset < subject_.local_bytes &&
             target.offset + bytes <= subject_.local_bytes &&
             local_exists_.has_range(target.offset, bytes);
    case Target::Kind::region:
      return target.offset + bytes <= target.region->bytes;
    default:
      return true;
  }
}

std::optional<Kind> BlockObserver::wrong(const LaneAccess& a, const Target& target) const {
  if (target.kind == Target::Kind::none) return wrong_address(a);
  if (!is_inside(a, target)) return Kind::out_of_bounds;
  if (target.region && target.region->freed) return Kind::use_after_free;
  if (a.address % a.access.alignment() != 0) return Kind::misaligned;
  return {};
}

/// An address in no memory: beside one, or of something else altogether.
std::optional<Kind> BlockObserver::wrong_address(const LaneAccess& a) const {
  if (a.address - number_of(memory_.local) < subject_.local_bytes * threads_)
    return Kind::foreign_memory;
  const Region* near = MemoryMap::get().nearest(a.address);
  const bool beside = near && (a.address - (near->begin + near->bytes) < near->room ||
                               near->begin - a.address <= near->room);
  return beside || Arena::holds(reinterpret_cast<const void*>(a.address)) ? Kind::out_of_bounds
                                                                          : Kind::foreign_memory;
}

void BlockObserver::report(Kind kind, const LaneAccess& a, const Target& target) const {
  launch_.report(kind, a.index, -1, [&](Report& r) {
    const ptx::Space space = target.kind == Target::Kind::shared  ? ptx::Space::shared
                             : target.kind == Target::Kind::local ? ptx::Space::local
                                                                  : a.access.space;
    r.what = std::string(effect_name(a.access)) + " of " + std::to_string(a.access.bytes) +
             " bytes in " + space_name(space) + " memory";
    r.thread = launch_.thread(block_, a.thread);
    r.address = describe(a, target);
  });
}

std::string BlockObserver::describe(const LaneAccess& a, const Target& target) const {
  if (target.kind == Target::Kind::shared)
    return in_array("shared", subject_.shared, target.offset);
  if (target.kind == Target::Kind::local) return in_array("local", subject_.local, target.offset);
  if (a.address - number_of(memory_.local) < subject_.local_bytes * threads_)
    return "local memory of another thread";
  const std::string address = "address " + hexadecimal(a.address);
  const Region* region = target.region ? target.region : MemoryMap::get().nearest(a.address);
  if (!region || (!target.region && wrong_address(a) == Kind::foreign_memory)) return address;
  if (region->holds(a.address))
    return region->label + " + " + std::to_string(a.address - region->begin);
  return a.address < region->begin
             ? std::to_string(region->begin - a.address) + " bytes before " + region->label
             : std::to_string(a.address - region->begin - region->bytes) +
                   " bytes past the end of " + region->label;
}

}  // namespace vgpu::observe
