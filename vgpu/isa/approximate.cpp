// approximate.cpp - ex2, lg2, sin, cos and tanh of PTX's .approx forms, for f32.
//
// Computed in double by series whose error is below 1e-13 of the value and rounded once, so the
// result is the correctly rounded one but for cases within 1e-6 of a tie. The hardware's own bits
// differ within its documented bound. Loops are free of branches and calls so that the compiler
// vectorises them; sin and cos of large arguments go to libm.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "vgpu/isa/helpers.h"
#include "vgpu/isa/widest.h"

namespace vgpu::isa {
namespace {

constexpr double kLn2 = 0.69314718055994530942, kLog2E = 1.44269504088896340736;
constexpr double kRoundingMagic =
    6755399441055744.0;  // 1.5 * 2^52: adding and subtracting it rounds to an integer

/// 2^x for |x| <= 1000.
inline double exp2_core(double x) {
  const double shifted = x + kRoundingMagic;
  const double whole = shifted - kRoundingMagic;
  const double t = (x - whole) * kLn2;  // |t| <= 0.347: the series ends below 1e-16
  double p = 1.0 / 479001600;
  p = p * t + 1.0 / 39916800;
  p = p * t + 1.0 / 3628800;
  p = p * t + 1.0 / 362880;
  p = p * t + 1.0 / 40320;
  p = p * t + 1.0 / 5040;
  p = p * t + 1.0 / 720;
  p = p * t + 1.0 / 120;
  p = p * t + 1.0 / 24;
  p = p * t + 1.0 / 6;
  p = p * t + 0.5;
  p = p * t + 1.0;
  p = p * t + 1.0;
  const auto exponent = std::bit_cast<std::int64_t>(shifted) << 52;
  return std::bit_cast<double>(std::bit_cast<std::int64_t>(p) + exponent);
}

inline double clamp(double x, double low, double high) {
  const double above = x > low ? x : low;
  return above < high ? above : high;
}

/// log2 of a finite positive double that is no subnormal (every f32 is none).
inline double log2_core(double x) {
  auto bits = std::bit_cast<std::int64_t>(x);
  constexpr std::int64_t kRootHalf =
      0x3fe6a09e667f3bcd;  // bits of sqrt(1/2): the significand ends in [0.707, 1.414)
  const std::int64_t shifted = bits - kRootHalf;
  const std::int64_t exponent = shifted >> 52;
  const double m = std::bit_cast<double>(bits - exponent * (std::int64_t{1} << 52));
  const double s = (m - 1.0) / (m + 1.0), z = s * s;  // |s| <= 0.172; log m = 2 atanh s
  double p = 1.0 / 19;
  p = p * z + 1.0 / 17;
  p = p * z + 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  p = p * z + 1.0;
  return static_cast<double>(static_cast<std::int32_t>(exponent)) + 2.0 * kLog2E * s * p;
}

VGPU_WIDEST void ex2(int lanes, const float* a, float* out) {
  for (int i = 0; i < lanes; ++i) {
    const double x = static_cast<double>(a[i]);
    const double r = exp2_core(clamp(x, -200.0, 200.0));  // 2^-200 rounds to 0, 2^200 to infinity
    out[i] = static_cast<float>(a[i] == a[i] ? r : x);
  }
}

VGPU_WIDEST void lg2(int lanes, const float* a, float* out) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (int i = 0; i < lanes; ++i) {
    const double x = static_cast<double>(a[i]);
    const bool proper = x > 0.0 && x < kInfinity;
    const double r = log2_core(proper ? x : 1.0);
    const double special = x == 0.0  ? -kInfinity
                           : x > 0.0 ? kInfinity
                                     : std::numeric_limits<double>::quiet_NaN();
    out[i] = static_cast<float>(proper ? r : special);
  }
}

VGPU_WIDEST void tanh(int lanes, const float* a, float* out) {
  for (int i = 0; i < lanes; ++i) {
    const double x = static_cast<double>(a[i]);
    const double e = exp2_core(clamp(2.0 * kLog2E * x, -100.0, 100.0));
    const double r = (e - 1.0) / (e + 1.0);
    const double small =
        x - x * x * x * (1.0 / 3);  // |x| < 1e-3: the next term is below 2e-16 x; keeps -0
    const double y = x < 1e-3 && x > -1e-3 ? small : r;
    out[i] = static_cast<float>(a[i] == a[i] ? y : x);
  }
}

constexpr double kLargest = 1e5;  // beyond it the two-part pi/2 loses too much

/// sin (shift 0) or cos (shift 1) for |x| <= kLargest.
inline double circle(double x, std::int64_t quarter_turns) {
  constexpr double kTwoOverPi = 0.63661977236758134308;
  constexpr double kHalfPiHigh = 1.57079632673412561417;  // 33 bits: k * high is exact for k < 2^20
  constexpr double kHalfPiLow = 6.07710050650619224932e-11;
  const double shifted = x * kTwoOverPi + kRoundingMagic;
  const double k = shifted - kRoundingMagic;
  const double r = (x - k * kHalfPiHigh) - k * kHalfPiLow, z = r * r;
  double s = -1.0 / 1307674368000.0;
  s = s * z + 1.0 / 6227020800.0;
  s = s * z - 1.0 / 39916800;
  s = s * z + 1.0 / 362880;
  s = s * z - 1.0 / 5040;
  s = s * z + 1.0 / 120;
  s = s * z - 1.0 / 6;
  s = s * z * r + r;
  double c = 1.0 / 20922789888000.0;
  c = c * z - 1.0 / 87178291200.0;
  c = c * z + 1.0 / 479001600;
  c = c * z - 1.0 / 3628800;
  c = c * z + 1.0 / 40320;
  c = c * z - 1.0 / 720;
  c = c * z + 1.0 / 24;
  c = c * z - 0.5;
  c = c * z + 1.0;
  const std::int64_t quadrant = std::bit_cast<std::int64_t>(shifted) + quarter_turns;
  const double y = quadrant & 1 ? c : s;
  return quadrant & 2 ? -y : y;
}

VGPU_WIDEST void circle_lanes(int lanes, const float* a, float* out, std::int64_t quarter_turns) {
  for (int i = 0; i < lanes; ++i) {
    const double x = static_cast<double>(a[i]);
    const bool near = x >= -kLargest && x <= kLargest;
    const double r = circle(near ? x : 0.0, quarter_turns);
    out[i] = static_cast<float>(x == 0.0 && quarter_turns == 0 ? x : r);
  }
}

void sin(int lanes, const float* a, float* out) {
  circle_lanes(lanes, a, out, 0);
  for (int i = 0; i < lanes; ++i)
    if (!(std::fabs(a[i]) <= static_cast<float>(kLargest)))
      out[i] = static_cast<float>(std::sin(static_cast<double>(a[i])));
}

void cos(int lanes, const float* a, float* out) {
  circle_lanes(lanes, a, out, 1);
  for (int i = 0; i < lanes; ++i)
    if (!(std::fabs(a[i]) <= static_cast<float>(kLargest)))
      out[i] = static_cast<float>(std::cos(static_cast<double>(a[i])));
}

}  // namespace

std::span<const HelperSymbol> approximate_symbols() {
  static const HelperSymbol table[] = {{"vgpu_ex2_f32", reinterpret_cast<void*>(&ex2)},
                                       {"vgpu_lg2_f32", reinterpret_cast<void*>(&lg2)},
                                       {"vgpu_tanh_f32", reinterpret_cast<void*>(&tanh)},
                                       {"vgpu_sin_f32", reinterpret_cast<void*>(&sin)},
                                       {"vgpu_cos_f32", reinterpret_cast<void*>(&cos)}};
  return table;
}

}  // namespace vgpu::isa
