// block_observer.h - what the observers keep of one block, and what translated code tells them.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>

#include "vgpu/machine/state.h"
#include "vgpu/observe/launch_observer.h"
#include "vgpu/observe/memory_map.h"

namespace vgpu::observe {

/// Where a block's own memory lies.
struct BlockMemoryMap {
  const std::uint8_t* shared = nullptr;
  const std::uint8_t* local = nullptr;  // of the first warp's first lane; the others' follow
};

/// Threads that a barrier of the block lets through.
struct Barrier {
  struct Wait {
    int warp = 0, index = 0;  // of the barrier instruction
    std::uint32_t lanes = 0;
  };
  std::vector<Wait> waits;
  std::uint32_t arrived_warps = 0;  // that did not wait (bar.arrive)
  bool of_all = true;               // every thread that has not exited waits
  bool counted = false;             // the barrier names how many threads it waits for

  void add(int warp, int lane, int index) {
    for (Wait& wait : waits)
      if (wait.warp == warp && wait.index == index) {
        wait.lanes |= 1u << lane;
        return;
      }
    waits.push_back({warp, index, 1u << lane});
  }
};

class BlockObserver {
 public:
  BlockObserver(LaunchObserver& launch, const BlockMemoryMap& memory, int warps);

  ~BlockObserver();
  BlockObserver(const BlockObserver&) = delete;
  BlockObserver& operator=(const BlockObserver&) = delete;

  /// Another block begins in the same memory.
  void start(std::uint64_t block);

  /// Access `which` of instruction `index` by the `active` lanes; `values` are what a plain store
  /// writes, [element][lane], or null. Returns the lanes that may go on; code without the memory
  /// check lets all of them.
  std::uint32_t access(const WarpState& warp, int index, int which, std::uint32_t active,
                       const std::uint64_t* addresses, const std::uint8_t* values);
  /// What an instruction touches besides: `bytes` at the addresses of `lanes`.
  std::uint32_t pieces(const WarpState& warp, int index, std::uint32_t lanes,
                       const std::uint64_t* addresses, const std::uint32_t* bytes, ptx::Space space,
                       bool writes);
  /// `lanes` of the `block` ones perform an instruction that may meet unwritten registers; `first`
  /// and `second` are predicates that it depends on.
  void registers(const WarpState& warp, int index, std::uint32_t block, std::uint32_t lanes,
                 std::uint32_t first, std::uint32_t second);
  /// A function of the machine left its result in a lane's local memory.
  void note_result(const WarpState& warp, std::uint32_t lane, std::uint64_t offset,
                   std::uint64_t bytes) {
    const std::uint64_t thread = warp.warp_index * std::uint64_t{kWarpSize} + lane;
    if (keeps_written_) local_written_.add(thread * subject_.local_bytes + offset, bytes);
  }
  /// malloc() and free() of a kernel.
  void* heap_allocate(std::size_t bytes);
  void heap_free(const WarpState& warp, int lane, void* memory);
  void fence() { launch_.fence(block_, order_); }
  /// __syncwarp and its kin among `lanes`.
  void lanes_sync(const WarpState& warp, std::uint32_t lanes) {
    order_.lanes_sync(static_cast<int>(warp.warp_index), lanes);
  }
  /// Lanes come to a warp-level barrier or exchange that names `mask`, and wait.
  void lanes_wait(const WarpState& warp, int index, std::uint32_t lanes, std::uint32_t mask);
  /// Those that wait with `lane` for the `needed` ones, which are all that live of its mask, go on.
  void lanes_released(const WarpState& warp, std::uint32_t lane, std::uint32_t needed);
  void barrier(const Barrier& barrier);
  /// Threads that wait for others which never come.
  void deadlock(const Barrier& barrier);
  /// Lanes come to a warp-level barrier or exchange that names `masks` (one a lane).
  void check_masks(const WarpState& warp, int index, std::uint32_t active,
                   const std::uint32_t* masks);
  /// shfl.sync reads from `lanes` (its b) within `bounds` (its c).
  void check_shuffle(const WarpState& warp, int index, std::uint32_t active,
                     const std::uint32_t* lanes, const std::uint32_t* bounds);
  Order& order() { return order_; }
  BlockCounters& counters() { return counters_; }
  LaunchObserver& launch() { return launch_; }
  std::uint64_t block() const { return block_; }

 private:
  /// A memory as an access sees it.
  struct Target {
    enum class Kind { none, shared, local, region, own } kind = Kind::none;
    std::uint64_t offset = 0;
    Region* region = nullptr;
    ByteSet* written = nullptr;    // what of the memory was written ...
    std::uint64_t written_at = 0;  // ... and where in it the access begins
  };
  /// One lane's part of a warp's access.
  struct LaneAccess {
    const Access& access;
    int index, thread, lane;
    const std::uint64_t* addresses;
    std::uint64_t address;
    const std::uint8_t* values;
  };

  void check_barrier(const Barrier& barrier);
  void count(const WarpState& warp, const Access& access, std::uint32_t active,
             const std::uint64_t* addresses);
  void count_pieces(const WarpState& warp, std::uint32_t lanes, const std::uint64_t* addresses,
                    const std::uint32_t* bytes, ptx::Space space, bool writes);
  void count_local(const WarpState& warp, const Access& access, std::uint32_t active,
                   const std::uint64_t* addresses);
  /// A warp's access, and one lane's part of it.
  struct WarpAccess {
    const Access& access;
    int index, warp;
    std::uint32_t lanes;
    const std::uint64_t* addresses;
    const std::uint8_t* values;

    LaneAccess of(int lane) const {
      return {access, index, warp * kWarpSize + lane, lane, addresses, addresses[lane], values};
    }
  };
  /// The addresses of all its lanes.
  struct Span {
    std::uint64_t first = 0, end = 0;
    std::uint64_t bits = 0;   // set in any of them
    bool consecutive = true;  // each lane's behind the one's before
  };
  static Span span_of(const WarpAccess& all);
  Target locate_span(const WarpAccess& all, const Span& span);
  void check_together(const WarpAccess& all, const Span& span, const Target& target);
  /// The part of `whole`, which holds the span, that begins at an address.
  static Target part_of(const Target& whole, const Span& span, std::uint64_t address);
  void check_races(const WarpAccess& all, const Span& span, const Target& whole);
  void check_written(const LaneAccess& a, const Target& target);
  void note_touched(const Access& access, const Target& target, std::uint64_t bytes);
  bool check_alone(const WarpState& warp, const LaneAccess& a);
  Target locate(const WarpState& warp, const LaneAccess& a);
  Target in_shared(std::uint64_t offset);
  Target in_local(std::uint64_t offset, int thread);
  /// What is wrong with the access itself.
  std::optional<Kind> wrong(const LaneAccess& a, const Target& target) const;
  std::optional<Kind> wrong_address(const LaneAccess& a) const;
  bool is_inside(const LaneAccess& a, const Target& target) const;
  /// Reads of shared memory since the last barrier, noted once something writes there before the
  /// next: mostly nothing does.
  struct PendingRead {
    Event event;
    int bytes;
    std::array<std::uint64_t, kWarpSize> offsets;  // by lane
  };
  bool may_wait(const WarpAccess& all, const Target& whole) const;
  void note_pending();
  void note_reads(std::uint32_t lanes, const std::uint64_t* offsets, int bytes, Look& look,
                  RaceMap& races, const std::function<void(int lane, const Conflict&)>& tell);
  RaceMap& races_of(const Target& target);
  Look look_of(const LaneAccess& a, const Target& target) const;
  void check_race(const LaneAccess& a, const Target& target);
  void report_race(const LaneAccess& a, const Target& target, const Conflict& conflict) const;
  bool stores_same_value(const LaneAccess& a, const Conflict& conflict) const;
  void report(Kind kind, const LaneAccess& a, const Target& target) const;
  std::string describe(const LaneAccess& a, const Target& target) const;

  LaunchObserver& launch_;
  const Subject& subject_;
  const Checks checks_;
  const bool keeps_touched_,
      keeps_written_;  // of regions; written bytes also of the block's memory
  const BlockMemoryMap memory_;
  const std::uint64_t threads_, block_threads_;  // with and without those that fill the last warp
  Order order_;
  std::uint64_t block_ = 0;
  std::vector<int> waits_at_;  // by thread: the instruction at which it last waited in its warp
  ByteSet shared_exists_, local_exists_;    // bytes that belong to an array
  std::vector<std::uint32_t> unwritten_;    // [warp][register of Subject::unwritten]: lanes
  ByteSet shared_written_, local_written_;  // local: all threads', one after another
  RaceMap shared_races_;
  std::vector<PendingRead> pending_;
  Time last_shared_write_ = 0;
  Region* last_ = nullptr;     // that an access was found in
  Region* touched_ = nullptr;  // the last one that the launch was told of
  BlockCounters counters_;
};

}  // namespace vgpu::observe
