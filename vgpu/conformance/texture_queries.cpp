// texture_queries.cpp - txq and suq.
#include <algorithm>
#include <cstring>

#include "vgpu/conformance/texture_image.h"
#include "vgpu/conformance/texture_line.h"
#include "vgpu/conformance/texture_runner.h"

namespace vgpu::conformance {
namespace {

constexpr std::size_t kLevel = 6;  // the word that holds a level
constexpr std::size_t kImages = 60;

struct Query {
  const char* name;
  u32 (*reference)(const TextureObject&, s32 level);
};

u32 channel_data_type(const TextureObject& o) {
  using Kind = TexelFormat::Kind;
  const TexelFormat& f = o.image.format;
  const u32 size = static_cast<u32>(f.bits / 16);
  if (f.kind == Kind::real) return f.bits == 16 ? 0x10dd : 0x10de;
  const u32 first = f.kind == Kind::signed_normal     ? 0x10d0
                    : f.kind == Kind::unsigned_normal ? 0x10d2
                    : f.kind == Kind::signed_integer  ? 0x10d7
                                                      : 0x10da;
  return first + size;
}

u32 mode_number(AddressMode mode) {
  return mode == AddressMode::wrap     ? 0
         : mode == AddressMode::mirror ? 1
         : mode == AddressMode::clamp  ? 3
                                       : 4;
}

const ImageLevel& level_of(const TextureObject& o, s32 level) {
  return o.image.levels[std::min(o.image.level_count - 1, static_cast<u32>(std::max(level, 0)))];
}

constexpr Query kQueries[] = {
    {"width", [](const TextureObject& o, s32) { return o.image.levels[0].width; }},
    {"height", [](const TextureObject& o, s32) { return o.image.levels[0].height; }},
    {"depth",
     [](const TextureObject& o, s32) { return o.image.layered ? 1 : o.image.levels[0].depth; }},
    {"array_size",
     [](const TextureObject& o, s32) { return o.image.layered ? o.image.levels[0].depth : 1; }},
    {"channel_data_type", [](const TextureObject& o, s32) { return channel_data_type(o); }},
    {"channel_order",
     [](const TextureObject& o, s32) -> u32 {
       return o.image.format.channels == 1   ? 0x10b0
              : o.image.format.channels == 2 ? 0x10b2
                                             : 0x10b5;
     }},
    {"memory_layout", [](const TextureObject&, s32) -> u32 { return 0; }},
    {"normalized_coords", [](const TextureObject& o, s32) -> u32 { return o.sampler.normalized; }},
    {"force_unnormalized_coords",
     [](const TextureObject& o, s32) -> u32 { return o.sampler.normalized ? 0 : 1; }},
    {"num_mipmap_levels", [](const TextureObject& o, s32) { return o.image.level_count; }},
    {"num_samples", [](const TextureObject&, s32) -> u32 { return 1; }},
    {"filter_mode", [](const TextureObject& o, s32) -> u32 { return o.sampler.linear; }},
    {"addr_mode_0", [](const TextureObject& o, s32) { return mode_number(o.sampler.address[0]); }},
    {"addr_mode_1", [](const TextureObject& o, s32) { return mode_number(o.sampler.address[1]); }},
    {"addr_mode_2", [](const TextureObject& o, s32) { return mode_number(o.sampler.address[2]); }},
    {"level.width", [](const TextureObject& o, s32 l) { return level_of(o, l).width; }},
    {"level.height", [](const TextureObject& o, s32 l) { return level_of(o, l).height; }},
    {"level.depth",
     [](const TextureObject& o, s32 l) { return o.image.layered ? 1 : level_of(o, l).depth; }},
};

/// The first ones, which suq has too; memory_layout is suq's alone.
constexpr std::size_t kSurfaceQueries = 7;
constexpr std::size_t kLayout = kSurfaceQueries - 1;

TextureWords words_of(const TextureObject& object, s32 level) {
  TextureWords out{};
  const auto handle = static_cast<u64>(reinterpret_cast<std::uintptr_t>(&object));
  std::memcpy(out.data(), &handle, sizeof handle);
  out[kLevel] = static_cast<u32>(level);
  return out;
}

std::string run_queries(const std::string& ptx) {
  Random random(7);
  const TextureKernel kernel(ptx);
  for (const ImageGeometry g : {ImageGeometry::d3, ImageGeometry::a2d}) {
    const auto images = test_textures(g, kImages, random);
    std::vector<TextureWords> lanes;
    std::vector<s32> levels;
    for (std::size_t i = 0; i < 64; ++i) {
      levels.push_back(static_cast<s32>(random() % 6) - 1);
      lanes.push_back(words_of(images[i % images.size()].object, levels.back()));
    }
    const auto results = kernel.run(std::size(kQueries) - 1, lanes, ~0u, 0);
    for (std::size_t r = 0; r < results.size(); ++r)
      for (std::size_t i = 0; i < lanes.size(); ++i) {
        const std::size_t q = r < kLayout ? r : r + 1;
        const u32 want = kQueries[q].reference(images[i % images.size()].object, levels[i]);
        if (results[r][i][0] != want)
          return std::string("  txq.") + kQueries[q].name + " is " +
                 std::to_string(results[r][i][0]) + ", want " + std::to_string(want) + "\n";
      }
  }
  return {};
}

std::string run_surface_queries(const std::string& ptx) {
  Random random(8);
  const TextureKernel kernel(ptx);
  for (const ImageGeometry g : {ImageGeometry::d3, ImageGeometry::a2d})
    for (const TexelFormat& format : texel_formats()) {
      const TestImage image = test_surface(g, format, random);
      const std::vector<TextureWords> lanes(32, words_of(image.object, 0));
      const auto results = kernel.run(kSurfaceQueries, lanes, ~0u, 0);
      for (std::size_t q = 0; q < kSurfaceQueries; ++q)
        if (const u32 want = kQueries[q].reference(image.object, 0); results[q][31][0] != want)
          return std::string("  suq.") + kQueries[q].name + " is " +
                 std::to_string(results[q][31][0]) + ", want " + std::to_string(want) + "\n";
    }
  return {};
}

TextureLine line_of(const char* name, const std::vector<std::string>& queries,
                    std::string (*run)(const std::string&)) {
  TextureLine out;
  out.name = name;
  std::vector<TextureSection> sections;
  for (const std::string& query : queries) {
    const std::string opcode = std::string(name) + "." + query + ".b32";
    const bool level = query.starts_with("level");
    sections.push_back({"", opcode + " %d0, [%object]" + (level ? ", %w6" : ""), 'd', 1});
    out.opcodes.push_back(opcode);
  }
  out.ptx = texture_kernel(sections, false);
  out.run = [ptx = out.ptx, run] { return run(ptx); };
  return out;
}

}  // namespace

std::vector<TextureLine> query_lines() {
  std::vector<std::string> of_textures, of_surfaces;
  for (std::size_t q = 0; q < std::size(kQueries); ++q) {
    if (q != kLayout) of_textures.emplace_back(kQueries[q].name);
    if (q < kSurfaceQueries) of_surfaces.emplace_back(kQueries[q].name);
  }
  return {line_of("txq", of_textures, run_queries),
          line_of("suq", of_surfaces, run_surface_queries)};
}

}  // namespace vgpu::conformance
