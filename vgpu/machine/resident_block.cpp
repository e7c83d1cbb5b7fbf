#include "vgpu/machine/resident_block.h"

#include <bit>
#include <new>

namespace vgpu {
namespace {

constexpr std::size_t kPage = 4096;

std::size_t align_up(std::size_t value, std::size_t align) {
  return (value + align - 1) / align * align;
}

/// Lanes that stand at a barrier, given the warp's state.
std::uint32_t lanes_at_barrier(const WarpState& warp) {
  return warp.masked ? warp.at_barrier : warp.live;
}

}  // namespace

ResidentBlock::ResidentBlock(Work& work) : work_(work) {
  const translate::Program& program = work.form->program();
  const Launch& launch = *work.launch;
  const std::uint64_t threads = launch.block.count();
  warp_count_ = (threads + kWarpSize - 1) / kWarpSize;
  warp_bytes_ = align_up(sizeof(WarpState) + program.layout.frame_bytes, 64);
  // Frames of a power-of-two distance would share the cache's sets.
  if (warp_bytes_ % 1024 == 0) warp_bytes_ += 64;
  local_bytes_ = program.layout.local_bytes;
  state_.shared_bytes = program.layout.shared_bytes + launch.dynamic_shared_bytes;
  const std::size_t warps = align_up(warp_bytes_ * warp_count_, kPage);
  const std::size_t shared = align_up(state_.shared_bytes + 64, kPage);
  const std::size_t local = align_up(local_bytes_ * kWarpSize * warp_count_ + 64, kPage);
  memory_.emplace(warps + shared + local);
  std::uint8_t* memory = memory_->data();
  warps_ = memory;
  state_.shared = memory + warps;
  progress_.resize(warp_count_);
  first_live_.resize(warp_count_);
  for (int axis = 0; axis < 3; ++axis) {
    state_.ntid[axis] = axis == 0 ? launch.block.x : axis == 1 ? launch.block.y : launch.block.z;
    state_.nctaid[axis] = axis == 0 ? launch.grid.x : axis == 1 ? launch.grid.y : launch.grid.z;
  }
  state_.resident = this;
  if (work.observer)
    state_.observer = &observer_.emplace(
        *work.observer, observe::BlockMemoryMap{state_.shared, memory + warps + shared},
        static_cast<int>(warp_count_));
  state_.params = static_cast<const std::uint8_t*>(launch.parameters);
  state_.symbols = launch.kernel->symbols;
  state_.grid_id = work.grid_id;
  state_.grid_workspace = reinterpret_cast<std::uint64_t>(work.grid_workspace);
  state_.dynamic_shared_bytes = static_cast<std::uint32_t>(launch.dynamic_shared_bytes);
  for (std::size_t w = 0; w < warp_count_; ++w) {
    WarpState& warp_state = *new (&warp(w)) WarpState{};
    warp_state.warp_index = static_cast<std::uint32_t>(w);
    warp_state.local = memory + warps + shared + w * local_bytes_ * kWarpSize;
    for (std::uint32_t lane = 0; lane < kWarpSize; ++lane) {
      const std::uint64_t thread = w * kWarpSize + lane;
      if (thread < threads) first_live_[w] |= 1u << lane;
      warp_state.tid[0][lane] = static_cast<std::uint32_t>(thread % launch.block.x);
      warp_state.tid[1][lane] =
          static_cast<std::uint32_t>(thread / launch.block.x % launch.block.y);
      warp_state.tid[2][lane] =
          static_cast<std::uint32_t>(thread / launch.block.x / launch.block.y);
    }
  }
}

ResidentBlock& ResidentBlock::of(BlockState* state) {
  return *static_cast<ResidentBlock*>(state->resident);
}

void ResidentBlock::start(std::uint64_t block_number, BlockRunner* runner) {
  const Dim3& grid = work_.launch->grid;
  if (block_number < grid.x) {
    state_.ctaid[0] = static_cast<std::uint32_t>(block_number);
    state_.ctaid[1] = state_.ctaid[2] = 0;
  } else {
    const std::uint64_t row = block_number / grid.x;
    state_.ctaid[0] = static_cast<std::uint32_t>(block_number % grid.x);
    state_.ctaid[1] = static_cast<std::uint32_t>(row % grid.y);
    state_.ctaid[2] = static_cast<std::uint32_t>(row / grid.y);
  }
  state_.smid = static_cast<std::uint32_t>(block_number %
                                           static_cast<std::uint64_t>(work_.profile->sm_count));
  state_.fault_pc = -1;
  state_.fault_bytes = 0;
  state_.fault_text = nullptr;
  state_.machine = runner;
  ended_ = waiting_ = 0;
  stalls_ = 0;
  plain_ = true;
  for (std::uint32_t b = 0; any_arrived_ && b < kBarriers; ++b) arrived_[b] = arrived_warps_[b] = 0;
  any_arrived_ = false;
  if (observer_) observer_->start(block_number);
  start_warps();
}

void ResidentBlock::start_warps() {
  for (std::size_t w = 0; w < warp_count_; ++w) {
    WarpState& state = warp(w);
    const std::uint32_t live = first_live_[w], partial = live != kAllLanes;
    state.live = live;
    state.waiting = 0;
    state.at_barrier = 0;
    state.warp_barrier = 0;
    state.pc = 0;
    state.passed = -1;
    state.retries = 0;
    state.masked = partial;
    state.turns = kTurns;
    if (partial)
      for (std::int32_t& pc : state.lane_pc) pc = 0;
    progress_[w] = Warp::runnable;
  }
}

ResidentBlock::Outcome ResidentBlock::run(BlockRunner& runner) {
  return work_.backwards ? run_warps<true>(runner) : run_warps<false>(runner);
}

template <bool kBackwards>
ResidentBlock::Outcome ResidentBlock::run_warps(BlockRunner& runner) {
  state_.machine = &runner;
  KernelForm& form = *work_.form;
  Warp* const progress = progress_.data();
  const std::size_t warps = warp_count_;
  const auto run_warp = [&](WarpState& state) {
    RunResult result = form.run(state.masked == 0, state, state_);
    while (result == RunResult::diverged || result == RunResult::reconverged)
      result = form.run(result == RunResult::reconverged, state, state_);
    return result;
  };
  for (;;) {
    bool moved = false;
    const std::uint64_t arrivals = state_.arrivals;
    std::uint8_t* next = kBackwards ? warps_ + (warps - 1) * warp_bytes_ : warps_;
    for (std::size_t i = 0; i < warps; ++i) {
      const std::size_t w = kBackwards ? warps - 1 - i : i;
      WarpState& state = *reinterpret_cast<WarpState*>(next);
      next = kBackwards ? next - warp_bytes_ : next + warp_bytes_;
      if (progress[w] != Warp::runnable) continue;
      runner.warp_ = &state;
      const RunResult result = run_warp(state);
      if (result == RunResult::yielded) {
        state.turns = kTurns;
        continue;
      }
      moved = true;
      if (result == RunResult::exited) {
        progress[w] = Warp::ended;
        ++ended_;
      } else if (result == RunResult::barrier) {
        progress[w] = Warp::at_barrier;
        ++waiting_;
        // One load a field: a wide one would wait for the three stores just made.
        plain_ &= (state.barrier_id | state.barrier_threads | state.barrier_operation) == 0;
      } else {
        runner.fail(*this, result);
      }
    }
    if (ended_ == warp_count_) return Outcome::finished;
    if (waiting_ != 0 && (release_plain() || release())) continue;
    if (ended_ + waiting_ == warp_count_) runner.fail(*this, RunResult::stuck);
    if (!moved && state_.arrivals == arrivals && ++stalls_ >= kPatience) return Outcome::stalled;
  }
}

void ResidentBlock::arrive(std::uint32_t barrier, std::uint32_t threads, std::uint32_t lanes,
                           std::uint32_t warp) {
  arrived_warps_[barrier % kBarriers] |= 1u << warp;
  arrived_[barrier % kBarriers] += threads ? kWarpSize : lanes;
  arrived_of_[barrier % kBarriers] = threads;
  any_arrived_ = true;
}

/// __syncthreads() of every warp, by far the most frequent barrier: nothing is to be counted.
bool ResidentBlock::release_plain() {
  if (!plain_ || any_arrived_ || waiting_ + ended_ != warp_count_) return false;
  if (observer_) observe_release(0);
  Warp* const progress = progress_.data();
  std::uint8_t* state = warps_;
  for (std::size_t w = 0; w < warp_count_; ++w, state += warp_bytes_)
    if (progress[w] == Warp::at_barrier) let_go(*reinterpret_cast<WarpState*>(state), progress[w]);
  waiting_ = 0;
  return true;
}

void ResidentBlock::let_go(WarpState& state, Warp& progress) {
  state.at_barrier = 0;
  state.turns = kTurns;
  progress = Warp::runnable;
}

bool ResidentBlock::release() {
  std::uint32_t seen = 0;
  bool any = false;
  for (std::size_t w = 0; w < warp_count_; ++w)
    if (progress_[w] == Warp::at_barrier) seen |= 1u << (warp(w).barrier_id % kBarriers);
  for (; seen; seen &= seen - 1) any |= release(static_cast<std::uint32_t>(std::countr_zero(seen)));
  return any;
}

/// With a thread count a barrier counts whole warps, as the hardware does; without one it waits for
/// all live threads.
bool ResidentBlock::release(std::uint32_t barrier) {
  std::uint32_t expected = 0, arrived = arrived_[barrier], live = 0, operation = 0;
  for (std::size_t w = 0; w < warp_count_; ++w) {
    const WarpState& state = warp(w);
    if (progress_[w] == Warp::ended) continue;
    live += static_cast<std::uint32_t>(std::popcount(state.live));
    if (progress_[w] != Warp::at_barrier || state.barrier_id % kBarriers != barrier) continue;
    expected = state.barrier_threads;
    operation = state.barrier_operation;
    arrived +=
        expected ? kWarpSize : static_cast<std::uint32_t>(std::popcount(lanes_at_barrier(state)));
  }
  if (arrived < (expected ? expected : live)) return false;
  const std::uint32_t value = operation ? reduce(barrier, operation) : 0;
  arrived_[barrier] = 0;
  if (observer_) observe_release(barrier);
  arrived_warps_[barrier] = 0;
  for (std::size_t w = 0; w < warp_count_; ++w) {
    WarpState& state = warp(w);
    if (progress_[w] != Warp::at_barrier || state.barrier_id % kBarriers != barrier) continue;
    state.barrier_value = value;
    let_go(state, progress_[w]);
    if (--waiting_ == 0) plain_ = true;
  }
  return true;
}

/// Tells the observer who is let through, and where they stood.
void ResidentBlock::observe_release(std::uint32_t barrier) {
  const translate::Program& program = work_.form->program();
  observe::Barrier what;
  what.arrived_warps = arrived_warps_[barrier];
  for (std::size_t w = 0; w < warp_count_; ++w) {
    const WarpState& state = warp(w);
    const bool waits = progress_[w] == Warp::at_barrier && state.barrier_id % kBarriers == barrier;
    what.of_all &= waits || progress_[w] == Warp::ended;
    if (!waits) continue;
    what.counted |= state.barrier_threads != 0;
    for (std::uint32_t rest = lanes_at_barrier(state); rest; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      const std::int32_t next = state.masked ? state.lane_pc[lane] : state.pc;
      what.add(static_cast<int>(w), lane, program.instruction_before(next));
    }
  }
  observer_->barrier(what);
}

void ResidentBlock::observe_deadlock() {
  if (!observer_) return;
  const translate::Program& program = work_.form->program();
  observe::Barrier what;
  for (std::size_t w = 0; w < warp_count_; ++w) {
    const WarpState& state = warp(w);
    const bool at_barrier = progress_[w] == Warp::at_barrier;
    const std::uint32_t waits =
        at_barrier ? lanes_at_barrier(state) : state.waiting | state.at_barrier;
    for (std::uint32_t rest = waits & state.live; rest; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      const std::int32_t pc = state.masked ? state.lane_pc[lane] : state.pc;
      // Lanes that exchange wait before the instruction, the others behind it.
      const bool before = (state.waiting & ~state.warp_barrier) >> lane & 1;
      what.add(static_cast<int>(w), lane,
               before ? program.flow.blocks[static_cast<std::size_t>(pc)].first
                      : program.instruction_before(pc));
    }
  }
  observer_->deadlock(what);
}

std::uint32_t ResidentBlock::reduce(std::uint32_t barrier, std::uint32_t operation) {
  std::uint32_t count = 0;
  bool all = true;
  for (std::size_t w = 0; w < warp_count_; ++w) {
    const WarpState& state = warp(w);
    if (progress_[w] != Warp::at_barrier || state.barrier_id % kBarriers != barrier) continue;
    const std::uint32_t lanes = lanes_at_barrier(state);
    count += static_cast<std::uint32_t>(std::popcount(state.barrier_predicate & lanes));
    all &= (state.barrier_predicate & lanes) == lanes;
  }
  return operation == 1 ? count : operation == 2 ? all : count != 0;
}

}  // namespace vgpu
