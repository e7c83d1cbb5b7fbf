// lane_sets.cpp - helpers on sets of lanes: match and redux among the lanes that a mask names, and
// fns.
#include <bit>
#include <cstdint>

#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

template <class Body>
void for_lanes(std::uint32_t mask, Body body) {
  for (; mask != 0; mask &= mask - 1) body(std::countr_zero(mask));
}

/// out: the lanes among those named by the lane's own mask that hold the same value.
template <class T>
void match_any(std::uint32_t active, const std::uint32_t* masks, const T* values,
               std::uint32_t* out) {
  for (std::uint32_t rest = active; rest != 0;) {
    const T value = values[std::countr_zero(rest)];
    std::uint32_t same = 0;
    for_lanes(rest, [&](int lane) { same |= std::uint32_t{values[lane] == value} << lane; });
    for_lanes(same, [&](int lane) { out[lane] = same & masks[lane]; });
    rest &= ~same;
  }
}

struct Add {
  template <class T>
  static T of(T a, T b) {
    return static_cast<T>(a + b);
  }
};
struct Min {
  template <class T>
  static T of(T a, T b) {
    return b < a ? b : a;
  }
};
struct Max {
  template <class T>
  static T of(T a, T b) {
    return b > a ? b : a;
  }
};
struct And {
  template <class T>
  static T of(T a, T b) {
    return a & b;
  }
};
struct Or {
  template <class T>
  static T of(T a, T b) {
    return a | b;
  }
};
struct Xor {
  template <class T>
  static T of(T a, T b) {
    return a ^ b;
  }
};

/// Lanes of one mask share a result; each mask's is computed once.
template <class Op, class T>
void reduce(std::uint32_t active, const std::uint32_t* masks, const T* values, T* out) {
  while (active != 0) {
    const int first = std::countr_zero(active);
    std::uint32_t same = 0;
    for_lanes(active, [&](int lane) { same |= masks[lane] == masks[first] ? 1u << lane : 0u; });
    T total = values[first];
    for_lanes(same & ~(1u << first),
              [&](int lane) { total = Op::template of<T>(total, values[lane]); });
    for_lanes(same, [&](int lane) { out[lane] = total; });
    active &= ~same;
  }
}

/// The n-th set bit from `base` on: upwards for n > 0, downwards for n < 0; for 0 the base's own.
/// All ones: none.
std::uint32_t nth_set_bit(std::uint32_t mask, std::uint32_t base, std::int32_t n) {
  constexpr std::uint32_t kNone = ~0u;
  if (base > 31) return kNone;
  if (n == 0) return mask >> base & 1 ? base : kNone;
  std::int64_t left = n > 0 ? std::int64_t{n} : -std::int64_t{n};
  for (auto at = static_cast<int>(base); at >= 0 && at<32; at += n> 0 ? 1 : -1)
    if ((mask >> at & 1) != 0 && --left == 0) return static_cast<std::uint32_t>(at);
  return kNone;
}

void find_nth_set(int lanes, const std::uint32_t* mask, const std::uint32_t* base,
                  const std::int32_t* n, std::uint32_t* out) {
  for (int i = 0; i < lanes; ++i) out[i] = nth_set_bit(mask[i], base[i], n[i]);
}

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

std::span<const HelperSymbol> lane_set_symbols() {
  using U = std::uint32_t;
  using S = std::int32_t;
  static const HelperSymbol table[] = {{"vgpu_match_any_b32", address(&match_any<U>)},
                                       {"vgpu_match_any_b64", address(&match_any<std::uint64_t>)},
                                       {"vgpu_redux_add_u32", address(&reduce<Add, U>)},
                                       {"vgpu_redux_add_s32", address(&reduce<Add, U>)},
                                       {"vgpu_redux_min_u32", address(&reduce<Min, U>)},
                                       {"vgpu_redux_min_s32", address(&reduce<Min, S>)},
                                       {"vgpu_redux_max_u32", address(&reduce<Max, U>)},
                                       {"vgpu_redux_max_s32", address(&reduce<Max, S>)},
                                       {"vgpu_redux_and_b32", address(&reduce<And, U>)},
                                       {"vgpu_redux_or_b32", address(&reduce<Or, U>)},
                                       {"vgpu_redux_xor_b32", address(&reduce<Xor, U>)},
                                       {"vgpu_fns_b32", address(&find_nth_set)}};
  return table;
}

}  // namespace vgpu::isa
