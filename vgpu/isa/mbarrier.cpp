#include "vgpu/isa/mbarrier.h"

#include <bit>
#include <cstdio>
#include <cstring>

#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

enum Arrival : std::uint32_t { kDrops = 1, kKeepsPhase = 2 };  // arrive_drop, .noComplete

template <class Body>
void for_lanes(std::uint32_t mask, Body body) {
  for (; mask != 0; mask &= mask - 1) body(std::countr_zero(mask));
}

Mbarrier load(const void* where) {
  std::uint64_t bits;
  std::memcpy(&bits, where, sizeof bits);
  return Mbarrier(bits);
}

void store(void* where, const Mbarrier& barrier) {
  const std::uint64_t bits = barrier.bits();
  std::memcpy(where, &bits, sizeof bits);
}

/// What stops the launch; it stays until the thread's next.
template <class... Values>
const char* refusal(const char* format, Values... values) {
  thread_local char text[160];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

const char* too_many_transactions(const Mbarrier& barrier, std::int64_t count) {
  return refusal("%lld transactions more, open: %lld, allowed: %lld of either sign",
                 static_cast<long long>(count), static_cast<long long>(barrier.transactions()),
                 static_cast<long long>(Mbarrier::kMostTransactions));
}

const char* init(std::uint32_t active, void* const* where, const std::uint32_t* counts) {
  const char* wrong = nullptr;
  for_lanes(active, [&](int lane) {
    if (counts[lane] == 0 || counts[lane] > Mbarrier::kMostArrivals)
      wrong = refusal("%u arrivals, allowed: 1 to %u", counts[lane], Mbarrier::kMostArrivals);
    else
      store(where[lane], Mbarrier::expecting(counts[lane]));
  });
  return wrong;
}

/// Lane by lane: opens `transactions`, then makes `arrivals`; `states`: the objects before.
const char* update(BlockState* block, std::uint32_t active, void* const* where, std::uint32_t flags,
                   const std::uint32_t* arrivals, const std::int32_t* transactions,
                   std::uint64_t* states) {
  const char* wrong = nullptr;
  ++block->arrivals;
  for_lanes(active, [&](int lane) {
    Mbarrier barrier = load(where[lane]);
    const std::uint32_t pending = barrier.pending();
    states[lane] = barrier.bits();
    if (!barrier.transact(transactions[lane])) {
      wrong = too_many_transactions(barrier, transactions[lane]);
      return;
    }
    if (!barrier.arrive(arrivals[lane], (flags & kDrops) != 0) ||
        ((flags & kKeepsPhase) != 0 && barrier.pending() == 0)) {
      wrong = refusal("%u arrivals, pending: %u", arrivals[lane], pending);
      return;
    }
    if ((flags & kKeepsPhase) == 0) barrier.end_phase_if_complete();
    store(where[lane], barrier);
  });
  return wrong;
}

/// Lanes for which the phase that `states` were made in is over.
std::uint32_t test_states(std::uint32_t active, const void* const* where,
                          const std::uint64_t* states) {
  std::uint32_t over = 0;
  for_lanes(active, [&](int lane) {
    if (load(where[lane]).parity() != Mbarrier(states[lane]).parity()) over |= 1u << lane;
  });
  return over;
}

std::uint32_t test_parities(std::uint32_t active, const void* const* where,
                            const std::uint32_t* parities) {
  std::uint32_t over = 0;
  for_lanes(active, [&](int lane) {
    if (load(where[lane]).parity() != ((parities[lane] & 1) != 0)) over |= 1u << lane;
  });
  return over;
}

void pending_counts(const std::uint64_t* states, std::uint32_t* out) {
  for (int lane = 0; lane < kWarpSize; ++lane) out[lane] = Mbarrier(states[lane]).pending();
}

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

const char* transact_at(BlockState* block, void* where, std::int64_t count) {
  Mbarrier barrier = load(where);
  if (!barrier.transact(count)) return too_many_transactions(barrier, count);
  barrier.end_phase_if_complete();
  store(where, barrier);
  ++block->arrivals;
  return nullptr;
}

std::span<const HelperSymbol> mbarrier_symbols() {
  static const HelperSymbol table[] = {{"vgpu_mbarrier_init", address(&init)},
                                       {"vgpu_mbarrier_update", address(&update)},
                                       {"vgpu_mbarrier_test", address(&test_states)},
                                       {"vgpu_mbarrier_test_parity", address(&test_parities)},
                                       {"vgpu_mbarrier_pending", address(&pending_counts)}};
  return table;
}

}  // namespace vgpu::isa
