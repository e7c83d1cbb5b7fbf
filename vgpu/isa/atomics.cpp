// atomics.cpp - atomic operations on host memory, in lane order.
//
// Integers and bit patterns use the host's atomics; float additions and half operations a
// compare-and-swap loop, halves on the 32-bit word that holds them. Every operation is sequentially
// consistent.
#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

template <class Body>
void for_lanes(std::uint32_t mask, Body body) {
  for (; mask; mask &= mask - 1) body(std::countr_zero(mask));
}

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::uint64_t,
                                  std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint16_t>>;

/// Replaces *where by next(*where); returns what was there.
template <class T, class Next>
T update(void* where, Next next) {
  auto* word = static_cast<BitsOf<T>*>(where);
  BitsOf<T> seen = __atomic_load_n(word, __ATOMIC_SEQ_CST);
  for (;;) {
    const auto wanted = std::bit_cast<BitsOf<T>>(next(std::bit_cast<T>(seen)));
    if (__atomic_compare_exchange_n(word, &seen, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
      return std::bit_cast<T>(seen);
  }
}

struct Add {
  template <class T>
  static T of(T x, T a, T) {
    if constexpr (std::is_integral_v<T>)  // wraps, which signed numbers of C++ do not
      return static_cast<T>(static_cast<BitsOf<T>>(x) + static_cast<BitsOf<T>>(a));
    else
      return x + a;
  }
};
struct Min {
  template <class T>
  static T of(T x, T a, T) {
    return a < x ? a : x;
  }
};
struct Max {
  template <class T>
  static T of(T x, T a, T) {
    return a > x ? a : x;
  }
};
struct Inc {
  template <class T>
  static T of(T x, T a, T) {
    return x >= a ? T{0} : static_cast<T>(x + 1);
  }
};
struct Dec {
  template <class T>
  static T of(T x, T a, T) {
    return x == 0 || x > a ? a : static_cast<T>(x - 1);
  }
};
struct And {
  template <class T>
  static T of(T x, T a, T) {
    return static_cast<T>(x & a);
  }
};
struct Or {
  template <class T>
  static T of(T x, T a, T) {
    return static_cast<T>(x | a);
  }
};
struct Xor {
  template <class T>
  static T of(T x, T a, T) {
    return static_cast<T>(x ^ a);
  }
};
struct Exchange {
  template <class T>
  static T of(T, T a, T) {
    return a;
  }
};
struct CompareAndSwap {
  template <class T>
  static T of(T x, T a, T b) {
    return x == a ? b : x;
  }
};

/// The first lanes of the mask that share one address.
std::uint32_t first_together(std::uint32_t mask, void* const* where) {
  const void* place = where[std::countr_zero(mask)];
  std::uint32_t together = mask & -mask;
  for (std::uint32_t rest = mask & (mask - 1); rest; rest &= rest - 1) {
    if (where[std::countr_zero(rest)] != place) break;
    together |= rest & -rest;
  }
  return together;
}

/// Lanes in a row that share one address do one exchange, as if nobody had come between them.
template <class Op, class T>
void atomic(std::uint32_t mask, void* const* where, const T* a, const T* b, T* old) {
  while (mask) {
    const std::uint32_t together = first_together(mask, where);
    update<T>(where[std::countr_zero(mask)], [&](T x) {
      for_lanes(together, [&](int lane) {
        old[lane] = x;
        x = Op::template of<T>(x, a[lane], b[lane]);
      });
      return x;
    });
    mask &= ~together;
  }
}

float half_value(std::uint16_t bits, bool bf16) {
  if (bf16) return std::bit_cast<float>(std::uint32_t{bits} << 16);
  const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31,
                      fraction = bits & 1023;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

/// Rounds to nearest, ties to even. The sum of two halves is exact in double and rounds once more
/// here only.
std::uint16_t half_bits(double value, bool bf16) {
  if (value != value) return 0x7fff;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 48 & 0x8000);
  const int fraction_bits = bf16 ? 7 : 10, lowest = bf16 ? -126 : -14;
  const std::uint16_t infinity = bf16 ? 0x7f80 : 0x7c00;
  const double magnitude = sign ? -value : value;
  if (magnitude == 0) return sign;
  if (magnitude > 1e300) return sign | infinity;
  int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023;
  if (exponent < lowest) exponent = lowest;
  const double unit =
      std::bit_cast<double>(static_cast<std::uint64_t>(1023 + exponent - fraction_bits) << 52);
  const double scaled = magnitude / unit;  // exact: a power of two
  auto whole = static_cast<std::uint32_t>(scaled);
  const double rest = scaled - whole;
  if (rest > 0.5 || (rest == 0.5 && (whole & 1))) ++whole;
  // The implicit bit and a carry into the next binade add to the exponent field by themselves.
  const std::uint32_t result =
      (static_cast<std::uint32_t>(exponent - lowest) << fraction_bits) + whole;
  return static_cast<std::uint16_t>(sign | (result >= infinity ? infinity : result));
}

std::uint16_t add_halves(std::uint16_t x, std::uint16_t a, bool bf16) {
  return half_bits(
      static_cast<double>(half_value(x, bf16)) + static_cast<double>(half_value(a, bf16)), bf16);
}

template <bool bf16>
void add_half(std::uint32_t mask, void* const* where, const std::uint16_t* a, const std::uint16_t*,
              std::uint16_t* old) {
  for_lanes(mask, [&](int lane) {
    const auto address = reinterpret_cast<std::uintptr_t>(where[lane]);
    const int shift = address & 2 ? 16 : 0;
    const std::uint32_t before = update<std::uint32_t>(
        reinterpret_cast<void*>(address & ~std::uintptr_t{3}), [&](std::uint32_t x) {
          const std::uint16_t sum =
              add_halves(static_cast<std::uint16_t>(x >> shift), a[lane], bf16);
          return (x & ~(0xffffu << shift)) | std::uint32_t{sum} << shift;
        });
    old[lane] = static_cast<std::uint16_t>(before >> shift);
  });
}

template <bool bf16>
void add_halves_packed(std::uint32_t mask, void* const* where, const std::uint32_t* a,
                       const std::uint32_t*, std::uint32_t* old) {
  for_lanes(mask, [&](int lane) {
    old[lane] = update<std::uint32_t>(where[lane], [&](std::uint32_t x) {
      const std::uint32_t low =
          add_halves(static_cast<std::uint16_t>(x), static_cast<std::uint16_t>(a[lane]), bf16);
      const std::uint32_t high = add_halves(static_cast<std::uint16_t>(x >> 16),
                                            static_cast<std::uint16_t>(a[lane] >> 16), bf16);
      return low | high << 16;
    });
  });
}

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

#define VGPU_INTEGER(name, T)                                \
  {"vgpu_atomic_add_" name, address(&atomic<Add, T>)},       \
      {"vgpu_atomic_min_" name, address(&atomic<Min, T>)}, { \
    "vgpu_atomic_max_" name, address(&atomic<Max, T>)        \
  }
#define VGPU_BITS(name, T)                                         \
  {"vgpu_atomic_and_" name, address(&atomic<And, T>)},             \
      {"vgpu_atomic_or_" name, address(&atomic<Or, T>)},           \
      {"vgpu_atomic_xor_" name, address(&atomic<Xor, T>)},         \
      {"vgpu_atomic_exch_" name, address(&atomic<Exchange, T>)}, { \
    "vgpu_atomic_cas_" name, address(&atomic<CompareAndSwap, T>)   \
  }

std::span<const HelperSymbol> atomic_symbols() {
  static const HelperSymbol table[] = {
      VGPU_INTEGER("u32", std::uint32_t),
      VGPU_INTEGER("s32", std::int32_t),
      VGPU_INTEGER("u64", std::uint64_t),
      VGPU_INTEGER("s64", std::int64_t),
      VGPU_BITS("b32", std::uint32_t),
      VGPU_BITS("b64", std::uint64_t),
      {"vgpu_atomic_exch_b16", address(&atomic<Exchange, std::uint16_t>)},
      {"vgpu_atomic_cas_b16", address(&atomic<CompareAndSwap, std::uint16_t>)},
      {"vgpu_atomic_inc_u32", address(&atomic<Inc, std::uint32_t>)},
      {"vgpu_atomic_dec_u32", address(&atomic<Dec, std::uint32_t>)},
      {"vgpu_atomic_add_f32", address(&atomic<Add, float>)},
      {"vgpu_atomic_add_f64", address(&atomic<Add, double>)},
      {"vgpu_atomic_add_f16", address(&add_half<false>)},
      {"vgpu_atomic_add_bf16", address(&add_half<true>)},
      {"vgpu_atomic_add_f16x2", address(&add_halves_packed<false>)},
      {"vgpu_atomic_add_bf16x2", address(&add_halves_packed<true>)}};
  return table;
}

}  // namespace vgpu::isa
