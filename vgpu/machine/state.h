// state.h - the memory that translated code and the machine share: a warp's lanes and a block's
// surroundings.
//
// Translated code reaches the fields by their offsets, so a change here changes
// kTranslatorVersion's cache key (translate/jit.h) by itself: the offsets are part of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vgpu {

inline constexpr int kWarpSize = 32;
inline constexpr std::uint32_t kAllLanes = 0xffffffffu;
inline constexpr std::int32_t kNoPc = 0x7fffffff;

/// What a run of translated code ended with. `diverged` and `reconverged` say which code goes on:
/// where lanes part and meet, and where code made with little effort comes back in the midst of a
/// loop.
enum class RunResult : std::int32_t {
  exited = -1,       // every lane returned
  diverged = -2,     // masked code goes on: lane_pc says where each lane stands
  barrier = -3,      // all live lanes wait at a block barrier; `masked` tells which code resumes
  reconverged = -4,  // full code goes on: all 32 lanes stand at `pc`, an entry of it
  stuck = -5,        // masked code: lanes wait for lanes that never come
  fault = -6,        // a trap, an assertion or a refused access: BlockState::fault tells
  yielded = -7,      // masked code gave other warps a turn; lane_pc says where each lane stands
};

/// One warp. The register frame follows the struct, 64-byte aligned.
struct alignas(64) WarpState {
  std::int32_t lane_pc[kWarpSize];  // where a lane stands that the current mask does not hold
  std::uint32_t tid[3][kWarpSize];  // threadIdx of each lane
  // The next nine are set when a block starts, with two stores of 16 bytes and one.
  std::uint32_t live;          // lanes that exist and have not returned
  std::uint32_t waiting;       // lanes that wait at a warp-level barrier for others
  std::uint32_t at_barrier;    // lanes that wait at the block's barrier
  std::uint32_t warp_barrier;  // waiting lanes that wait at a bar.warp.sync, wherever in the code
  std::int32_t pc;             // resume point of the full code
  std::int32_t passed;         // masked: pc of the lanes that gave their turn away, or -1
  std::uint32_t retries;       // entries of the full code to pass by before it is tried again
  std::uint32_t
      masked;  // 1: lane_pc and the vector slots hold the state; 0: pc and the full code's slots
  std::int32_t turns;               // backward jumps left before others get a turn
  std::uint32_t barrier_id;         // of the barrier at which the warp waits
  std::uint32_t barrier_threads;    // threads that it waits for; 0: all of the block
  std::uint32_t barrier_operation;  // 0: bar.sync; bar.red: 1 popc, 2 and, 3 or
  std::uint32_t barrier_predicate;  // bar.red: the lanes' predicates
  std::uint32_t barrier_value;      // bar.red: the result, written at release
  std::uint32_t trips;              // backward jumps in code made with little effort
  std::uint32_t warp_index;         // in the block
  std::uint8_t* local;              // lane 0's local memory; lane i's lies i * local_bytes further
  std::uint32_t sync_mask[kWarpSize];  // waiting lanes: the member mask that each named
};

/// One block while it runs; one per OS thread.
struct BlockState {
  std::uint32_t ctaid[3], ntid[3], nctaid[3];
  std::uint32_t smid;
  std::uint8_t* shared;
  std::uint64_t shared_bytes;  // static and dynamic
  const std::uint8_t* params;
  void* const* symbols;  // addresses of the module's variables, by index
  std::uint64_t grid_id;
  std::uint64_t grid_workspace;  // cooperative launches: what %envreg1 and %envreg2 point to
  std::uint32_t dynamic_shared_bytes;
  std::int32_t fault_pc;        // instruction index of a fault
  std::uint32_t fault_bytes;    // 0, or what the fault's address is no multiple of
  std::uint64_t fault_address;  // set with fault_bytes
  const char* fault_text;       // null, or why a helper stopped the launch
  std::uint64_t arrivals;       // at barrier objects: while it grows, warps that wait may get on
  void* machine;                // BlockRunner
  void* resident;               // ResidentBlock
  void* observer;               // observe::BlockObserver of checked launches
};

/// Signature of translated code.
using TranslatedCode = std::int32_t (*)(WarpState* warp, BlockState* block);

}  // namespace vgpu
