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

/// Lanes that read one address do so as one.
void BlockObserver::check_races(const WarpAccess& all, const Span& span, const Target& whole) {
  Look look = look_of(all.of(std::countr_zero(all.lanes)), whole);
  RaceMap& races = races_of(whole);
  const auto bytes = static_cast<std::uint64_t>(all.access.bytes);
  const auto check = [&](std::uint32_t lanes) {
    const int lane = std::countr_zero(lanes);
    look.event.lanes = lanes;
    const std::uint64_t address = all.addresses[lane];
    if (all.access.strong) return check_race(all.of(lane), part_of(whole, span, address));
    if (const auto conflict = races.note(whole.offset + (address - span.first), bytes, look))
      report_race(all.of(lane), part_of(whole, span, address), *conflict);
  };
  if (all.access.strong || all.access.writes()) {
    for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1) check(rest & (~rest + 1));
    return;
  }
  // Addresses that share a slot of the table are told apart, and only checked more than once.
  constexpr std::size_t kSlots = 64;
  std::uint8_t slot_of[kSlots];
  std::uint64_t addresses[kWarpSize];
  std::uint32_t lanes[kWarpSize];
  std::size_t count = 0;
  std::memset(slot_of, 0xff, sizeof slot_of);
  const int shift = std::countr_zero(static_cast<unsigned>(all.access.bytes));
  for (std::uint32_t rest = all.lanes; rest; rest &= rest - 1) {
    const std::uint64_t address = all.addresses[std::countr_zero(rest)];
    std::uint8_t& slot = slot_of[(address >> shift) % kSlots];
    if (slot == 0xff || addresses[slot] != address) {
      slot = static_cast<std::uint8_t>(count++);
      addresses[slot] = address;
      lanes[slot] = 0;
    }
    lanes[slot] |= rest & (~rest + 1);
  }
  for (std::size_t i = 0; i < count; ++i) check(lanes[i]);
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
  const ptx::Instruction& ins = launch_.instruction(a.index);
  const std::size_t count = ins.has("v8") ? 8 : ins.has("v4") ? 4 : ins.has("v2") ? 2 : 1;
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
