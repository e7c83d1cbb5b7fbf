// small_float.cpp - rounding f32 to formats of fewer bits in any mode: halves, tf32 and the 8-bit
// formats.
//
// A value is an integer significand times a power of two; what a shift drops decides the rounding.
// Overflow, carries into the exponent and subnormal results need no case of their own but the
// largest value.
#include <bit>
#include <cstdint>

#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

enum class Mode { nearest, away, zero, down, up };

struct Format {
  int significand;         // bits, the implicit one included
  int lowest;              // exponent of the smallest normal value
  int width;               // bits of the encoding
  std::uint32_t largest;   // encoding of the largest finite magnitude
  std::uint32_t overflow;  // what a larger one becomes where the mode rounds outward
  std::uint32_t infinity;  // what infinity becomes
  std::uint32_t nan;
};

constexpr Format kF16{11, -14, 16, 0x7bff, 0x7c00, 0x7c00, 0x7fff};
constexpr Format kBf16{8, -126, 16, 0x7f7f, 0x7f80, 0x7f80, 0x7fff};
constexpr Format kTf32{11, -126, 19, 0x3fbff, 0x3fc00, 0x3fc00, 0x3ffff};
constexpr Format kE4m3{4, -6, 8, 0x7e, 0x7e, 0x7e, 0x7f};   // saturates
constexpr Format kE5m2{3, -14, 8, 0x7b, 0x7b, 0x7b, 0x7f};  // saturates

/// significand >> shift with what was dropped rounded by the mode.
std::uint32_t shifted(std::uint32_t significand, int shift, bool negative, Mode mode) {
  if (shift <= 0) return significand << -shift;
  if (shift > 30) shift = 30, significand = significand != 0;
  const std::uint32_t kept = significand >> shift;
  const std::uint32_t rest = significand & ((1u << shift) - 1), half = 1u << (shift - 1);
  switch (mode) {
    case Mode::nearest:
      return kept + (rest > half || (rest == half && (kept & 1)));
    case Mode::away:
      return kept + (rest >= half);
    case Mode::zero:
      return kept;
    case Mode::down:
      return kept + (negative && rest != 0);
    case Mode::up:
      return kept + (!negative && rest != 0);
  }
  return kept;
}

std::uint32_t rounded(float value, const Format& f, Mode mode) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const bool negative = bits >> 31 != 0;
  const std::uint32_t sign = (bits >> 31) << (f.width - 1), magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return f.nan;
  if (magnitude == 0x7f800000) return sign | f.infinity;
  const int field = static_cast<int>(magnitude >> 23);
  const int exponent = (field == 0 ? 1 : field) - 127;
  const std::uint32_t significand = (magnitude & 0x7fffff) | (field == 0 ? 0 : 0x800000);
  const int at = exponent < f.lowest ? f.lowest : exponent;
  const int shift = (at - (f.significand - 1)) - (exponent - 23);
  const std::uint32_t kept = shifted(significand, shift, negative, mode);
  // The implicit bit and a carry out of the significand raise the exponent's field.
  const std::uint32_t result =
      (static_cast<std::uint32_t>(at - f.lowest) << (f.significand - 1)) + kept;
  if (result <= f.largest) return sign | result;
  const bool outward = mode == Mode::nearest || mode == Mode::away ||
                       (mode == Mode::up && !negative) || (mode == Mode::down && negative);
  return sign | (outward ? f.overflow : f.largest);
}

template <const Format& format, Mode mode>
void to_16(int lanes, const float* a, std::uint16_t* out) {
  for (int i = 0; i < lanes; ++i) out[i] = static_cast<std::uint16_t>(rounded(a[i], format, mode));
}

/// tf32 lies in the upper 19 bits of an f32.
template <Mode mode>
void to_tf32(int lanes, const float* a, std::uint32_t* out) {
  for (int i = 0; i < lanes; ++i) {
    const std::uint32_t r = rounded(a[i], kTf32, mode);
    out[i] = r == kTf32.nan ? 0x7fffffff : r << 13;
  }
}

void e4m3_to_f32(int lanes, const std::uint16_t* a, float* out) {
  for (int i = 0; i < lanes; ++i) {
    const std::uint32_t magnitude = a[i] & 0x7f, field = magnitude >> 3, fraction = magnitude & 7;
    const std::uint32_t sign = (a[i] & 0x80u) << 24;
    float value = static_cast<float>(fraction) * 0x1p-9f;
    if (field != 0) value = std::bit_cast<float>((field + 120) << 23 | fraction << 20);
    if (magnitude == 0x7f) value = std::bit_cast<float>(0x7fffffffu);
    out[i] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
  }
}

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

std::span<const HelperSymbol> small_float_symbols() {
  static const HelperSymbol table[] = {
      {"vgpu_cvt_rz_f16_f32", address(&to_16<kF16, Mode::zero>)},
      {"vgpu_cvt_rm_f16_f32", address(&to_16<kF16, Mode::down>)},
      {"vgpu_cvt_rp_f16_f32", address(&to_16<kF16, Mode::up>)},
      {"vgpu_cvt_rz_bf16_f32", address(&to_16<kBf16, Mode::zero>)},
      {"vgpu_cvt_rm_bf16_f32", address(&to_16<kBf16, Mode::down>)},
      {"vgpu_cvt_rp_bf16_f32", address(&to_16<kBf16, Mode::up>)},
      {"vgpu_cvt_rn_e4m3_f32", address(&to_16<kE4m3, Mode::nearest>)},
      {"vgpu_cvt_rn_e5m2_f32", address(&to_16<kE5m2, Mode::nearest>)},
      {"vgpu_cvt_rn_tf32_f32", address(&to_tf32<Mode::nearest>)},
      {"vgpu_cvt_rna_tf32_f32", address(&to_tf32<Mode::away>)},
      {"vgpu_cvt_rz_tf32_f32", address(&to_tf32<Mode::zero>)},
      {"vgpu_cvt_f32_e4m3", address(&e4m3_to_f32)}};
  return table;
}

}  // namespace vgpu::isa
