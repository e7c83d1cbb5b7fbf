#include "vgpu/conformance/texture_image.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace vgpu::conformance {
namespace {

using Texel = TexelFormat::Kind;

u32 below(Random& random, u32 count) { return static_cast<u32>(random() % count); }
bool coin(Random& random) { return (random() & 1) != 0; }

bool is_cube(ImageGeometry g) { return g == ImageGeometry::cube || g == ImageGeometry::acube; }

/// A level as large as its extents, filled.
void add_level(TestImage& image, u32 width, u32 height, u32 depth, Random& random) {
  const TexelFormat& format = image.object.image.format;
  ImageLevel& level = image.object.image.levels[image.levels.size()];
  const std::size_t gap = 16 * below(random, 2);  // rows need not lie side by side
  level.width = width;
  level.height = height;
  level.depth = depth;
  level.row_bytes = (width * format.bytes() + gap + 15) / 16 * 16;
  level.slice_bytes = level.row_bytes * height + gap;
  image.levels.emplace_back(level.slice_bytes * depth, std::uint8_t{0xa5});
  level.data = image.levels.back().data();
  const auto component_bytes = static_cast<std::size_t>(format.bits / 8);
  for (u32 z = 0; z < depth; ++z)
    for (u32 y = 0; y < height; ++y)
      for (u32 i = 0; i < width * format.channels; ++i) {
        const u32 bits = any_component(format, random);
        std::memcpy(level.data + z * level.slice_bytes + y * level.row_bytes + i * component_bytes,
                    &bits, component_bytes);
      }
}

void add_levels(TestImage& image, ImageGeometry g, Random& random) {
  const bool has_rows = g != ImageGeometry::d1 && g != ImageGeometry::a1d;
  u32 width = 1 + below(random, 9);
  u32 height = is_cube(g) ? width : has_rows ? 1 + below(random, 9) : 1;
  u32 depth = g == ImageGeometry::d3 ? 1 + below(random, 5) : 1;
  const u32 layers = g == ImageGeometry::cube     ? 6
                     : g == ImageGeometry::acube  ? 6 * (1 + below(random, 3))
                     : image.object.image.layered ? 1 + below(random, 4)
                                                  : 0;
  const u32 most = static_cast<u32>(std::bit_width(std::max({width, height, depth})));
  const u32 count = coin(random) ? 1 : 1 + below(random, most);
  image.levels.reserve(count);
  for (u32 i = 0; i < count; ++i) {
    add_level(image, width, height, layers ? layers : depth, random);
    width = std::max(1u, width / 2);
    height = std::max(1u, height / 2);
    depth = std::max(1u, depth / 2);
  }
  image.object.image.level_count = count;
}

Sampler any_sampler(const Image& image, bool cube, Random& random) {
  Sampler out;
  for (AddressMode& mode : out.address) mode = static_cast<AddressMode>(below(random, 4));
  out.linear = image.format.reads_as_float() && coin(random);
  out.linear_between_levels = image.format.reads_as_float() && coin(random);
  out.normalized = cube || image.level_count > 1 || coin(random);
  out.srgb = image.format.kind == Texel::unsigned_normal && coin(random);
  out.seamless = cube && image.format.reads_as_float() && coin(random);
  for (u32& word : out.border)
    word = image.format.reads_as_float()
               ? std::bit_cast<u32>(static_cast<float>(below(random, 100)) / 64.0f - 0.5f)
               : static_cast<u32>(random());
  out.level_bias = static_cast<float>(below(random, 3)) * 0.5f;
  out.least_level = static_cast<float>(below(random, 2)) * 0.75f;
  out.most_level = out.least_level + static_cast<float>(below(random, 4));
  return out;
}

}  // namespace

const std::vector<TexelFormat>& texel_formats() {
  static const std::vector<TexelFormat> all = [] {
    std::vector<TexelFormat> out;
    const std::uint8_t few[] = {1, 2, 4};
    for (const std::uint8_t channels : few) {
      for (const int bits : {8, 16, 32})
        for (const Texel kind : {Texel::signed_integer, Texel::unsigned_integer})
          out.push_back({kind, channels, static_cast<std::uint8_t>(bits)});
      for (const int bits : {8, 16})
        for (const Texel kind : {Texel::signed_normal, Texel::unsigned_normal})
          out.push_back({kind, channels, static_cast<std::uint8_t>(bits)});
      for (const int bits : {16, 32})
        out.push_back({Texel::real, channels, static_cast<std::uint8_t>(bits)});
    }
    return out;
  }();
  return all;
}

u32 any_component(const TexelFormat& format, Random& random) {
  if (format.kind != Texel::real) return static_cast<u32>(random());
  const float value = static_cast<float>(static_cast<s32>(below(random, 4096)) - 2048) *
                      (coin(random) ? 0x1p-9f : 0x1p-14f);
  if (format.bits == 32) return std::bit_cast<u32>(coin(random) ? value : value / 3);
  return std::bit_cast<u16>(static_cast<_Float16>(value));
}

std::deque<TestImage> test_textures(ImageGeometry g, int count, Random& random) {
  std::deque<TestImage> out;
  for (int i = 0; i < count; ++i) {
    TestImage& image = out.emplace_back();
    const auto& formats = texel_formats();
    image.object.mark = TextureObject::kTexture;
    image.object.image.format = formats[static_cast<std::size_t>(i) % formats.size()];
    image.object.image.layered = g > ImageGeometry::d3;
    add_levels(image, g, random);
    image.object.sampler = any_sampler(image.object.image, is_cube(g), random);
    if (g != ImageGeometry::d1 || image.object.image.level_count > 1 || i % 4 != 0) continue;
    image.object.image.linear = true;  // plain memory: no sampler, zeros outside
    image.object.sampler = {};
    image.object.sampler.address[0] = AddressMode::border;
  }
  return out;
}

TestImage test_surface(ImageGeometry g, const TexelFormat& format, Random& random) {
  TestImage image;
  image.object.mark = TextureObject::kSurface;
  image.object.image.format = format;
  image.object.image.layered = g == ImageGeometry::a1d || g == ImageGeometry::a2d;
  const bool has_rows = g != ImageGeometry::d1 && g != ImageGeometry::a1d;
  const bool has_slices = g == ImageGeometry::d3 || image.object.image.layered;
  add_level(image, 1 + below(random, 7), has_rows ? 1 + below(random, 5) : 1,
            has_slices ? 1 + below(random, 4) : 1, random);
  return image;
}

}  // namespace vgpu::conformance
