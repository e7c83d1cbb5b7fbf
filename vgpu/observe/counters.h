// counters.h - what a launch did, counted exactly: instructions, memory, divergence, contention.
//
// A count is of PTX instructions as the machine runs them, not of the machine code that a GPU would
// make of them. It is the same in every run and with any number of threads, unless a kernel waits
// for others in a loop, whose trips depend on when they come.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vgpu::observe {

enum class InstructionClass : std::uint8_t {
  integer,
  f32,
  f64,
  half,
  special,  // ex2, lg2, sin, cos, tanh, rcp, rsqrt, sqrt, div of floats
  convert,
  matrix,
  move,
  control,
  memory,
  atomic,
  barrier,
  exchange,  // shfl, vote, match, redux
  texture,
  other,
};
inline constexpr std::size_t kInstructionClasses = 15;
const char* name_of(InstructionClass c);

/// Accesses of one kind to one space; a request is one instruction of one warp.
struct Traffic {
  std::uint64_t requests = 0, lanes = 0, bytes = 0;  // bytes: asked for by the lanes
  /// Global and local memory: sectors of 32 bytes. Shared memory: wavefronts, each at most one word
  /// of four bytes from each of 32 banks.
  std::uint64_t pieces = 0;
  std::uint64_t least = 0;  // pieces, were the same bytes side by side

  Traffic& operator+=(const Traffic& other);
  bool operator==(const Traffic&) const = default;
};

struct Atomics {
  std::uint64_t requests = 0, lanes = 0;
  std::uint64_t addresses = 0;    // distinct ones of each request, summed
  std::uint64_t most_at_one = 0;  // operations at one address in the whole launch
  bool operator==(const Atomics&) const = default;
};

struct Counters {
  std::uint64_t launches = 0, blocks = 0, threads = 0;
  std::array<std::uint64_t, kInstructionClasses> warp_instructions{};
  std::array<std::uint64_t, kInstructionClasses> thread_instructions{};  // of active lanes
  std::uint64_t predicated_off = 0;                    // thread instructions that a guard left out
  std::uint64_t branches = 0, divergent_branches = 0;  // of warps, with a guard or an index
  std::uint64_t block_barriers = 0;                    // warps that waited at one
  Traffic global_load, global_store, shared_load, shared_store, local_load, local_store;
  Atomics global_atomics, shared_atomics;
  struct BufferBytes {
    std::uint64_t read = 0, written = 0;                    // by all lanes together
    std::uint64_t distinct_read = 0, distinct_written = 0;  // each byte once a launch
    bool operator==(const BufferBytes&) const = default;
  };
  std::map<std::string, BufferBytes> buffers;  // by label

  std::uint64_t all_warp_instructions() const;
  std::uint64_t all_thread_instructions() const;
  /// Active lanes of an instruction: 1 to 32.
  double lanes_per_instruction() const;
  /// Bytes of global memory that moved, in whole sectors, and that had to: each once a launch, read
  /// and written, a buffer's rounded up to sectors.
  std::uint64_t global_bytes_moved() const;
  std::uint64_t global_bytes_least() const;
  Counters& operator+=(const Counters& other);
  bool operator==(const Counters&) const = default;
};

/// Launches of one kernel in one shape, all together.
struct CountedKernel {
  std::string kernel;
  std::array<std::uint32_t, 3> grid{}, block{};
  std::uint64_t shared_bytes = 0;  // dynamic
  Counters counters;
};

/// What was counted in this process, in the order of the first launches. Thread-safe.
std::vector<CountedKernel> counted_kernels();
void add_counted(const CountedKernel& kernel);
void forget_counted();

/// Some lines for a person.
std::string text_of(const CountedKernel& kernel);

}  // namespace vgpu::observe
