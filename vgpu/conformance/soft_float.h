// soft_float.h - the reference's arithmetic: every floating-point format held exactly in 113 bits,
// rounded once.
//
// Nothing here shares a method with vgpu/isa: values are decoded into binary128, sums are formed
// there rounded to odd (so that any later rounding to at most 111 bits is the correct one), and one
// function rounds to any format in any mode with integers. Products of two doubles are exact in 113
// bits.
#pragma once

#include <cstdint>

namespace vgpu::conformance {

using Quad = __float128;

enum class Rounding { nearest_even, nearest_away, zero, down, up };

struct Format {
  int bits;         // of the encoding
  int significand;  // bits, the implicit one included
  int lowest;       // exponent of the smallest normal value
  bool infinities;  // e4m3 has none: what is too large becomes the largest value
};

inline constexpr Format kF16{16, 11, -14, true}, kBf16{16, 8, -126, true}, kF32{32, 24, -126, true};
inline constexpr Format kF64{64, 53, -1022, true}, kE5m2{8, 3, -14, true}, kE4m3{8, 4, -6, false};

/// The value of an encoding; NaN for every NaN.
Quad decode(std::uint64_t bits, Format format);
/// One rounding. NaN becomes the encoding with all bits but the sign set.
std::uint64_t encode(Quad value, Format format, Rounding mode = Rounding::nearest_even);

bool is_nan(Quad value);
/// a + b, rounded to odd; a zero has the sign that `mode` gives it.
Quad sum(Quad a, Quad b, Rounding mode = Rounding::nearest_even);
/// a / b and sqrt(a) for operands of at most 53 bits, rounded to odd.
Quad quotient(Quad a, Quad b);
Quad root(Quad a);
/// The integer next to the value in the given direction, as a value.
Quad integral(Quad value, Rounding mode);

}  // namespace vgpu::conformance
