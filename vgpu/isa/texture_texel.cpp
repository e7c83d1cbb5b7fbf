#include "vgpu/isa/texture_texel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace vgpu::isa {
namespace {

using Kind = TexelFormat::Kind;

std::uint32_t load_raw(const std::uint8_t* at, int bits) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, static_cast<std::size_t>(bits / 8));
  return value;
}

std::int32_t extended(std::uint32_t raw, int bits) {
  return static_cast<std::int32_t>(raw << (32 - bits)) >> (32 - bits);
}

float float_of_half(std::uint32_t raw) {
  return static_cast<float>(std::bit_cast<_Float16>(static_cast<std::uint16_t>(raw)));
}

std::uint32_t largest(int bits) { return ~0u >> (32 - bits); }

double linear_of_srgb(double c) {
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

float component_as_float(const TexelFormat& format, std::uint32_t raw, bool srgb) {
  const int bits = format.bits;
  if (format.kind == Kind::unsigned_normal) {
    const double value = static_cast<double>(raw) / static_cast<double>(largest(bits));
    return static_cast<float>(srgb && bits == 8 ? linear_of_srgb(value) : value);
  }
  if (format.kind == Kind::signed_normal)
    return static_cast<float>(std::max(
        -1.0, static_cast<double>(extended(raw, bits)) / static_cast<double>(largest(bits - 1))));
  return bits == 16 ? float_of_half(raw) : std::bit_cast<float>(raw);
}

std::uint32_t clamped(std::int64_t value, std::int64_t low, std::int64_t high) {
  return static_cast<std::uint32_t>(std::clamp(value, low, high));
}

/// Rounded to nearest; NaN becomes 0.
std::uint32_t normalized(float value, double least, double scale) {
  if (std::isnan(value)) return 0;
  const double scaled = std::clamp(static_cast<double>(value), least, 1.0) * scale;
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(std::nearbyint(scaled)));
}

std::uint32_t component_to_raw(const TexelFormat& format, std::uint32_t word) {
  const int bits = format.bits;
  const auto real = std::bit_cast<float>(word);
  const std::int64_t top = largest(bits - 1);
  switch (format.kind) {
    case Kind::signed_integer:
      return clamped(static_cast<std::int32_t>(word), -top - 1, top);
    case Kind::unsigned_integer:
      return clamped(word, 0, largest(bits));
    case Kind::signed_normal:
      return normalized(real, -1, static_cast<double>(top));
    case Kind::unsigned_normal:
      return normalized(real, 0, largest(bits));
    default:
      return bits == 16 ? half_of_float(real) : word;
  }
}

}  // namespace

std::uint16_t half_of_float(float value) {
  return std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
}

std::uint32_t missing_component(const TexelFormat& format, int channel) {
  if (channel < 3) return 0;
  return format.reads_as_float() ? std::bit_cast<std::uint32_t>(1.0f) : 1;
}

Texel load_texel(const TexelFormat& format, const std::uint8_t* at, bool srgb) {
  Texel out;
  for (int c = 0; c < 4; ++c) {
    std::uint32_t& word = out[static_cast<std::size_t>(c)];
    if (c >= format.channels) {
      word = missing_component(format, c);
      continue;
    }
    word = load_raw(at + c * format.bits / 8, format.bits);
    if (format.reads_as_float()) {
      word = std::bit_cast<std::uint32_t>(component_as_float(format, word, srgb && c < 3));
    } else if (format.kind == Kind::signed_integer) {
      word = static_cast<std::uint32_t>(extended(word, format.bits));
    }
  }
  return out;
}

void store_texel(const TexelFormat& format, std::uint8_t* at, const Texel& texel) {
  for (int c = 0; c < format.channels; ++c) {
    const std::uint32_t raw = component_to_raw(format, texel[static_cast<std::size_t>(c)]);
    std::memcpy(at + c * format.bits / 8, &raw, static_cast<std::size_t>(format.bits / 8));
  }
}

const TextureObject* object_of(std::uint64_t handle, std::uint64_t mark, const char** refusal) {
  const auto* object = reinterpret_cast<const TextureObject*>(handle);
  if (object && handle % alignof(TextureObject) == 0 && object->mark == mark) return object;
  *refusal = mark == TextureObject::kTexture ? "the handle is no texture object"
                                             : "the handle is no surface object";
  return nullptr;
}

}  // namespace vgpu::isa
