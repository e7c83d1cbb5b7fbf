// resident_block.h - one block's memory and progress: warps with their frames, shared and local
// memory, barriers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "vgpu/machine/block_memory.h"
#include "vgpu/machine/block_runner.h"
#include "vgpu/observe/block_observer.h"

namespace vgpu {

inline constexpr std::uint32_t kBarriers = 16;
inline constexpr std::int32_t kTurns = 1 << 16;
/// How often in a row every warp of a block may give its turn away before the block is taken to
/// wait for others: loops over atomics that wait for nobody shall not fill memory with blocks.
inline constexpr int kPatience = 16;

class ResidentBlock {
 public:
  enum class Outcome { finished, stalled };

  explicit ResidentBlock(Work& work);
  ResidentBlock(const ResidentBlock&) = delete;
  ResidentBlock& operator=(const ResidentBlock&) = delete;

  void start(std::uint64_t block_number, BlockRunner* runner);
  /// Runs until every warp has ended, or until no warp gets on without other blocks.
  Outcome run(BlockRunner& runner);
  /// `warp` arrives without waiting.
  void arrive(std::uint32_t barrier, std::uint32_t threads, std::uint32_t lanes,
              std::uint32_t warp);

  const BlockState& state() const { return state_; }
  std::size_t bytes() const { return memory_->bytes(); }
  /// Tells the observer of threads that wait for ever.
  void observe_deadlock();
  /// "block (0,0,0): warps 0-3 at ptx80:12: '...' (k.cu:7), warp 4 waits at ...". `running` stands
  /// at `instruction`, when that is known (not -1).
  std::string whereabouts(const WarpState* running, int instruction);
  /// The block that a state belongs to.
  static ResidentBlock& of(BlockState* state);
  std::uint64_t local_bytes_of_warp() const { return local_bytes_ * kWarpSize; }

 private:
  enum class Warp : std::uint8_t { runnable, at_barrier, ended };

  WarpState& warp(std::size_t i) { return *reinterpret_cast<WarpState*>(warps_ + i * warp_bytes_); }
  template <bool kBackwards>
  Outcome run_warps(BlockRunner& runner);
  void start_warps();
  bool release_plain();
  static void let_go(WarpState& warp, Warp& progress);
  /// Lets through every barrier that has all its threads; true when one had.
  bool release();
  bool release(std::uint32_t barrier);
  std::uint32_t reduce(std::uint32_t barrier, std::uint32_t operation);
  void observe_release(std::uint32_t barrier);

  Work& work_;
  BlockState state_{};
  std::optional<BlockMemory> memory_;
  std::optional<observe::BlockObserver> observer_;
  std::uint8_t* warps_ = nullptr;
  std::size_t warp_bytes_ = 0, warp_count_ = 0;
  std::uint64_t local_bytes_ = 0;
  std::vector<Warp> progress_;
  std::vector<std::uint32_t> first_live_;
  std::size_t ended_ = 0, waiting_ = 0;
  int stalls_ = 0;
  std::uint32_t arrived_[kBarriers] = {},
                arrived_of_[kBarriers] = {};  // bar.arrive: lanes, and threads expected
  std::uint32_t arrived_warps_[kBarriers] = {};
  bool any_arrived_ = false;
  bool plain_ = true;  // all warps that wait do so at barrier 0, for all threads, without a result
};

}  // namespace vgpu
