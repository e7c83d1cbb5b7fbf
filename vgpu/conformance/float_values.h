// float_values.h - between the tables' types and exact values.
#pragma once

#include "vgpu/conformance/line.h"

namespace vgpu::conformance {

template <class T>
constexpr Format format_of() {
  if constexpr (std::is_same_v<T, f16>)
    return kF16;
  else if constexpr (std::is_same_v<T, bf16>)
    return kBf16;
  else if constexpr (std::is_same_v<T, double>)
    return kF64;
  else
    return kF32;
}

template <class T>
Quad value_of(T a) {
  return decode(to_bits(a), format_of<T>());
}

template <class T>
T rounded(Quad value, Rounding mode = Rounding::nearest_even) {
  return from_bits<T>(encode(value, format_of<T>(), mode));
}

/// .ftz: subnormals become zeros of their sign.
template <class T>
T flushed(T a) {
  constexpr Format f = format_of<T>();
  const u64 bits = to_bits(a), sign = u64{1} << (f.bits - 1);
  return (bits & ~sign) < u64{1} << (f.significand - 1) ? from_bits<T>(bits & sign) : a;
}

/// .sat: into [0, 1]; NaN becomes +0.
template <class T>
T into_unit(T a) {
  const Quad v = value_of(a);
  if (!(v > 0)) return rounded<T>(0);
  return v < 1 ? a : rounded<T>(1);
}

/// One operation on the two halves of a word.
template <class Packed, class Half, class F, class... A>
Packed by_half(F f, A... operands) {
  const auto part = [&](int shift) {
    return u32{f(Half{static_cast<u16>(operands.bits >> shift)}...).bits} << shift;
  };
  return Packed{part(0) | part(16)};
}

}  // namespace vgpu::conformance
