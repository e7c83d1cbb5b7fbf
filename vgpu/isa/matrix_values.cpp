#include "vgpu/isa/matrix_values.h"

#include <immintrin.h>

#include <array>
#include <bit>
#include <cmath>

namespace vgpu::isa {
namespace {

bool has_f16c() {
  static const bool has = __builtin_cpu_supports("f16c") && __builtin_cpu_supports("avx");
  return has;
}

// --- one at a time ---

/// A float of `fraction` bits of fraction and an exponent of `exponent` bits, where all ones mean
/// infinity and NaN as they do in f16.
float small_value(std::uint32_t bits, int exponent, int fraction) {
  const std::uint32_t all = (1u << exponent) - 1, field = bits >> fraction & all;
  const int bias = (1 << (exponent - 1)) - 1;
  const auto significand = static_cast<float>(bits & ((1u << fraction) - 1));
  float value = 0;
  if (field == all)
    value = significand == 0 ? INFINITY : NAN;
  else if (field == 0)
    value = std::ldexp(significand, 1 - bias - fraction);
  else
    value = std::ldexp(significand + static_cast<float>(1u << fraction),
                       static_cast<int>(field) - bias - fraction);
  return bits >> (exponent + fraction) & 1 ? -value : value;
}

/// e4m3 has no infinity: all ones below the sign are NaN, and its largest exponent is a number's.
float e4m3_value(std::uint32_t bits) {
  if ((bits & 0x7f) == 0x7f) return NAN;
  if ((bits & 0x78) != 0x78) return small_value(bits, 4, 3);
  const float value = std::ldexp(static_cast<float>(8 + (bits & 7)), 15 - 7 - 3);
  return bits & 0x80 ? -value : value;
}

using Bytes = std::array<float, 256>;

const Bytes& values_of_bytes(Element element) {
  static const std::array<Bytes, 2> tables = [] {
    std::array<Bytes, 2> out{};
    for (std::uint32_t bits = 0; bits < 256; ++bits) {
      out[0][bits] = e4m3_value(bits);
      out[1][bits] = small_value(bits, 5, 2);
    }
    return out;
  }();
  return tables[element == Element::e5m2];
}

/// The scaled value is exact in f32, so that nearbyint is the one rounding, to nearest even.
std::uint16_t half_bits(float value) {
  const auto sign = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16 & 0x8000);
  const float magnitude = std::fabs(value);
  if (!(magnitude < 65520)) return std::isnan(value) ? 0x7fff : sign | 0x7c00;
  const int exponent = magnitude < 0x1p-14f ? -14 : std::ilogb(magnitude);
  const auto units = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
  // The implicit bit and a carry into the next binade raise the exponent's field by themselves.
  return static_cast<std::uint16_t>(sign | ((exponent + 14) * 1024 + units));
}

// --- eight at a time ---

__attribute__((target("f16c,avx"))) int widen_halves(const std::uint16_t* in, int count,
                                                     float* out) {
  int i = 0;
  for (; i + 8 <= count; i += 8)
    _mm256_storeu_ps(out + i,
                     _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
  return i;
}

__attribute__((target("f16c,avx"))) int narrow_floats(const float* in, int count,
                                                      std::uint16_t* out) {
  int i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 values = _mm256_loadu_ps(in + i);
    if (_mm256_movemask_ps(_mm256_cmp_ps(values, values, _CMP_UNORD_Q)) != 0) break;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                     _mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
  }
  return i;
}

}  // namespace

void floats_of(Element element, const void* packed, int count, float* out) {
  const auto* halves = static_cast<const std::uint16_t*>(packed);
  const auto* words = static_cast<const std::uint32_t*>(packed);
  const auto* bytes = static_cast<const std::uint8_t*>(packed);
  constexpr std::uint32_t kTf32Bits = 0xffffe000;
  if (element == Element::f16) {
    int i = has_f16c() ? widen_halves(halves, count, out) : 0;
    for (; i < count; ++i) out[i] = small_value(halves[i], 5, 10);
  } else if (element == Element::bf16) {
    for (int i = 0; i < count; ++i) out[i] = std::bit_cast<float>(std::uint32_t{halves[i]} << 16);
  } else if (element == Element::tf32) {
    for (int i = 0; i < count; ++i) out[i] = std::bit_cast<float>(words[i] & kTf32Bits);
  } else {
    const Bytes& values = values_of_bytes(element);
    for (int i = 0; i < count; ++i) out[i] = values[bytes[i]];
  }
}

void halves_of(const float* values, int count, std::uint16_t* out) {
  int i = has_f16c() ? narrow_floats(values, count, out) : 0;
  for (; i < count; ++i) out[i] = half_bits(values[i]);
}

void words_of(Element element, const void* packed, int count, std::int16_t* out) {
  const auto* bytes = static_cast<const std::uint8_t*>(packed);
  if (element == Element::u8) {
    for (int i = 0; i < count; ++i) out[i] = bytes[i];
  } else if (element == Element::s8) {
    for (int i = 0; i < count; ++i) out[i] = static_cast<std::int8_t>(bytes[i]);
  } else {
    for (int i = 0; i < count; ++i) {
      const int value = bytes[i / 2] >> (i % 2 * 4) & 15;
      out[i] = static_cast<std::int16_t>(element == Element::s4 && value > 7 ? value - 16 : value);
    }
  }
}

}  // namespace vgpu::isa
