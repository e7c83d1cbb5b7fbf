// race.h - who touched each piece of a memory last: enough to tell every race, in constant room.
//
// A piece is four bytes, or less once something smaller touches the memory. It remembers the last
// plain write, all plain reads since (one thread, lanes of a warp, or "many"), and the same of
// strong accesses (Access::strong), which meet each other without a race. An access that is after
// all others of its kind takes their place, since what follows it follows them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <unordered_map>

#include "vgpu/observe/order.h"

namespace vgpu::observe {

/// An access by one thread.
struct Event {
  std::uint64_t block = 0;
  Time time = 0;
  int thread = 0;  // of the block
  int index = 0;   // of the instruction
  bool writes = false, reads = false, strong = false;
};

enum class Hazard : std::uint8_t { read_after_write, write_after_read, write_after_write };

/// The earlier access of a race.
struct Conflict {
  Hazard hazard = Hazard::read_after_write;
  std::uint64_t block = 0;
  int thread = -1;  // -1: one of many
  int index = 0;
};

/// Whether what other blocks did is before what a block does now (fences and flags).
class BlockOrder {
 public:
  virtual ~BlockOrder() = default;
  virtual bool before(std::uint64_t block, Time when, int thread, const Event& now) const = 0;
};

/// One memory: a block's shared memory, or an allocation of the device.
class RaceMap {
 public:
  explicit RaceMap(std::size_t bytes) : bytes_(bytes) {}

  /// Notes the access of [at, at + bytes) and says which earlier one it races with. Records of
  /// another `launch` are over.
  std::optional<Conflict> note(std::uint64_t at, std::uint64_t bytes, std::uint32_t launch,
                               const Event& event, const Order& order, const BlockOrder& blocks);

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

  struct Look {
    const Event& event;
    const Order& order;
    const BlockOrder& blocks;
    std::uint32_t launch;
  };

  void use_pieces_of(int shift);
  std::optional<Conflict> note_cell(std::uint64_t number, const Look& look);
  static std::optional<Conflict> conflict_with(const Write& write, const Look& look);
  static std::optional<Conflict> conflict_with(const Set& set, Hazard hazard, const Look& look);
  static void add(Set& set, const Look& look);
  static bool is_before(const Set& set, const Look& look);

  std::size_t bytes_;
  int shift_ = 2;  // a piece has 1 << shift_ bytes
  std::unique_ptr<Cell, Free> cells_;
  std::unordered_map<std::uint64_t, Strong> strong_;  // by cell
};

}  // namespace vgpu::observe
