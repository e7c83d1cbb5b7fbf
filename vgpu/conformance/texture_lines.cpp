// texture_lines.cpp - tex and tld4 of every geometry, level and type.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>

#include "vgpu/conformance/texture_image.h"
#include "vgpu/conformance/texture_line.h"
#include "vgpu/conformance/texture_reference.h"
#include "vgpu/conformance/texture_runner.h"

namespace vgpu::conformance {
namespace {

using Geometry = ImageGeometry;
using Level = TextureRequest::Level;

constexpr int kWarps = 24, kImages = 60;
constexpr const char* kGeometries[] = {"1d", "2d", "3d", "a1d", "a2d", "cube", "acube"};
constexpr const char* kLevels[] = {"", ".base", ".level", ".grad"};

// The words of a lane.
enum Word { kHandle = 0, kAt = 2, kLayer = 5, kLevel = 6, kGradient = 7 };

/// One instruction: its text, and what it asks.
struct Read {
  TextureSection section;
  TextureRequest request{};
  std::array<int, 3> offset{};
  bool packed = false;
  std::string opcode;
};

int axes_of(Geometry g) {
  return g == Geometry::d1 || g == Geometry::a1d   ? 1
         : g == Geometry::d2 || g == Geometry::a2d ? 2
                                                   : 3;
}

std::string word(int k) { return "%w" + std::to_string(k); }

std::string vector_of(const std::vector<std::string>& parts) {
  std::string out = "{";
  for (const std::string& part : parts) out += (out.size() > 1 ? ", " : "") + part;
  return out + "}";
}

/// Three parts are followed by a fourth that is ignored.
std::vector<std::string> filled(std::vector<std::string> parts) {
  if (parts.size() == 3) parts.push_back(parts[2]);
  return parts;
}

std::string coordinates(Geometry g) {
  std::vector<std::string> parts;
  if (g == Geometry::a1d || g == Geometry::a2d || g == Geometry::acube)
    parts.push_back(word(kLayer));
  for (int k = 0; k < axes_of(g); ++k) parts.push_back(word(kAt + k));
  return vector_of(filled(parts));
}

std::string gradient(Geometry g, int which) {
  std::vector<std::string> parts;
  for (int k = 0; k < axes_of(g); ++k) parts.push_back(word(kGradient + 3 * which + k));
  return vector_of(filled(parts));
}

Read make(const std::string& stem, TextureRequest request, const std::string& type,
          std::array<int, 3> offset = {}) {
  Read read;
  read.request = request;
  read.offset = offset;
  read.packed = type == "f16x2";
  read.request.halves = read.packed || type == "f16";
  read.section.results = type == "f16" ? 'h' : 'd';
  read.section.count = read.packed ? 2 : 4;
  const Geometry g = request.geometry;
  read.opcode = stem + "." + kGeometries[static_cast<int>(g)] + (read.packed ? ".v2." : ".v4.") +
                type + (request.integers ? ".s32" : ".f32");
  std::vector<std::string> results;
  for (int k = 0; k < read.section.count; ++k)
    results.push_back(std::string("%") + read.section.results + std::to_string(k));
  read.section.text =
      read.opcode + " " + vector_of(results) + ", [%object, " + coordinates(g) + "]";
  if (request.level == Level::given) read.section.text += ", " + word(kLevel);
  if (request.level == Level::gradient)
    read.section.text += ", " + gradient(g, 0) + ", " + gradient(g, 1);
  if (offset != std::array<int, 3>{}) {
    std::vector<std::string> parts;
    for (int k = 0; k < axes_of(g); ++k)
      parts.push_back(std::to_string(offset[static_cast<std::size_t>(k)]));
    read.section.text += ", " + vector_of(filled(parts));
  }
  return read;
}

Read tex(Geometry g, Level level, const std::string& type, bool integers = false,
         std::array<int, 3> offset = {}) {
  return make(std::string("tex") + kLevels[static_cast<int>(level)], {g, level, integers}, type,
              offset);
}

// --- what the lanes are given ---

float any_coordinate(u32 size, bool normalized, Random& random) {
  const auto n = static_cast<float>(size);
  const float steps = static_cast<float>(random() % (4 * size + 1)) - n;
  float x = 0;
  switch (random() % 8) {
    case 0:  // an edge of a texel
      x = steps;
      break;
    case 1:  // its middle
      x = steps + 0.5f;
      break;
    case 2:  // about half a step of a filter's weight
      x = steps + (static_cast<float>(random() % 512) + 0.5f) / 512;
      break;
    case 3: {
      const float far[] = {1e20f, -1e20f, 0.0f, -0.0f, 1.0f, 0.99999994f, -1e-6f, 2147483648.0f};
      return far[random() % 8];
    }
    default:
      x = static_cast<float>(random() % (1 << 20)) / (1 << 20) * 3 * n - n;
  }
  return normalized ? x / n : x;
}

TextureRead any_read(const TextureObject& object, const Read& what, Random& random) {
  TextureRead out;
  out.request = what.request;
  const ImageLevel& level = object.image.levels[0];
  const u32 sizes[] = {level.width, level.height, level.depth};
  const bool cube = what.request.geometry >= Geometry::cube;
  for (int k = 0; k < 3; ++k) {
    out.at[k] = cube ? static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 100
                     : any_coordinate(sizes[k], object.sampler.normalized, random);
    out.integers[k] = static_cast<s32>(random() % (sizes[k] + 5)) - 2;
    if (random() % 16 == 0) out.integers[k] = random() & 1 ? INT32_MAX : INT32_MIN;
    out.offset[k] = what.offset[static_cast<std::size_t>(k)];
    for (auto& step : out.gradient)
      step[k] = random() % 4 == 0 ? 0.125f : static_cast<float>(random() % 1000) / 1500 - 0.3f;
  }
  if (cube && random() % 8 == 0) out.at[random() % 3] *= 1000;
  out.layer = random() % 16 == 0 ? ~0u : static_cast<u32>(random() % (level.depth + 2));
  out.level = static_cast<float>(static_cast<int>(random() % 1400) - 200) / 256;
  out.integer_level = static_cast<s32>(random() % 6) - 1;
  return out;
}

TextureWords words_of(const TextureObject& object, const TextureRead& read) {
  TextureWords out{};
  const auto handle = static_cast<u64>(reinterpret_cast<std::uintptr_t>(&object));
  std::memcpy(&out[kHandle], &handle, sizeof handle);
  for (std::size_t k = 0; k < 3; ++k) {
    out[kAt + k] =
        read.request.integers ? static_cast<u32>(read.integers[k]) : std::bit_cast<u32>(read.at[k]);
    out[kGradient + k] = std::bit_cast<u32>(read.gradient[0][k]);
    out[kGradient + 3 + k] = std::bit_cast<u32>(read.gradient[1][k]);
  }
  out[kLayer] = read.layer;
  out[kLevel] =
      read.request.integers ? static_cast<u32>(read.integer_level) : std::bit_cast<u32>(read.level);
  return out;
}

// --- judging ---

bool near(u32 got, u32 want, bool exact, bool halves) {
  if (got == want) return true;
  if (exact) return false;
  const u32 sign = halves ? 0x8000 : 0x80000000;
  const auto order = [&](u32 bits) {
    const auto size = static_cast<s64>(bits & (sign - 1));
    return (bits & sign) != 0 ? -size : size;
  };
  return std::abs(order(got) - order(want)) <= 1;
}

u32 half_bits(u32 word) {
  return std::bit_cast<u16>(static_cast<_Float16>(std::bit_cast<float>(word)));
}

std::string judge(const Read& what, const TextureObject& object, const TextureRead& read,
                  const TextureResults& got, bool runs) {
  TextureAnswer want;
  if (runs) want = reference_read(object, read);
  for (std::size_t k = 0; k < static_cast<std::size_t>(what.section.count); ++k) {
    bool right = true;
    const u64 before = untouched(what.section.results);
    if (!runs) {
      right = got[k] == before;
    } else if (what.packed) {
      right =
          near(static_cast<u32>(got[k] & 0xffff), half_bits(want.words[2 * k]), want.exact, true) &&
          near(static_cast<u32>(got[k] >> 16), half_bits(want.words[2 * k + 1]), want.exact, true);
    } else if (what.request.halves) {
      right = near(static_cast<u32>(got[k]), half_bits(want.words[k]), want.exact, true);
    } else {
      right = near(static_cast<u32>(got[k]), want.words[k], want.exact, false);
    }
    if (right) continue;
    char text[400];
    const Sampler& s = object.sampler;
    std::snprintf(
        text, sizeof text,
        "  result %zu is %llx, want %x (%s); texels: kind %d, %d channels of %d bits; %ux%ux%u, "
        "%u levels; at %a %a %a, layer %u, level %a; modes %d %d %d, linear %d, between %d, "
        "normalized %d, seamless %d\n",
        k, static_cast<unsigned long long>(got[k]), want.words[k], runs ? "ran" : "did not run",
        static_cast<int>(object.image.format.kind), object.image.format.channels,
        object.image.format.bits, object.image.levels[0].width, object.image.levels[0].height,
        object.image.levels[0].depth, object.image.level_count, static_cast<double>(read.at[0]),
        static_cast<double>(read.at[1]), static_cast<double>(read.at[2]), read.layer,
        static_cast<double>(read.level), static_cast<int>(s.address[0]),
        static_cast<int>(s.address[1]), static_cast<int>(s.address[2]), s.linear,
        s.linear_between_levels, s.normalized, s.seamless);
    return "  '" + what.section.text + "'\n" + text;
  }
  return {};
}

std::string run_reads(const std::string& ptx, const std::vector<Read>& reads) {
  Random random(std::hash<std::string>()(reads.front().section.text));
  std::string out;
  const Read& first = reads.front();
  const TextureKernel kernel(ptx);
  for (const u32 mask : {~0u, 0x0ff0a5c3u, 1u << 18}) {
    auto images = test_textures(first.request.geometry, kImages, random);
    // Halves are made of what reads as f32.
    if (first.request.halves)
      std::erase_if(images,
                    [](const TestImage& i) { return !i.object.image.format.reads_as_float(); });
    std::vector<TextureRead> given;
    std::vector<const TextureObject*> objects;
    std::vector<TextureWords> lanes;
    for (int i = 0; i < kWarps * 32; ++i) {
      // Some warps read one texture together, others each lane its own.
      const auto choice = i / 32 % 2 == 0 ? static_cast<std::size_t>(i / 32) : random();
      objects.push_back(&images[choice % images.size()].object);
      given.push_back(any_read(*objects.back(), first, random));
      lanes.push_back(words_of(*objects.back(), given.back()));
    }
    const u32 guard = 0x5a5a3c99;
    const auto results = kernel.run(2 * reads.size(), lanes, mask, guard);
    for (std::size_t s = 0; s < results.size() && out.empty(); ++s)
      for (std::size_t i = 0; i < lanes.size() && out.empty(); ++i) {
        const Read& what = reads[s % reads.size()];
        TextureRead read = given[i];
        read.request = what.request;
        std::copy(what.offset.begin(), what.offset.end(), read.offset);
        if ((mask >> i % 32 & 1) == 0) continue;
        const bool runs = s < reads.size() || (guard >> i % 32 & 1) != 0;
        out = judge(what, *objects[i], read, results[s][i], runs);
      }
  }
  return out;
}

TextureLine line_of(const std::string& name, const std::vector<Read>& reads) {
  TextureLine out;
  out.name = name;
  std::vector<TextureSection> sections;
  for (const Read& read : reads) {
    out.opcodes.push_back(read.opcode);
    sections.push_back(read.section);
  }
  std::sort(out.opcodes.begin(), out.opcodes.end());
  out.opcodes.erase(std::unique(out.opcodes.begin(), out.opcodes.end()), out.opcodes.end());
  out.ptx = texture_kernel(sections, true);
  out.run = [ptx = out.ptx, reads] { return run_reads(ptx, reads); };
  return out;
}

}  // namespace

std::vector<TextureLine> texture_lines() {
  std::vector<TextureLine> out;
  for (int i = 0; i < 7; ++i) {
    const auto g = static_cast<Geometry>(i);
    const bool cube = g >= Geometry::cube;
    std::vector<Read> reads;
    for (const Level level : {Level::none, Level::base, Level::given, Level::gradient})
      reads.push_back(tex(g, level, "f32"));
    if (!cube) reads.push_back(tex(g, Level::none, "f32", false, {3, -2, 1}));
    if (!cube) reads.push_back(tex(g, Level::given, "u32", false, {-8, 7, -1}));
    reads.push_back(tex(g, Level::none, "u32"));
    reads.push_back(tex(g, Level::none, "s32"));
    out.push_back(line_of(std::string("tex.") + kGeometries[i], reads));
    reads.clear();
    for (const char* type : {"f16", "f16x2"}) {
      reads.push_back(tex(g, Level::none, type));
      reads.push_back(tex(g, Level::given, type));
    }
    out.push_back(line_of(std::string("tex.") + kGeometries[i] + " in halves", reads));
    if (!cube) {
      reads.clear();
      for (const char* type : {"f32", "u32", "s32"}) {
        reads.push_back(tex(g, Level::none, type, true));
        reads.push_back(tex(g, Level::base, type, true));
        reads.push_back(tex(g, Level::given, type, true, {1, 2, -3}));
      }
      out.push_back(line_of(std::string("tex.") + kGeometries[i] + " at integers", reads));
    }
    if (g != Geometry::d2 && g != Geometry::a2d && !cube) continue;
    reads.clear();
    for (int c = 0; c < 4; ++c)
      for (const char* type : {"f32", "u32", "s32"}) {
        TextureRequest request{g};
        request.gather = c;
        reads.push_back(make(std::string("tld4.") + "rgba"[c], request, type));
      }
    out.push_back(line_of(std::string("tld4.") + kGeometries[i], reads));
  }
  return out;
}

std::string texture_mismatches(const TextureLine& line) {
  try {
    return line.run();
  } catch (const std::exception& refusal) {
    return refusal.what();
  }
}

}  // namespace vgpu::conformance
