// mbarrier.h - the 64 bits of a barrier object in shared memory, as this machine lays them out.
//
// A phase ends when no arrival is pending and no transaction is open; the next one then waits for
// the expected number of arrivals. What an arrival returns is the object as it was before.
#pragma once

#include <cstdint>

#include "vgpu/machine/state.h"

namespace vgpu::isa {

class Mbarrier {
 public:
  static constexpr std::uint32_t kMostArrivals = (1u << 20) - 1;
  static constexpr std::int64_t kMostTransactions = (1 << 20) - 1;  // of either sign

  explicit Mbarrier(std::uint64_t bits) : bits_(bits) {}
  static Mbarrier expecting(std::uint32_t arrivals) {
    return Mbarrier(0).with(arrivals, arrivals, 0, false);
  }
  std::uint64_t bits() const { return bits_; }
  std::uint32_t pending() const { return static_cast<std::uint32_t>(bits_) & kMostArrivals; }
  std::uint32_t expected() const {
    return static_cast<std::uint32_t>(bits_ >> kExpectedAt) & kMostArrivals;
  }
  std::int64_t transactions() const {
    return static_cast<std::int64_t>(bits_ << 1) >> (kTransactionsAt + 1);
  }
  /// Of the phase's number.
  bool parity() const { return bits_ >> 63 != 0; }

  /// Opens transactions (a negative number closes them); false: more than can be counted.
  bool transact(std::int64_t count) {
    const std::int64_t open = transactions() + count;
    if (open > kMostTransactions || open < -kMostTransactions) return false;
    *this = with(pending(), expected(), open, parity());
    return true;
  }
  /// False: more arrivals than are pending.
  bool arrive(std::uint32_t count, bool drops) {
    if (count > pending() || (drops && count > expected())) return false;
    *this = with(pending() - count, expected() - (drops ? count : 0), transactions(), parity());
    return true;
  }
  void end_phase_if_complete() {
    if (pending() == 0 && transactions() == 0) *this = with(expected(), expected(), 0, !parity());
  }

 private:
  // Bits: pending 0 to 19, expected 20 to 39, transactions 40 to 62 with sign, parity 63.
  static constexpr int kExpectedAt = 20, kTransactionsAt = 40;

  Mbarrier with(std::uint32_t pending, std::uint32_t expected, std::int64_t open,
                bool parity) const {
    const std::uint64_t field = static_cast<std::uint64_t>(open) << kTransactionsAt << 1 >> 1;
    return Mbarrier(pending | std::uint64_t{expected} << kExpectedAt | field |
                    std::uint64_t{parity} << 63);
  }

  std::uint64_t bits_;
};

/// Of the object at `where`: opens transactions, counts it as progress of the block, ends the phase
/// if it is complete. What is wrong with the number, or null.
const char* transact_at(BlockState* block, void* where, std::int64_t count);

}  // namespace vgpu::isa
