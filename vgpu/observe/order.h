// order.h - what happens before what among a block's threads: barriers, barrier objects and syncs
// of lanes.
//
// A block's clock moves on at each of them, and at fences. An access keeps the time at which it was
// made; it is before what another thread does now when a barrier of both, or a sync of lanes that
// names both, came later, or a chain of such.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "vgpu/machine/state.h"

namespace vgpu::observe {

using Time = std::uint32_t;

class Order {
 public:
  explicit Order(int warps) : warps_(static_cast<std::size_t>(warps)), lanes_(warps_) {}

  Time now() const { return now_; }
  /// The last barrier of all threads.
  Time barrier() const { return barrier_; }
  /// The last sync of all of a warp's lanes.
  Time full_sync(int warp) const { return lanes_[static_cast<std::size_t>(warp)].all; }

  /// Whether syncs of some of a warp's lanes were made; a barrier of some warps counts too.
  bool has_partial_syncs(int warp) const {
    return lanes_[static_cast<std::size_t>(warp)].rows || !pairs_.empty();
  }

  /// A fence: what was done up to its time, which is over then, is before it.
  Time fence() { return now_++; }

  /// A new block: everything before is over.
  void restart() {
    block_barrier();
    objects_.clear();
  }

  void block_barrier() { barrier_ = ++now_; }

  /// A barrier of some warps: what `arrived` did is before what `waited` (some of them) do next.
  void warps_barrier(std::uint32_t arrived, std::uint32_t waited) {
    const Time at = ++now_;
    if (pairs_.empty()) pairs_.resize(warps_ * warps_);
    std::vector<Time> known(warps_);
    for_bits(arrived, [&](std::size_t w) {
      for (std::size_t v = 0; v < warps_; ++v)
        known[v] = std::max(known[v], pairs_[w * warps_ + v]);
      known[w] = at;
    });
    for_bits(waited, [&](std::size_t w) {
      for (std::size_t v = 0; v < warps_; ++v)
        pairs_[w * warps_ + v] = std::max(pairs_[w * warps_ + v], known[v]);
    });
  }

  /// mbarrier: what a warp did before it arrived at the object is before what others do once they
  /// saw the phase over. Of whole warps and of all phases: an arrival too early or by another lane
  /// hides a race.
  void arrive(std::uint64_t object, int warp) {
    const auto w = static_cast<std::size_t>(warp);
    std::vector<Time>& known = objects_[object];
    known.resize(warps_);
    for (std::size_t v = 0; v < warps_ && !pairs_.empty(); ++v)
      known[v] = std::max(known[v], pairs_[w * warps_ + v]);
    known[w] = ++now_;
  }
  void wait(std::uint64_t object, int warp) {
    const auto known = objects_.find(object);
    if (known == objects_.end()) return;
    if (pairs_.empty()) pairs_.resize(warps_ * warps_);
    for (std::size_t v = 0; v < warps_; ++v) {
      Time& of = pairs_[static_cast<std::size_t>(warp) * warps_ + v];
      of = std::max(of, known->second[v]);
    }
  }

  /// __syncwarp and its kin among some lanes of a warp.
  void lanes_sync(int warp, std::uint32_t lanes) {
    const Time at = ++now_;
    Lanes& of = lanes_[static_cast<std::size_t>(warp)];
    if (lanes == kAllLanes) {
      of.all = at;
      return;
    }
    if (!of.rows) of.rows = std::make_unique<Rows>();
    std::array<Time, kWarpSize> known{};
    for_bits(lanes, [&](std::size_t lane) {
      for (std::size_t k = 0; k < kWarpSize; ++k)
        known[k] = std::max(known[k], (*of.rows)[lane][k]);
    });
    for_bits(lanes, [&](std::size_t lane) { known[lane] = at; });
    for_bits(lanes, [&](std::size_t lane) { (*of.rows)[lane] = known; });
  }

  /// Whether what thread `then` did at `when` is before what thread `now` does now.
  bool before(Time when, int then, int now) const {
    if (then == now || barrier_ > when) return true;
    const auto from = static_cast<std::size_t>(then / kWarpSize),
               to = static_cast<std::size_t>(now / kWarpSize);
    if (!pairs_.empty() && pairs_[to * warps_ + from] > when) return true;
    if (from != to) return false;
    const Lanes& of = lanes_[from];
    return of.all > when ||
           (of.rows && (*of.rows)[static_cast<std::size_t>(now % kWarpSize)]
                                 [static_cast<std::size_t>(then % kWarpSize)] > when);
  }

 private:
  using Rows = std::array<std::array<Time, kWarpSize>, kWarpSize>;
  struct Lanes {
    Time all = 0;                // the last sync of all lanes
    std::unique_ptr<Rows> rows;  // [lane][other]: the last sync of other's that lane knows of
  };

  template <class Body>
  static void for_bits(std::uint32_t bits, Body body) {
    for (; bits; bits &= bits - 1) body(static_cast<std::size_t>(std::countr_zero(bits)));
  }

  std::size_t warps_;
  Time now_ = 1, barrier_ = 1;
  std::vector<Time> pairs_;  // [warp][other], as Lanes::rows; empty until needed
  std::vector<Lanes> lanes_;
  std::unordered_map<std::uint64_t, std::vector<Time>> objects_;  // [object][warp]: last arrival
};

}  // namespace vgpu::observe
