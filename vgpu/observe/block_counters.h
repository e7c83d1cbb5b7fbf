// block_counters.h - counts the instructions and accesses of the blocks that one thread runs.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "vgpu/machine/state.h"
#include "vgpu/observe/access.h"
#include "vgpu/observe/counters.h"
#include "vgpu/observe/memory_map.h"

namespace vgpu::observe {

/// Of one lane in one request.
inline constexpr int kMostBytes = 64;

/// Where an access lies, for the counters.
enum class CountedSpace : std::uint8_t { none, global, shared, local };

class BlockCounters {
 public:
  explicit BlockCounters(std::size_t basic_blocks) : runs_(basic_blocks) {}

  /// The `active` lanes ran a basic block.
  void ran(std::size_t basic_block, std::uint32_t active) {
    ++runs_[basic_block].warps;
    runs_[basic_block].lanes += lanes_of(active);
  }
  /// Of `active` lanes the guard of an instruction left these.
  void guarded(std::uint32_t active, std::uint32_t on) {
    counters_.predicated_off += lanes_of(active & ~on);
  }
  void branched(bool divergent) {
    ++counters_.branches;
    counters_.divergent_branches += divergent;
  }
  void waited() { ++counters_.block_barriers; }
  /// `addresses` of the active lanes, in a space whose offset 0 is `base`.
  void accessed(const Access& access, CountedSpace space, std::uint32_t active,
                const std::uint64_t* addresses, std::uint64_t base);
  void started(std::uint64_t threads) {
    ++counters_.blocks;
    counters_.threads += threads;
  }

  /// Everything, given the instructions of each basic block.
  Counters result(std::span<const std::pair<int, int>> basic_blocks,
                  const std::vector<ptx::Instruction>& body) const;
  const std::unordered_map<std::uint64_t, std::uint64_t>& atomics_at() const { return atomics_at_; }
  template <class Body>
  void for_each_region(Body body) const {
    for (const auto& [region, bytes] : buffers_) body(region);
  }

 private:
  struct Runs {
    std::uint64_t warps = 0, lanes = 0;
  };
  static std::uint64_t lanes_of(std::uint32_t bits) {
    return static_cast<std::uint64_t>(__builtin_popcount(bits));
  }
  void count_buffers(const Access& access, std::uint32_t active, const std::uint64_t* addresses);
  void count_atomics(CountedSpace space, std::uint32_t active, const std::uint64_t* addresses);

  Counters counters_;
  std::vector<Runs> runs_;
  std::unordered_map<Region*, Counters::BufferBytes> buffers_;
  std::unordered_map<std::uint64_t, std::uint64_t> atomics_at_;  // global memory
  Region* last_ = nullptr;                                       // that an access was found in
};

InstructionClass class_of(const ptx::Instruction& instruction);

}  // namespace vgpu::observe
