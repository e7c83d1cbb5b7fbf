// race.h - who touched each piece of a memory last: enough to tell every race, in constant room.
//
// A piece is four bytes, or less once something smaller touches the memory. It remembers the last
// plain write, all plain reads since (one thread, lanes of a warp, or "many"), and the same of
// strong accesses (Access::strong), which meet each other without a race. An access that is after
// all others of its kind takes their place, since what follows it follows them.
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <unordered_map>

#include "vgpu/observe/order.h"

namespace vgpu::observe {

/// An access of one place by some lanes of a warp, at once.
struct Event {
  std::uint64_t block = 0;
  Time time = 0;
  int warp = 0;  // of the block
  std::uint32_t lanes = 0;
  int index = 0;  // of the instruction
  bool writes = false, reads = false, strong = false;

  int first_thread() const { return warp * kWarpSize + std::countr_zero(lanes); }
};

enum class Hazard : std::uint8_t { read_after_write, write_after_read, write_after_write };

/// The earlier access of a race, and which thread of the event meets it.
struct Conflict {
  Hazard hazard = Hazard::read_after_write;
  std::uint64_t block = 0;
  int thread = -1;  // -1: one of many
  int index = 0;
  int own_thread = 0;
};

/// Whether what other blocks did is before what a block does now (fences and flags).
class BlockOrder {
 public:
  virtual ~BlockOrder() = default;
  /// `now_thread` of the block `now`.
  virtual bool before(std::uint64_t block, Time when, int thread, std::uint64_t now,
                      int now_thread) const = 0;
};

/// An event beside what it is held to; `event.lanes` may change from note to note.
struct Look {
  Look(const Event& what, std::uint32_t of_launch, const Order& in_block,
       const BlockOrder& of_blocks)
      : event(what),
        launch(of_launch),
        order(in_block),
        blocks(of_blocks),
        barrier(in_block.barrier()),
        full_sync(in_block.full_sync(what.warp)) {}

  Event event;
  const std::uint32_t launch;  // records of another launch are over
  const Order& order;
  const BlockOrder& blocks;
  const Time barrier, full_sync;  // the last ones, of the event's block and warp
};

/// One memory: a block's shared memory, or an allocation of the device.
class RaceMap {
 public:
  explicit RaceMap(std::size_t bytes) : bytes_(bytes) {}

  /// Notes the access of [at, at + bytes) and says which earlier one it races with.
  std::optional<Conflict> note(std::uint64_t at, std::uint64_t bytes, const Look& look);

 private:
  struct Write {
    std::uint64_t block;
    Time time;
    std::int32_t index;
    std::int16_t thread;  // -1: none
  };
  struct Set {
    std::uint64_t block;
    Time time;
    std::int32_t index;
    std::uint32_t lanes;  // of `warp`
    std::uint8_t warp;
    bool any, many_warps, many_blocks;
  };
  struct Cell {
    Write write;
    Set reads;
    std::uint32_t launch;
    bool has_strong;
  };
  struct Strong {
    Set reads, writes;
  };
  struct Free {
    void operator()(Cell* cells) const { std::free(cells); }
  };

  void use_pieces_of(int shift);
  std::optional<Conflict> note_cell(std::uint64_t number, const Look& look);
  std::optional<Conflict> find_conflict(const Cell& cell, std::uint64_t number,
                                        const Look& look) const;
  static std::optional<Conflict> conflict_with(const Write& write, const Look& look);
  static std::optional<Conflict> conflict_with(const Set& set, Hazard hazard, const Look& look);
  static void add(Set& set, const Look& look);
  /// Whether all of the set is before what `thread` of the event does.
  static bool is_before(const Set& set, int thread, const Look& look);

  std::size_t bytes_;
  int shift_ = 2;  // a piece has 1 << shift_ bytes
  std::unique_ptr<Cell, Free> cells_;
  std::unordered_map<std::uint64_t, Strong> strong_;  // by cell
};

}  // namespace vgpu::observe
