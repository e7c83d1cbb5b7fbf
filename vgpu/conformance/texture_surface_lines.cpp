// texture_surface_lines.cpp - suld, sust and sured of every geometry, width and way to treat what
// lies outside. Each lane has a surface of its own, so that no store meets another's.
#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>

#include "vgpu/conformance/texture_line.h"
#include "vgpu/conformance/texture_surface_reference.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

using Geometry = ImageGeometry;
using Outside = SurfaceRequest::Outside;
using Operation = SurfaceRequest::Operation;

constexpr int kLanes = 96;
constexpr u32 kGuard = 0x5a5a3c99;
constexpr const char* kGeometries[] = {"1d", "2d", "3d", "a1d", "a2d"};
constexpr const char* kOutside[] = {".trap", ".clamp", ".zero"};
constexpr std::size_t kWidest = 16;  // bytes of an access

struct Access {
  TextureSection section;
  SurfaceRequest request{};
  std::string opcode;
  bool loads = false;
};

// --- texts ---

std::string coordinates(Geometry g) {
  switch (g) {
    case Geometry::d1:
      return "{%word}";
    case Geometry::d2:
      return "{%word, %w3}";
    case Geometry::d3:
      return "{%word, %w3, %w4, %w4}";
    case Geometry::a1d:
      return "{%w5, %word}";
    default:
      return "{%w5, %word, %w3, %w3}";
  }
}

char letter_of(u32 bytes) { return bytes <= 2 ? 'h' : bytes == 4 ? 'd' : 'l'; }

std::string registers(char letter, u32 count) {
  std::string out = "{";
  for (u32 k = 0; k < count; ++k)
    out += (k ? ", %" : "%") + std::string(1, letter) + std::to_string(k);
  return out + "}";
}

/// Registers that hold the lane's values.
std::string put_values(char letter, u32 count) {
  std::string out;
  for (u32 k = 0; k < count; ++k) {
    const std::string low = "%w" + std::to_string(kValues + k % 4),
                      high = "%w" + std::to_string(kValues + 4 + k % 4),
                      to = " %" + std::string(1, letter) + std::to_string(k) + ", ";
    out += letter == 'l'   ? "mov.b64" + to + "{" + low + ", " + high + "};\n"
           : letter == 'h' ? "cvt.u16.u32" + to + low + ";\n"
                           : "mov.b32" + to + low + ";\n";
  }
  return out;
}

Access make(const std::string& stem, const std::string& type, SurfaceRequest request,
            const std::string& operation = "") {
  Access out;
  out.request = request;
  out.loads = stem == "suld";
  const u32 bytes = request.element_bytes, count = request.count;
  const char letter = letter_of(bytes);
  out.opcode = stem + (request.formatted ? ".p" : ".b") + operation + "." +
               kGeometries[static_cast<int>(request.geometry)] +
               (count == 1 ? "" : ".v" + std::to_string(count)) + "." + type +
               kOutside[static_cast<int>(request.outside)];
  const std::string place = "[%object, " + coordinates(request.geometry) + "]";
  const u32 step = request.formatted ? 1 : bytes * count;
  out.section.before = "mul.lo.s32 %word, %w2, " + std::to_string(step) + ";\n";
  out.section.results = letter;
  out.section.count = out.loads ? static_cast<int>(count) : 0;
  if (out.loads) {
    out.section.text = out.opcode + " " + registers(letter, count) + ", " + place;
  } else {
    out.section.before += put_values(letter, count);
    const bool scalar = stem == "sured";
    out.section.text = out.opcode + " " + place + ", " +
                       (scalar ? "%" + std::string(1, letter) + "0" : registers(letter, count));
  }
  return out;
}

// --- lanes, and judging ---

bool suits(const TexelFormat& format, const SurfaceRequest& request) {
  if (request.operation == Operation::none || !request.formatted) return true;
  return format.bytes() == request.element_bytes &&
         (request.element_bytes == 8 || format.bits == 32) && !format.reads_as_float();
}

SurfaceLane any_lane(const SurfaceRequest& request, Random& random) {
  const auto& formats = texel_formats();
  SurfaceLane lane;
  const bool inside = request.outside == Outside::trap;
  do {
    lane.image = test_surface(request.geometry, formats[random() % formats.size()], random);
  } while (
      !suits(lane.image.object.image.format, request) ||
      (inside &&
       lane.image.object.image.levels[0].width * lane.image.object.image.format.bytes() < kWidest));
  const Image& image = lane.image.object.image;
  const ImageLevel& level = image.levels[0];
  const auto coordinate = [&](u32 size) {
    return inside ? static_cast<u32>(random() % size) : static_cast<u32>(random() % (size + 4)) - 2;
  };
  const std::size_t units =
      request.formatted ? level.width
                        : std::max<std::size_t>(1, level.width * image.format.bytes() / kWidest);
  lane.words[kX] = coordinate(static_cast<u32>(units));
  lane.words[kY] = coordinate(level.height);
  lane.words[kZ] = lane.words[kLayer] = coordinate(level.depth);
  for (std::size_t k = kValues; k < kTextureWords; ++k) lane.words[k] = static_cast<u32>(random());
  if (request.formatted && image.format.reads_as_float())
    for (std::size_t k = kValues; k < kTextureWords; ++k)
      lane.words[k] =
          std::bit_cast<u32>(static_cast<float>(static_cast<int>(random() % 4001) - 2000) / 1500);
  return lane;
}

void point_to_image(SurfaceLane& lane) {
  const auto handle = static_cast<u64>(reinterpret_cast<std::uintptr_t>(&lane.image.object));
  std::memcpy(&lane.words[kHandle], &handle, sizeof handle);
}

/// A copy with texels of its own.
SurfaceLane twin(const SurfaceLane& lane) {
  SurfaceLane out = lane;
  out.image.object.image.levels[0].data = out.image.levels[0].data();
  return out;
}

std::string run_accesses(const std::string& ptx, const std::vector<Access>& accesses) {
  Random random(std::hash<std::string>()(accesses.front().opcode));
  const TextureKernel kernel(ptx);
  for (const u32 mask : {~0u, 0x0ff0a5c3u, 1u << 18}) {
    std::deque<SurfaceLane> lanes, wanted;
    std::vector<TextureWords> words;
    for (int i = 0; i < kLanes; ++i) {
      lanes.push_back(any_lane(accesses.front().request, random));
      point_to_image(lanes.back());
      wanted.push_back(twin(lanes.back()));
      words.push_back(lanes.back().words);
    }
    const auto results = kernel.run(2 * accesses.size(), words, mask, kGuard);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if ((mask >> i % 32 & 1) == 0) continue;
      for (std::size_t s = 0; s < results.size(); ++s) {
        const Access& access = accesses[s % accesses.size()];
        const bool runs = s < accesses.size() || (kGuard >> i % 32 & 1) != 0;
        const TextureResults want =
            runs ? perform(wanted[i], access.request, access.loads) : TextureResults{};
        for (std::size_t k = 0; k < static_cast<std::size_t>(access.section.count); ++k)
          if (const u64 value = runs ? want[k] : untouched(access.section.results);
              results[s][i][k] != value)
            return "  '" + access.section.text + "' lane " + std::to_string(i) + ": " +
                   std::to_string(results[s][i][k]) + ", want " + std::to_string(value) + "\n";
      }
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
      if ((mask >> i % 32 & 1) == 0) wanted[i].image.levels = lanes[i].image.levels;
      if (lanes[i].image.levels != wanted[i].image.levels)
        return "  the surface of lane " + std::to_string(i) + " is not as after '" +
               accesses.front().section.text + "' and the others\n";
    }
  }
  return {};
}

/// Each outside alone ends the launch, with the instruction's text.
std::string run_outside(const std::string& ptx, const std::vector<Access>& accesses) {
  Random random(5);
  const TextureKernel kernel(ptx);
  for (const SurfaceWord word : {kX, kY, kZ, kLayer}) {
    SurfaceLane lane = any_lane(accesses.front().request, random);
    point_to_image(lane);
    std::vector<TextureWords> words(32, lane.words);
    words[9][word] = 1000;
    const Geometry g = accesses.front().request.geometry;
    const bool counts = word == kX || (word == kY && g != Geometry::d1 && g != Geometry::a1d) ||
                        (word == kZ && g == Geometry::d3) ||
                        (word == kLayer && (g == Geometry::a1d || g == Geometry::a2d));
    std::string said;
    try {
      kernel.run(accesses.size(), words, ~0u, 0);
    } catch (const Fault& fault) {
      said = fault.what();
      if (fault.kind != Fault::Kind::trap) said = "another kind of fault: " + said;
    }
    const bool told = said.find("lies outside") != std::string::npos &&
                      said.find(accesses.front().opcode) != std::string::npos &&
                      said.find("another") == std::string::npos;
    if (told != counts || (!counts && !said.empty()))
      return "  coordinate " + std::to_string(word) + " of " + accesses.front().opcode +
             " outside: '" + said + "'\n";
  }
  return {};
}

using Run = std::string (*)(const std::string&, const std::vector<Access>&);

TextureLine line_of(const std::string& name, const std::vector<Access>& accesses, Run run,
                    bool guards = true) {
  TextureLine out;
  out.name = name;
  std::vector<TextureSection> sections;
  for (const Access& access : accesses) {
    out.opcodes.push_back(access.opcode);
    sections.push_back(access.section);
  }
  out.ptx = texture_kernel(sections, guards);
  out.run = [ptx = out.ptx, accesses, run] { return run(ptx, accesses); };
  return out;
}

std::vector<Access> plain(const std::string& stem, Geometry g, Outside outside) {
  std::vector<Access> out;
  for (const u32 bytes : {1u, 2u, 4u, 8u})
    for (const u32 count : {1u, 2u, 4u})
      if (bytes * count <= kWidest)
        out.push_back(make(stem, "b" + std::to_string(8 * bytes), {g, outside, bytes, count}));
  return out;
}

/// One reduction a line: others would not know what its surface's texels are.
void add_reductions(std::vector<TextureLine>& out, Geometry g, Outside outside) {
  struct Form {
    const char *operation, *type;
    Operation number;
  };
  static constexpr Form kForms[] = {
      {".add", "u32", Operation::add},      {".add", "s32", Operation::add},
      {".add", "u64", Operation::add},      {".min", "u32", Operation::minimum},
      {".min", "s32", Operation::minimum},  {".min", "u64", Operation::minimum},
      {".min", "s64", Operation::minimum},  {".max", "u32", Operation::maximum},
      {".max", "s32", Operation::maximum},  {".max", "u64", Operation::maximum},
      {".max", "s64", Operation::maximum},  {".and", "b32", Operation::logical_and},
      {".or", "b32", Operation::logical_or}};
  std::vector<Access> accesses;
  for (const Form& form : kForms) {
    const u32 bytes = std::string(form.type).ends_with("64") ? 8 : 4;
    const bool is_signed = form.type[0] == 's';
    accesses.push_back(make("sured", form.type,
                            {g, outside, bytes, 1, false, is_signed, form.number}, form.operation));
  }
  const std::string where =
      std::string(kGeometries[static_cast<int>(g)]) + kOutside[static_cast<int>(outside)];
  out.push_back(line_of("sured.b." + where, accesses, run_accesses));
  for (const char* type : {"b32", "b64"}) {
    const u32 bytes = type[1] == '3' ? 4 : 8;
    accesses.clear();
    for (const char* operation : {".add", ".min", ".max", ".and", ".or"}) {
      const auto form = std::find_if(std::begin(kForms), std::end(kForms), [&](const Form& f) {
        return std::string(f.operation) == operation;
      });
      const bool ordered = form->number == Operation::minimum || form->number == Operation::maximum;
      if (bytes == 4 || ordered)
        accesses.push_back(
            make("sured", type, {g, outside, bytes, 1, true, false, form->number}, operation));
    }
    out.push_back(line_of(std::string("sured.p.") + type + "." + where, accesses, run_accesses));
  }
}

}  // namespace

std::vector<TextureLine> surface_lines() {
  std::vector<TextureLine> out;
  for (int i = 0; i < 5; ++i)
    for (int mode = 0; mode < 3; ++mode) {
      const auto g = static_cast<Geometry>(i);
      const auto outside = static_cast<Outside>(mode);
      const std::string where = std::string(kGeometries[i]) + kOutside[mode];
      const auto loads = plain("suld", g, outside), stores = plain("sust", g, outside);
      out.push_back(line_of("suld.b." + where, loads, run_accesses));
      out.push_back(line_of("sust.b." + where, stores, run_accesses));
      for (const u32 count : {1u, 2u, 4u}) {
        if (g > Geometry::d3) continue;
        const Access formatted = make("sust", "b32", {g, outside, 4, count, true});
        out.push_back(line_of(formatted.opcode, {formatted}, run_accesses));
      }
      if (g <= Geometry::d3) add_reductions(out, g, outside);
      if (outside != Outside::trap) continue;
      out.push_back(line_of(loads[2].opcode + " outside", {loads[2]}, run_outside, false));
      out.push_back(line_of(stores[2].opcode + " outside", {stores[2]}, run_outside, false));
    }
  return out;
}

}  // namespace vgpu::conformance
