// sync_checks.cpp - barriers that threads miss, and lanes that exchange with lanes that are not
// there.
#include <array>
#include <bit>

#include "vgpu/observe/block_observer.h"

namespace vgpu::observe {
namespace {

std::uint32_t warps_of(const Barrier& barrier) {
  std::uint32_t out = 0;
  for (const Barrier::Wait& wait : barrier.waits) out |= 1u << wait.warp;
  return out;
}

int first_thread(const Barrier::Wait& wait) {
  return wait.warp * kWarpSize + std::countr_zero(wait.lanes);
}

/// The lane that shfl.sync reads from; the lane itself where that is outside the segment.
int source_lane(const ptx::Instruction& ins, int lane, std::uint32_t b, std::uint32_t c) {
  const int segment = static_cast<int>(c >> 8 & 31), clamp = static_cast<int>(c & 31);
  const int low = lane & segment, high = low | (clamp & ~segment);
  const int distance = static_cast<int>(b & 31);
  if (ins.has("up")) return lane - distance >= high ? lane - distance : lane;
  const int from = ins.has("down")   ? lane + distance
                   : ins.has("bfly") ? lane ^ distance
                                     : low | (distance & ~segment);
  return from <= high ? from : lane;
}

}  // namespace

void BlockObserver::barrier(const Barrier& barrier) {
  const std::uint32_t waited = warps_of(barrier);
  for (std::uint32_t rest = waited; rest; rest &= rest - 1) counters_.waited();
  if (barrier.of_all) {
    order_.block_barrier();
    pending_.clear();  // before whatever comes
  } else {
    note_pending();
    order_.warps_barrier(waited | barrier.arrived_warps, waited);
  }
  if (checks_.sync) check_barrier(barrier);
}

void BlockObserver::check_barrier(const Barrier& barrier) {
  const Barrier::Wait& first = barrier.waits.front();
  for (const Barrier::Wait& wait : barrier.waits)
    if (wait.index != first.index)
      launch_.report(Kind::barrier_divergence, first.index, wait.index, [&](Report& r) {
        r.what = "threads of one block wait at different barriers";
        r.thread = launch_.thread(block_, first_thread(first));
        r.other_thread = launch_.thread(block_, first_thread(wait));
      });
  if (barrier.counted || !barrier.of_all) return;
  std::vector<std::uint32_t> lanes(static_cast<std::size_t>(threads_ / kWarpSize));
  for (const Barrier::Wait& wait : barrier.waits)
    lanes[static_cast<std::size_t>(wait.warp)] |= wait.lanes;
  for (std::uint64_t t = 0; t < block_threads_; ++t) {
    if (lanes[t / kWarpSize] >> t % kWarpSize & 1) continue;
    launch_.report(
        Kind::barrier_exited, first.index, -1,
        [&](Report& r) {
          r.what = "a thread has exited before a barrier of its block";
          r.thread = launch_.thread(block_, static_cast<int>(t));
        },
        Severity::warning);
  }
}

void BlockObserver::deadlock(const Barrier& barrier) {
  if (!checks_.sync) return;
  for (const Barrier::Wait& wait : barrier.waits)
    launch_.report(Kind::barrier_divergence, wait.index, -1, [&](Report& r) {
      r.what = "threads wait for others that never come";
      r.thread = launch_.thread(block_, first_thread(wait));
    });
}

void BlockObserver::lanes_wait(const WarpState& warp, int index, std::uint32_t lanes,
                               std::uint32_t mask) {
  waits_at_.resize(threads_);
  for (std::uint32_t rest = lanes; rest; rest &= rest - 1)
    waits_at_[warp.warp_index * std::uint64_t{kWarpSize} +
              static_cast<std::uint64_t>(std::countr_zero(rest))] = index;
  std::array<std::uint32_t, kWarpSize> masks;
  masks.fill(mask);
  check_masks(warp, index, lanes, masks.data());
}

void BlockObserver::lanes_released(const WarpState& warp, std::uint32_t lane,
                                   std::uint32_t needed) {
  // Lanes that exchange do so together next, and are seen then.
  if (!(warp.warp_barrier >> lane & 1)) return;
  lanes_sync(warp, needed);
  if (checks_.sync && !waits_at_.empty())
    check_masks(warp, waits_at_[warp.warp_index * std::uint64_t{kWarpSize} + lane], 1u << lane,
                warp.sync_mask);
}

void BlockObserver::check_masks(const WarpState& warp, int index, std::uint32_t active,
                                const std::uint32_t* masks) {
  const auto first = warp.warp_index * std::uint64_t{kWarpSize};
  for (std::uint32_t rest = active; rest; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const auto complain = [&](const std::string& what) {
      launch_.report(Kind::warp_mask, index, -1, [&](Report& r) {
        r.what = what;
        r.thread = launch_.thread(block_, static_cast<int>(first) + lane);
      });
    };
    const std::uint32_t mask = masks[lane];
    if (!(mask >> lane & 1)) {
      complain("the member mask lacks the lane that names it");
      continue;
    }
    // Lanes beyond the block's last thread never were: naming them is usual, and does nothing.
    const std::uint64_t there = block_threads_ - first;
    const std::uint32_t existed = there >= kWarpSize ? kAllLanes : (1u << there) - 1;
    if (mask & existed & ~warp.live) complain("the member mask names a lane that has exited");
  }
}

void BlockObserver::check_shuffle(const WarpState& warp, int index, std::uint32_t active,
                                  const std::uint32_t* lanes, const std::uint32_t* bounds) {
  for (std::uint32_t rest = active; rest; rest &= rest - 1) {
    const int lane = std::countr_zero(rest);
    const int from = source_lane(launch_.instruction(index), lane, lanes[lane], bounds[lane]);
    if (active >> from & 1) continue;
    launch_.report(
        Kind::inactive_lane, index, -1,
        [&](Report& r) {
          r.what = "a shuffle reads from lane " + std::to_string(from) + ", which takes no part";
          r.thread = launch_.thread(block_, static_cast<int>(warp.warp_index) * kWarpSize + lane);
        },
        Severity::warning);
  }
}

}  // namespace vgpu::observe
