#include "vgpu/conformance/soft_float.h"

#include <bit>
#include <cmath>

namespace vgpu::conformance {
namespace {

using Bits = unsigned __int128;

constexpr int kFraction = 112;
constexpr int kBias = 16383;
constexpr Bits kOne = 1;
constexpr Bits kSign = kOne << 127;

Bits raw(Quad value) { return __builtin_bit_cast(Bits, value); }
Quad quad(Bits bits) { return __builtin_bit_cast(Quad, bits); }
bool is_negative(Quad value) { return (raw(value) & kSign) != 0; }
bool is_finite(Quad value) { return (raw(value) >> kFraction & 0x7fff) != 0x7fff; }
int exponent_of(Quad value) {
  return static_cast<int>(static_cast<unsigned>(raw(value) >> kFraction) & 0x7fff) - kBias;
}

/// significand * 2^exponent, exact for significands below 2^113.
Quad scaled(Bits significand, int exponent) {
  const Bits power = static_cast<Bits>(static_cast<unsigned>(kBias + exponent)) << kFraction;
  return static_cast<Quad>(significand) * quad(power);
}

/// significand >> shift, rounded; `negative` decides for the directed modes.
Bits shifted(Bits significand, int shift, bool negative, Rounding mode) {
  if (shift <= 0) return significand << -shift;
  if (shift > 120) significand = 1, shift = 120;  // below half of the last place
  const Bits kept = significand >> shift, rest = significand & ((kOne << shift) - 1);
  const Bits half = kOne << (shift - 1);
  bool up = false;
  if (mode == Rounding::nearest_even) up = rest > half || (rest == half && (kept & 1));
  if (mode == Rounding::nearest_away) up = rest >= half;
  if (mode == Rounding::down) up = negative && rest != 0;
  if (mode == Rounding::up) up = !negative && rest != 0;
  return kept + (up ? 1 : 0);
}

/// The step from a value that was rounded to the next one in magnitude, made odd.
Quad to_odd(Quad value, bool larger_in_magnitude) {
  const Bits bits = raw(value);
  if (bits & 1) return value;
  return quad(larger_in_magnitude ? bits + 1 : bits - 1);
}

std::uint64_t infinity_of(Format f) {
  const int exponent_bits = f.bits - f.significand;
  return ((std::uint64_t{1} << exponent_bits) - 1) << (f.significand - 1);
}

}  // namespace

bool is_nan(Quad value) { return value != value; }

Quad decode(std::uint64_t bits, Format f) {
  const std::uint64_t magnitude = bits & ((std::uint64_t{1} << (f.bits - 1)) - 1);
  const bool negative = (bits >> (f.bits - 1) & 1) != 0;
  const Quad nan = quad((static_cast<Bits>(0x7fff) << kFraction) + 1);
  if (f.infinities && magnitude > infinity_of(f)) return nan;
  if (!f.infinities && magnitude == (std::uint64_t{1} << (f.bits - 1)) - 1) return nan;
  const std::uint64_t fraction = magnitude & ((std::uint64_t{1} << (f.significand - 1)) - 1);
  const int field = static_cast<int>(magnitude >> (f.significand - 1));
  Quad value = 0;
  if (f.infinities && magnitude == infinity_of(f)) {
    value = quad(static_cast<Bits>(0x7fff) << kFraction);
  } else {
    const std::uint64_t significand =
        field == 0 ? fraction : fraction | std::uint64_t{1} << (f.significand - 1);
    value = scaled(significand, f.lowest + (field == 0 ? 0 : field - 1) - (f.significand - 1));
  }
  return negative ? -value : value;
}

std::uint64_t encode(Quad value, Format f, Rounding mode) {
  const std::uint64_t sign_bit = std::uint64_t{1} << (f.bits - 1);
  if (is_nan(value)) return sign_bit - 1;
  const bool negative = is_negative(value);
  const std::uint64_t sign = negative ? sign_bit : 0;
  const std::uint64_t beyond = f.infinities ? infinity_of(f) : sign_bit - 1;
  const bool outward =
      f.infinities && (mode == Rounding::nearest_even || mode == Rounding::nearest_away ||
                       (mode == Rounding::up && !negative) || (mode == Rounding::down && negative));
  if (!is_finite(value)) return sign | (f.infinities ? beyond : beyond - 1);
  if (value == 0) return sign;
  const int exponent = exponent_of(value);
  const Bits significand = (raw(value) & ((kOne << kFraction) - 1)) | kOne << kFraction;
  const int at = exponent < f.lowest ? f.lowest : exponent;
  const int shift = at - (f.significand - 1) - (exponent - kFraction);
  const auto kept = static_cast<std::uint64_t>(shifted(significand, shift, negative, mode));
  if (at - f.lowest >= 1 << (f.bits - f.significand)) return sign | (outward ? beyond : beyond - 1);
  // The implicit bit and a carry out of the significand raise the exponent's field by themselves.
  const std::uint64_t result =
      (static_cast<std::uint64_t>(at - f.lowest) << (f.significand - 1)) + kept;
  if (result < beyond) return sign | result;
  return sign | (outward ? beyond : beyond - 1);
}

Quad sum(Quad a, Quad b, Rounding mode) {
  const Quad s = a + b;
  if (!is_finite(s)) return s;
  if (s == 0) {
    if (a == 0 && b == 0 && is_negative(a) == is_negative(b)) return a;
    return mode == Rounding::down ? -Quad{0} : Quad{0};
  }
  const Quad b_part = s - a;
  const Quad error = (a - (s - b_part)) + (b - b_part);
  if (error == 0) return s;
  return to_odd(s, is_negative(error) == is_negative(s));
}

Quad quotient(Quad a, Quad b) {
  const Quad q = a / b;
  if (!is_finite(q) || q == 0 || !is_finite(b)) return q;
  constexpr int kDropped = 53;  // leaves 60 bits, whose product with b is exact
  const Quad head = quad(raw(q) >> kDropped << kDropped);
  const Quad rest = a - head * b;
  if (rest == 0) return head;
  const bool larger = is_negative(rest) == is_negative(a);
  return larger ? quad(raw(head) + 1) : quad(raw(head) - 1);
}

Quad root(Quad a) {
  if (is_nan(a) || a == 0) return a;
  if (is_negative(a)) return decode(~std::uint64_t{0} >> 1, kF64);
  if (!is_finite(a)) return a;
  constexpr int kDropped = 57;  // leaves 56 bits, whose square is exact
  const Quad head =
      quad(raw(static_cast<Quad>(sqrtl(static_cast<long double>(a)))) >> kDropped << kDropped);
  const Quad rest = a - head * head;
  if (rest == 0) return head;
  return is_negative(rest) ? quad(raw(head) - 1) : quad(raw(head) + 1);
}

Quad integral(Quad value, Rounding mode) {
  if (!is_finite(value) || value == 0) return value;
  const int exponent = exponent_of(value);
  if (exponent >= kFraction) return value;
  const bool negative = is_negative(value);
  const Bits significand = (raw(value) & ((kOne << kFraction) - 1)) | kOne << kFraction;
  const Bits whole = shifted(significand, kFraction - exponent, negative, mode);
  const Quad magnitude = static_cast<Quad>(whole);
  return negative ? -magnitude : magnitude;
}

}  // namespace vgpu::conformance
