// texture_fetch.cpp - the helper behind tex and tld4: reads of an image through a sampler, as the
// CUDA C++ Programming Guide's chapter on texture fetching states them.
//
// Coordinates are exact in double. A filter's weights have 8 bits of fraction, the nearest to the
// coordinate less one half; texels of weight 0 do not count. Sums are made in double and rounded
// once. A level of detail has 8 bits of fraction too; anisotropy counts as 1. tex without a level
// reads level 0 (and the sampler's bias), for threads have no neighbours to tell a gradient.
#include <algorithm>
#include <bit>
#include <cmath>

#include "vgpu/isa/helpers.h"
#include "vgpu/isa/texture_cube.h"
#include "vgpu/isa/texture_texel.h"

namespace vgpu::isa {
namespace {

using Geometry = ImageGeometry;
using Level = TextureRequest::Level;
using Row = const std::uint32_t (*)[32];

constexpr double kFar = 1 << 30;  // coordinates beyond are as good as there
constexpr int kFraction = 256;

/// What a read touches along one axis: texel `first`, and the next one by weight / 256.
struct Axis {
  std::int64_t first = 0;
  int weight = 0;
};

struct Footprint {
  Axis axes[3];
  int dimensions = 1;
  std::uint32_t slice = 0;  // of a layer or a face
};

double within(double value, double least, double most) {
  return std::isnan(value) ? std::max(least, std::min(0.0, most)) : std::clamp(value, least, most);
}

/// A normalized coordinate out of 0 to 1 brought back by its mode.
double folded(double x, AddressMode mode) {
  const double whole = std::floor(x), fraction = x - whole;
  if (mode == AddressMode::wrap) return fraction;
  if (mode == AddressMode::mirror) return std::fmod(whole, 2) != 0 ? 1 - fraction : fraction;
  return x;
}

/// The texel's number inside the image, or -1: the border.
std::int64_t resolved(std::int64_t texel, std::uint32_t size, AddressMode mode) {
  const auto n = static_cast<std::int64_t>(size);
  if (texel >= 0 && texel < n) return texel;
  const auto remainder = [&](std::int64_t period) { return (texel % period + period) % period; };
  switch (mode) {
    case AddressMode::wrap:
      return remainder(n);
    case AddressMode::mirror:
      return std::min(remainder(2 * n), 2 * n - 1 - remainder(2 * n));
    case AddressMode::clamp:
      return texel < 0 ? 0 : n - 1;
    default:
      return -1;
  }
}

int dimensions_of(Geometry geometry) {
  if (geometry == Geometry::d1 || geometry == Geometry::a1d) return 1;
  return geometry == Geometry::d3 ? 3 : 2;
}

/// One lane's read.
class Fetch {
 public:
  Fetch(const TextureObject& object, const TextureRequest& request, Row in, int lane)
      : image_(object.image),
        sampler_(object.sampler),
        request_(request),
        in_(in),
        lane_(lane),
        cube_(request.geometry == Geometry::cube || request.geometry == Geometry::acube),
        filters_(sampler_.linear && image_.format.reads_as_float() && !request.integers),
        crosses_edges_(cube_ && sampler_.seamless && (filters_ || request.gather >= 0)) {
    if (cube_) direction_ = project({real(kRowX), real(kRowY), real(kRowZ)});
  }

  Texel read() const {
    const Axis level = level_axis();
    const auto number = static_cast<std::size_t>(level.first);
    if (!image_.format.reads_as_float() || (!filters_ && level.weight == 0))
      return first_texel(image_.levels[number]);
    std::array<double, 4> total{};
    add(image_.levels[number], kFraction - level.weight, total);
    if (level.weight != 0) add(image_.levels[number + 1], level.weight, total);
    Texel out;
    for (std::size_t c = 0; c < 4; ++c)
      out[c] = std::bit_cast<std::uint32_t>(static_cast<float>(total[c]));
    return out;
  }

  /// One component of the four texels that a filter would weigh, counter-clockwise from the lower
  /// left, y pointing down.
  Texel gather() const {
    const ImageLevel& level = image_.levels[0];
    const Footprint at = footprint(level, true);
    const std::int64_t x = at.axes[0].first, y = at.axes[1].first;
    const auto c = static_cast<std::size_t>(request_.gather);
    return {texel(level, at, x, y + 1, 0)[c], texel(level, at, x + 1, y + 1, 0)[c],
            texel(level, at, x + 1, y, 0)[c], texel(level, at, x, y, 0)[c]};
  }

 private:
  std::uint32_t word(int row) const { return in_[row][lane_]; }
  std::int32_t integer(int row) const { return static_cast<std::int32_t>(word(row)); }
  double real(int row) const { return static_cast<double>(std::bit_cast<float>(word(row))); }

  bool normalized() const { return (sampler_.normalized || cube_) && !request_.integers; }

  AddressMode mode(int axis) const {
    if (cube_ && sampler_.seamless) return AddressMode::clamp;
    const AddressMode given = sampler_.address[static_cast<std::size_t>(axis)];
    return !normalized() && given != AddressMode::border ? AddressMode::clamp : given;
  }

  double coordinate(int axis) const {
    if (cube_) return axis == 0 ? direction_.s : direction_.t;
    return request_.integers ? integer(kRowX + axis) : real(kRowX + axis);
  }

  Axis axis_of(int axis, std::uint32_t size, bool filtered) const {
    double at = coordinate(axis);
    if (normalized()) at = folded(at, mode(axis)) * size;
    at = within(at, -kFar, kFar) + integer(kRowOffset + axis);
    if (!filtered) return {static_cast<std::int64_t>(std::floor(at)), 0};
    const auto fixed = static_cast<std::int64_t>(std::floor((at - 0.5) * kFraction + 0.5));
    return {fixed >> 8, static_cast<int>(fixed & 255)};
  }

  Footprint footprint(const ImageLevel& level, bool filtered) const {
    Footprint out;
    out.dimensions = dimensions_of(request_.geometry);
    const std::uint32_t sizes[] = {level.width, level.height, level.depth};
    for (int k = 0; k < out.dimensions; ++k) out.axes[k] = axis_of(k, sizes[k], filtered);
    out.slice = slice(level);
    return out;
  }

  std::uint32_t slice(const ImageLevel& level) const {
    if (request_.geometry <= Geometry::d3) return 0;
    const std::uint32_t faces = cube_ ? 6 : 1;
    const std::int64_t layers = std::max(1u, level.depth / faces);
    const std::int64_t layer = request_.geometry == Geometry::cube
                                   ? 0
                                   : std::min<std::int64_t>(word(kRowLayer), layers - 1);
    const auto first = static_cast<std::uint32_t>(layer) * faces;
    return std::min(level.depth - 1, first + static_cast<std::uint32_t>(direction_.face));
  }

  Texel load(const ImageLevel& level, std::int64_t x, std::int64_t y, std::int64_t z) const {
    return load_texel(image_.format,
                      level.data + static_cast<std::size_t>(z) * level.slice_bytes +
                          static_cast<std::size_t>(y) * level.row_bytes +
                          static_cast<std::size_t>(x) * image_.format.bytes(),
                      sampler_.srgb);
  }

  Texel texel(const ImageLevel& level, const Footprint& at, std::int64_t x, std::int64_t y,
              std::int64_t z) const {
    if (crosses_edges_) return seamless_texel(level, at, x, y);
    x = resolved(x, level.width, mode(0));
    y = at.dimensions < 2 ? 0 : resolved(y, level.height, mode(1));
    z = at.dimensions < 3 ? at.slice : resolved(z, level.depth, mode(2));
    return x < 0 || y < 0 || z < 0 ? sampler_.border : load(level, x, y, z);
  }

  /// A texel beyond an edge is its neighbour's on the next face. Beyond a corner there is none: the
  /// mean of the three that meet there.
  Texel seamless_texel(const ImageLevel& level, const Footprint& at, std::int64_t x,
                       std::int64_t y) const {
    const std::int64_t n = level.width, inside_x = std::clamp<std::int64_t>(x, 0, n - 1),
                       inside_y = std::clamp<std::int64_t>(y, 0, n - 1);
    if (x == inside_x && y == inside_y) return load(level, x, y, at.slice);
    if (x == inside_x || y == inside_y) {
      const FaceTexel there = across_edge(direction_.face, x, y, n);
      const auto cube = at.slice - static_cast<std::uint32_t>(direction_.face);
      return load(level, there.x, there.y, cube + there.face);
    }
    const Texel three[] = {load(level, inside_x, inside_y, at.slice),
                           seamless_texel(level, at, x, inside_y),
                           seamless_texel(level, at, inside_x, y)};
    Texel out;
    for (std::size_t c = 0; c < 4; ++c) {
      double sum = 0;
      for (const Texel& one : three) sum += static_cast<double>(std::bit_cast<float>(one[c]));
      out[c] = std::bit_cast<std::uint32_t>(static_cast<float>(sum / 3));
    }
    return out;
  }

  Texel first_texel(const ImageLevel& level) const {
    const Footprint at = footprint(level, false);
    return texel(level, at, at.axes[0].first, at.axes[1].first, at.axes[2].first);
  }

  /// Adds share / 256 of the level's value.
  void add(const ImageLevel& level, int share, std::array<double, 4>& total) const {
    const Footprint at = footprint(level, filters_);
    for (int corner = 0; corner < 1 << at.dimensions; ++corner) {
      double weight = static_cast<double>(share) / kFraction;
      std::int64_t where[3] = {};
      for (int k = 0; k < at.dimensions; ++k) {
        const int step = corner >> k & 1;
        where[k] = at.axes[k].first + step;
        weight *= step ? at.axes[k].weight : kFraction - at.axes[k].weight;
        weight /= kFraction;
      }
      if (weight == 0) continue;
      const Texel one = texel(level, at, where[0], where[1], where[2]);
      for (std::size_t c = 0; c < 4; ++c)
        total[c] += weight * static_cast<double>(std::bit_cast<float>(one[c]));
    }
  }

  /// The first of the levels and how much of the next one.
  Axis level_axis() const {
    if (image_.level_count == 1) return {};
    const double detail = within(wanted_level(), 0, image_.level_count - 1);
    if (!sampler_.linear_between_levels)
      return {static_cast<std::int64_t>(std::floor(detail + 0.5)), 0};
    const auto fixed = static_cast<std::int64_t>(std::floor(detail * kFraction + 0.5));
    return {fixed >> 8, static_cast<int>(fixed & 255)};
  }

  double wanted_level() const {
    if (request_.level == Level::base) return 0;
    double detail = 0;
    if (request_.level == Level::given)
      detail = request_.integers ? integer(kRowLevel) : real(kRowLevel);
    if (request_.level == Level::gradient)
      detail = std::log2(std::max(texels_along(kRowGradientX), texels_along(kRowGradientY)));
    return within(detail + static_cast<double>(sampler_.level_bias),
                  static_cast<double>(sampler_.least_level),
                  static_cast<double>(sampler_.most_level));
  }

  /// How far one step of a gradient reaches, in texels of level 0.
  double texels_along(int row) const {
    const ImageLevel& level = image_.levels[0];
    if (cube_) return level.width * slope(direction_, {real(row), real(row + 1), real(row + 2)});
    const std::uint32_t sizes[] = {level.width, level.height, level.depth};
    double squares = 0;
    for (int k = 0; k < dimensions_of(request_.geometry); ++k) {
      const double step = real(row + k) * sizes[k];
      squares += step * step;
    }
    return std::sqrt(squares);
  }

  const Image& image_;
  const Sampler& sampler_;
  const TextureRequest& request_;
  Row in_;
  int lane_;
  bool cube_, filters_, crosses_edges_;
  CubeDirection direction_;
};

/// Null, or why the launch must end.
const char* fetch(std::uint32_t mask, std::uint32_t packed, const std::uint64_t* handles, Row in,
                  std::uint32_t (*out)[32]) {
  const TextureRequest request = TextureRequest::unpacked(packed);
  for (; mask != 0; mask &= mask - 1) {
    const int lane = std::countr_zero(mask);
    const char* refusal = nullptr;
    const TextureObject* object = object_of(handles[lane], TextureObject::kTexture, &refusal);
    if (!object) return refusal;
    const Fetch one(*object, request, in, lane);
    const Texel texel = request.gather >= 0 ? one.gather() : one.read();
    for (std::size_t c = 0; c < 4; ++c)
      out[c][lane] = request.halves ? half_of_float(std::bit_cast<float>(texel[c])) : texel[c];
  }
  return nullptr;
}

}  // namespace

std::span<const HelperSymbol> texture_symbols() {
  static const HelperSymbol table[] = {
      {"vgpu_texture_fetch", reinterpret_cast<void*>(&fetch)},
  };
  return table;
}

}  // namespace vgpu::isa
