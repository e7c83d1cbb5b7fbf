// access_races.cpp - a warp's access held to those before it.
#include <bit>
#include <cstring>

#include "vgpu/observe/block_observer.h"

namespace vgpu::observe {
namespace {

/// In records of shared memory, which is a block's own: those that had it before are no part of it.
constexpr std::uint64_t kOwnShared = ~std::uint64_t{0};

const char* hazard_name(Hazard hazard) {
  return hazard == Hazard::read_after_write   ? "read after write"
         : hazard == Hazard::write_after_read ? "write after read"
                                              : "write after write";
}

}  // namespace

/// Nobody wrote to shared memory since the last barrier: a plain read meets nothing now.
bool BlockObserver::may_wait(const WarpAccess& all, const Target& whole) const {
  constexpr std::size_t kMostPending = 4096;
  return whole.kind == Target::Kind::shared && !all.access.strong && !all.access.writes() &&
         last_shared_write_ < order_.barrier() && pending_.size() < kMostPending;
}

void BlockObserver::note_pending() {
  for (const PendingRead& read : pending_) {
    Look look(read.event, launch_.number(), order_, launch_);
    note_reads(read.event.lanes, read.offsets.data(), read.bytes, look, shared_races_,
               [](int, const Conflict&) {});
  }
  pending_.clear();
}

void BlockObserver::check_races(const WarpAccess& all, const Span& span, const Target& whole) {
  Look look = look_of(all.of(std::countr_zero(all.lanes)), whole);
  const auto tell = [&](int lane, const Conflict& conflict) {
    report_race(all.of(lane), part_of(whole, span, all.addresses[lane]), conflict);
  };
  if (all.access.strong) {
    for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      check_race(all.of(lane), part_of(whole, span, all.addresses[lane]));
    }
    return;
  }
  std::array<std::uint64_t, kWarpSize> offsets{};
  for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(rest));
    offsets[lane] = whole.offset + (all.addresses[lane] - span.first);
  }
  if (may_wait(all, whole)) {
    look.event.lanes = all.lanes;
    pending_.push_back({look.event, all.access.bytes, offsets});
    return;
  }
  if (whole.kind == Target::Kind::shared) note_pending();
  RaceMap& races = races_of(whole);
  if (!all.access.writes())
    return note_reads(all.lanes, offsets.data(), all.access.bytes, look, races, tell);
  if (whole.kind == Target::Kind::shared) last_shared_write_ = order_.now();
  for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    look.event.lanes = 1u << lane;
    if (const auto conflict = races.note(offsets[static_cast<std::size_t>(lane)],
                                         static_cast<std::uint64_t>(all.access.bytes), look))
      tell(lane, *conflict);
  }
}

/// Lanes that read one place do so as one.
void BlockObserver::note_reads(std::uint32_t lanes, const std::uint64_t* offsets, int bytes,
                               Look& look, RaceMap& races,
                               const std::function<void(int lane, const Conflict&)>& tell) {
  // Places that share a slot of the table are told apart, and only noted more than once.
  constexpr std::size_t kSlots = 64;
  std::uint8_t slot_of[kSlots];
  std::uint64_t places[kWarpSize];
  std::uint32_t readers[kWarpSize];
  std::size_t count = 0;
  std::memset(slot_of, 0xff, sizeof slot_of);
  const int shift = std::countr_zero(static_cast<unsigned>(bytes));
  for (std::uint32_t rest = lanes; rest; rest &= rest - 1) {
    const std::uint64_t place = offsets[std::countr_zero(rest)];
    std::uint8_t& slot = slot_of[(place >> shift) % kSlots];
    if (slot == 0xff || places[slot] != place) {
      slot = static_cast<std::uint8_t>(count++);
      places[slot] = place;
      readers[slot] = 0;
    }
    readers[slot] |= rest & (~rest + 1);
  }
  for (std::size_t i = 0; i < count; ++i) {
    look.event.lanes = readers[i];
    if (const auto conflict = races.note(places[i], static_cast<std::uint64_t>(bytes), look))
      tell(std::countr_zero(readers[i]), *conflict);
  }
}

RaceMap& BlockObserver::races_of(const Target& target) {
  return target.kind == Target::Kind::shared ? shared_races_ : target.region->races;
}

Look BlockObserver::look_of(const LaneAccess& a, const Target& target) const {
  const Event event{target.kind == Target::Kind::shared ? kOwnShared : block_,
                    order_.now(),
                    a.thread / kWarpSize,
                    1u << a.lane,
                    a.index,
                    a.access.writes(),
                    a.access.reads(),
                    a.access.strong};
  return {event, launch_.number(), order_, launch_};
}

void BlockObserver::check_race(const LaneAccess& a, const Target& target) {
  if (target.kind == Target::Kind::local) return;
  if (target.kind == Target::Kind::shared) {
    note_pending();
    if (a.access.writes()) last_shared_write_ = order_.now();
  }
  if (a.access.releases) fence();
  const Look look = look_of(a, target);
  const auto conflict =
      races_of(target).note(target.offset, static_cast<std::uint64_t>(a.access.bytes), look);
  // What is passed on by a flag holds from the next access on.
  if (a.access.strong && target.kind == Target::Kind::region)
    launch_.meet(a.address, look.event, order_);
  if (conflict) report_race(a, target, *conflict);
}

void BlockObserver::report_race(const LaneAccess& a, const Target& target,
                                const Conflict& conflict) const {
  const bool shared = target.kind == Target::Kind::shared;
  const bool same = conflict.hazard == Hazard::write_after_write && stores_same_value(a, conflict);
  const auto fill = [&](Report& r) {
    r.what = std::string(hazard_name(conflict.hazard)) + " of " + std::to_string(a.access.bytes) +
             " bytes in " + (shared ? "shared" : "global") + " memory" +
             (same ? ", the same value" : "");
    r.thread = launch_.thread(block_, conflict.own_thread);
    r.address = describe(a, target);
    r.other_thread = launch_.thread(shared ? block_ : conflict.block, conflict.thread);
  };
  launch_.report(shared ? Kind::race_shared : Kind::race_global, a.index, conflict.index, fill,
                 same ? Severity::info : Severity::error);
}

/// The last writer's value lies in memory, or is about to: lanes of one store write together.
bool BlockObserver::stores_same_value(const LaneAccess& a, const Conflict& conflict) const {
  if (!a.values) return false;
  const auto count = static_cast<std::size_t>(launch_.instruction(a.index).vector_length());
  const std::size_t bytes = static_cast<std::size_t>(a.access.bytes) / count;
  const auto value = [&](int lane, std::size_t w) {
    return a.values + (w * kWarpSize + static_cast<std::size_t>(lane)) * bytes;
  };
  const int other = conflict.thread % kWarpSize;
  const bool together = conflict.index == a.index && conflict.thread != a.thread &&
                        conflict.thread / kWarpSize == a.thread / kWarpSize &&
                        (conflict.block == block_ || conflict.block == kOwnShared) &&
                        a.addresses[other] == a.address;
  const auto* memory = reinterpret_cast<const std::uint8_t*>(a.address);
  for (std::size_t w = 0; w < count; ++w) {
    const std::uint8_t* before = together ? value(other, w) : memory + w * bytes;
    if (std::memcmp(before, value(a.lane, w), bytes) != 0) return false;
  }
  return true;
}

}  // namespace vgpu::observe
