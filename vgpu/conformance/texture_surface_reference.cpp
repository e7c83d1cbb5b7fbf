#include "vgpu/conformance/texture_surface_reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace vgpu::conformance {
namespace {

using Geometry = ImageGeometry;
using Texel = TexelFormat::Kind;
using Outside = SurfaceRequest::Outside;
using Operation = SurfaceRequest::Operation;

/// First byte of the access in the lane's surface, or null.
std::uint8_t* place_of(const SurfaceLane& lane, const SurfaceRequest& request) {
  const Image& image = lane.image.object.image;
  const ImageLevel& level = image.levels[0];
  const s64 size = request.formatted ? static_cast<s64>(image.format.bytes())
                                     : s64{request.element_bytes} * request.count;
  const s64 row = static_cast<s64>(level.width * image.format.bytes());
  const auto at = [&](SurfaceWord k) { return static_cast<s64>(static_cast<s32>(lane.words[k])); };
  const Geometry g = request.geometry;
  const bool rows = g != Geometry::d1 && g != Geometry::a1d;
  const bool layers = g == Geometry::a1d || g == Geometry::a2d;
  s64 x = at(kX) * size, y = rows ? at(kY) : 0;
  s64 z = layers ? static_cast<s64>(lane.words[kLayer]) : g == Geometry::d3 ? at(kZ) : 0;
  const bool inside =
      x >= 0 && x + size <= row && y >= 0 && y < level.height && z >= 0 && z < level.depth;
  if (!inside) {
    if (request.outside != Outside::clamp || size > row) return nullptr;
    while (x < 0) x += size;
    while (x + size > row) x -= size;
    y = std::clamp<s64>(y, 0, level.height - 1);
    z = std::clamp<s64>(z, 0, level.depth - 1);
  }
  return level.data + static_cast<std::size_t>(z) * level.slice_bytes +
         static_cast<std::size_t>(y) * level.row_bytes + x;
}

u64 value_of(const SurfaceLane& lane, u32 k, u32 bytes) {
  const u64 low = lane.words[kValues + k], high = lane.words[kValues + 4 + k];
  return bytes == 8 ? low | high << 32 : low;
}

/// A 32-bit word as a component of the format.
u32 converted(const TexelFormat& format, u32 word) {
  const auto real = static_cast<long double>(std::bit_cast<float>(word));
  const s64 top = (s64{1} << (format.bits - 1)) - 1, full = 2 * top + 1;
  switch (format.kind) {
    case Texel::real:
      return format.bits == 32
                 ? word
                 : std::bit_cast<u16>(static_cast<_Float16>(std::bit_cast<float>(word)));
    case Texel::signed_normal:
      return static_cast<u32>(static_cast<s32>(
          std::nearbyint(std::clamp(real, -1.0L, 1.0L) * static_cast<long double>(top))));
    case Texel::unsigned_normal:
      return static_cast<u32>(
          std::nearbyint(std::clamp(real, 0.0L, 1.0L) * static_cast<long double>(full)));
    case Texel::signed_integer:
      return static_cast<u32>(std::clamp<s64>(static_cast<s32>(word), -top - 1, top));
    default:
      return static_cast<u32>(std::clamp<s64>(word, 0, full));
  }
}

void store(const SurfaceLane& lane, const SurfaceRequest& request, std::uint8_t* at) {
  const TexelFormat& format = lane.image.object.image.format;
  if (!request.formatted) {
    for (u32 k = 0; k < request.count; ++k) {
      const u64 value = value_of(lane, k, request.element_bytes);
      std::memcpy(at + k * request.element_bytes, &value, request.element_bytes);
    }
    return;
  }
  for (u32 k = 0; k < format.channels; ++k) {
    const u32 value = converted(format, k < request.count ? lane.words[kValues + k] : 0);
    std::memcpy(at + k * format.bits / 8, &value, format.bits / 8u);
  }
}

void reduce(const SurfaceLane& lane, const SurfaceRequest& request, std::uint8_t* at) {
  const bool is_signed = request.formatted
                             ? lane.image.object.image.format.kind == Texel::signed_integer
                             : request.is_signed;
  const int unused = 64 - 8 * static_cast<int>(request.element_bytes);
  const auto number = [&](u64 bits) -> I {
    return is_signed ? I{static_cast<s64>(bits << unused) >> unused} : I{bits << unused >> unused};
  };
  u64 old = 0;
  std::memcpy(&old, at, request.element_bytes);
  const u64 value = value_of(lane, 0, request.element_bytes);
  const bool less = number(value) < number(old);
  const u64 made = request.operation == Operation::add           ? old + value
                   : request.operation == Operation::minimum     ? (less ? value : old)
                   : request.operation == Operation::maximum     ? (less ? old : value)
                   : request.operation == Operation::logical_and ? (old & value)
                                                                 : (old | value);
  std::memcpy(at, &made, request.element_bytes);
}

}  // namespace

TextureResults perform(const SurfaceLane& lane, const SurfaceRequest& request, bool loads) {
  TextureResults out{};
  std::uint8_t* at = place_of(lane, request);
  if (!at) return out;
  if (request.operation != Operation::none)
    reduce(lane, request, at);
  else if (!loads)
    store(lane, request, at);
  else
    for (u32 k = 0; k < request.count; ++k)
      std::memcpy(&out[k], at + k * request.element_bytes, request.element_bytes);
  return out;
}

}  // namespace vgpu::conformance
