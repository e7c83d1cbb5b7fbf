// async_copies.cpp - what cp.async and cp.async.bulk move, at once when they are issued.
#include <algorithm>
#include <bit>
#include <cstring>

#include "vgpu/isa/helpers.h"
#include "vgpu/isa/mbarrier.h"

namespace vgpu::isa {
namespace {

constexpr std::uint32_t kMostBytes = 16;  // of a lane's cp.async

template <class Body>
void for_lanes(std::uint32_t mask, Body body) {
  for (; mask != 0; mask &= mask - 1) body(std::countr_zero(mask));
}

/// Each lane writes `bytes`: `taken` of them from memory, then zeros.
void copy(std::uint32_t active, void* const* to, const void* const* from, std::uint32_t bytes,
          const std::uint32_t* taken) {
  for_lanes(active, [&](int lane) {
    std::uint8_t data[kMostBytes] = {};
    if (const std::uint32_t count = std::min(taken[lane], bytes); count == bytes && bytes == 16)
      std::memcpy(data, from[lane], 16);
    else if (count != 0)
      std::memcpy(data, from[lane], count);
    if (bytes == 16)
      std::memcpy(to[lane], data, 16);
    else
      std::memcpy(to[lane], data, bytes);
  });
}

/// What is wrong with a number, or null.
const char* close_transactions(BlockState* block, std::uint32_t active, void* const* barriers,
                               const std::uint32_t* bytes) {
  const char* wrong = nullptr;
  for_lanes(active, [&](int lane) {
    if (const char* text = transact_at(block, barriers[lane], -std::int64_t{bytes[lane]}))
      wrong = text;
  });
  return wrong;
}

/// `barriers`: null, or each lane's, whose transactions close.
const char* copy_bulk(BlockState* block, std::uint32_t active, void* const* to,
                      const void* const* from, const std::uint32_t* bytes, void* const* barriers) {
  for_lanes(active, [&](int lane) { std::memmove(to[lane], from[lane], bytes[lane]); });
  return barriers ? close_transactions(block, active, barriers, bytes) : nullptr;
}

using Atomic = void(std::uint32_t mask, void* const* where, const void* a, const void* b,
                    void* old);

/// Each element at `to` by an atomic operation with that at `from`.
const char* reduce_bulk(BlockState* block, std::uint32_t active, void* const* to,
                        const void* const* from, const std::uint32_t* bytes, void* const* barriers,
                        Atomic* atomic, std::uint32_t element_bytes) {
  for_lanes(active, [&](int lane) {
    auto* where = static_cast<std::uint8_t*>(to[lane]);
    const auto* values = static_cast<const std::uint8_t*>(from[lane]);
    for (std::uint32_t at = 0; at + element_bytes <= bytes[lane]; at += element_bytes) {
      alignas(8) std::uint8_t value[8] = {}, old[8];
      std::memcpy(value, values + at, element_bytes);
      void* const cell = where + at;
      atomic(1, &cell, value, value, old);
    }
  });
  return barriers ? close_transactions(block, active, barriers, bytes) : nullptr;
}

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

std::span<const HelperSymbol> async_copy_symbols() {
  static const HelperSymbol table[] = {{"vgpu_copy_async", address(&copy)},
                                       {"vgpu_copy_bulk", address(&copy_bulk)},
                                       {"vgpu_reduce_bulk", address(&reduce_bulk)},
                                       {"vgpu_close_transactions", address(&close_transactions)}};
  return table;
}

}  // namespace vgpu::isa
