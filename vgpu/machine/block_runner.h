// block_runner.h - runs blocks on one OS thread: their warps in turn, from barrier to barrier.
//
// A block whose warps all give their turn away (they wait for another block's store) steps back and
// another begins, so that blocks which wait for each other all get on; a grid-wide barrier needs no
// more.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "vgpu/machine/kernel.h"
#include "vgpu/observe/launch_observer.h"

namespace vgpu {

/// What the threads of one launch share.
struct Work {
  const Launch* launch = nullptr;
  const Profile* profile = nullptr;
  KernelForm* form = nullptr;
  std::uint64_t grid_id = 0;
  void* grid_workspace = nullptr;               // cooperative launches
  observe::LaunchObserver* observer = nullptr;  // of checked launches
  std::uint64_t blocks = 0;
  std::uint64_t threads = 1;  // that take blocks
  // Block order: number i runs block (i * multiplier + shift) mod blocks.
  std::uint64_t multiplier = 1, shift = 0;
  bool backwards = false;             // a block's warps, from the last to the first
  std::atomic<bool> stopped = false;  // a fault somewhere
  enum class Interruption { none, timeout, user };
  std::atomic<Interruption> interruption = Interruption::none;  // interrupt.h
  alignas(64) std::atomic<std::uint64_t> next = 0;  // alone in its cache line: all threads write it
};

/// A device function's wish to stop the launch.
struct PendingFault {
  bool set = false;
  Fault::Kind kind = Fault::Kind::trap;
  std::string message;
};

class ResidentBlock;

class BlockRunner {
 public:
  explicit BlockRunner(Work& work);
  ~BlockRunner();

  /// Takes blocks until none is left. Throws Fault.
  void run();

  Work& work() { return work_; }
  /// Of the warp that runs.
  std::uint32_t warp_index() const { return warp_->warp_index; }
  PendingFault pending;
  /// "block (1,2,3), warp 4": where this thread is now.
  std::string place() const;
  /// The fault of an interruption: where the warps of this thread's blocks stand. `address` is
  /// where translated code was left; 0: it was not running.
  Fault interrupted(std::uintptr_t address);

 private:
  friend class ResidentBlock;
  /// A block not yet run, ready to start; null when all are taken.
  std::unique_ptr<ResidentBlock> take();
  /// The block that is run as the number-th.
  std::uint64_t place_in_order(std::uint64_t number) const;
  /// Takes the numbers [first_, end_) for this thread; false when none are left.
  bool take_share();
  [[noreturn]] void fail(ResidentBlock& block, RunResult result);
  Fault misaligned(const ResidentBlock& block, const std::string& where) const;

  Work& work_;
  std::vector<std::unique_ptr<ResidentBlock>> spare_, stalled_;
  std::unique_ptr<ResidentBlock>
      running_;  // a member, so that a memory fault's jump out of run() does not leak it
  const WarpState* warp_ = nullptr;
  std::uint64_t first_ = 0, end_ = 0;  // numbers of blocks that are this thread's to run
};

}  // namespace vgpu
