// launch_observer.h - what the observers share over the blocks of one launch.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "vgpu/observe/access.h"
#include "vgpu/observe/block_counters.h"
#include "vgpu/observe/checks.h"
#include "vgpu/observe/race.h"
#include "vgpu/observe/registers.h"
#include "vgpu/observe/report.h"

namespace vgpu::observe {

/// An array in shared or local memory.
struct Extent {
  std::string name;
  std::uint64_t offset = 0, bytes = 0;
};

/// What the observers look up of a kernel's instructions, the same in every launch.
struct KernelNotes {
  KernelNotes(const ptx::Module& module, const ptx::Function& function, const Checks& checks);

  std::vector<std::vector<Access>> accesses;  // by instruction
  std::vector<int> lines;  // instruction -> the first one of its source line, or itself
};

/// A kernel as the observers see it; lives as long as the launch.
struct Subject {
  const ptx::Module* module = nullptr;
  const ptx::Function* function = nullptr;
  const KernelNotes* notes = nullptr;
  const UnwrittenRegisters* unwritten = nullptr;
  std::vector<Extent> shared, local;
  std::uint64_t shared_bytes = 0, local_bytes = 0;  // of a block, of a thread
  const std::uint8_t* parameters = nullptr;
  std::uint64_t parameter_bytes = 0;
  std::uint32_t block[3] = {1, 1, 1}, grid[3] = {1, 1, 1};
  std::uint64_t dynamic_shared_bytes = 0;
  std::vector<std::pair<int, int>> basic_blocks;  // instructions [first, last)
};

class LaunchObserver : public BlockOrder {
 public:
  LaunchObserver(const Subject& subject, const Checks& checks, std::uint32_t number);

  const Subject& subject() const { return subject_; }
  const Checks& checks() const { return checks_; }
  std::uint32_t number() const { return number_; }
  /// The accesses of instruction `index`.
  const std::vector<Access>& accesses(std::size_t index) const {
    return subject_.notes->accesses[index];
  }
  const ptx::Instruction& instruction(int index) const {
    return subject_.function->body[static_cast<std::size_t>(index)];
  }

  /// Counts a finding at `index` (of `other`, -1: none); `fill` describes the first one of a source
  /// line.
  void report(Kind kind, int index, int other, const std::function<void(Report&)>& fill,
              Severity severity = Severity::error) const;
  std::string place(int index) const;
  std::string source(int index) const;
  /// "thread (5,0,0) of block (0,0,0)"
  std::string thread(std::uint64_t block, int thread) const;

  /// What blocks of one thread counted. Thread-safe.
  void add(const BlockCounters& counters);
  /// A block touched the region.
  void touch(Region& region);
  /// The launch is over: its counts become counted_kernels(), and what it touched its stream's.
  void finish();

  // --- what blocks tell each other: a fence, then an atomic or flag that another block reads ---

  /// A thread of `block` fenced: what it and those before it wrote may be passed on.
  void fence(std::uint64_t block, Order& order);
  /// A strong access of `address` passes on and takes what was passed on through it.
  void meet(std::uint64_t address, const Event& event, const Order& order);
  bool before(std::uint64_t block, Time when, int thread, std::uint64_t now,
              int now_thread) const override;

 private:
  struct Release {
    std::uint64_t address, sequence;
    Time fence, barrier, time, warp_sync;
    int thread;
  };
  struct Acquire {
    std::uint64_t address, sequence;
    Time time;
    int thread;
  };
  struct Exchange {
    Time fence = 0;
    const Order* order = nullptr;
    std::vector<Release> releases;
    std::vector<Acquire> acquires;
  };
  std::string allowed(Kind kind, int index) const;
  void count_touched(Region& region);
  void pass_on_touched(Region& region);
  static bool covers(const Release& release, Time when, int thread);

  const Subject& subject_;
  const Checks checks_;
  const std::uint32_t number_;
  std::unordered_map<std::uint64_t, Exchange> exchanges_;   // by block
  std::unordered_map<std::uint64_t, bool> passed_through_;  // addresses with a release
  std::uint64_t sequence_ = 0;
  std::mutex mutex_;  // of what follows
  Counters counters_;
  std::unordered_map<std::uint64_t, std::uint64_t> atomics_at_;
  std::set<Region*> touched_;
};

}  // namespace vgpu::observe
