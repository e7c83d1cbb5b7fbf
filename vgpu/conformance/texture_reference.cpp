#include "vgpu/conformance/texture_reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace vgpu::conformance {
namespace {

using Real = long double;
using Color = std::array<Real, 4>;
using Words = std::array<u32, 4>;
using Texel = TexelFormat::Kind;
using Geometry = ImageGeometry;

Real real_of(u32 word) { return static_cast<Real>(std::bit_cast<float>(word)); }
u32 word_of(Real value) { return std::bit_cast<u32>(static_cast<float>(value)); }

/// frac and floor of xB = x - 0.5 on a grid of 1/256.
struct Grid {
  s64 whole;
  Real part;
};
Grid grid_of(Real x) {
  const Real steps = std::floor(x * 256 + 0.5L);
  const Real whole = std::floor(steps / 256);
  return {static_cast<s64>(whole), steps / 256 - whole};
}

u32 component(const TexelFormat& format, const std::uint8_t* at, int channel, bool srgb) {
  if (channel >= format.channels) return channel < 3 ? 0 : format.reads_as_float() ? word_of(1) : 1;
  u32 raw = 0;
  std::memcpy(&raw, at + channel * format.bits / 8, format.bits / 8u);
  const int sign_bit = format.bits - 1;
  const s64 value = (raw >> sign_bit & 1) ? s64{raw} - (s64{1} << format.bits) : s64{raw};
  switch (format.kind) {
    case Texel::unsigned_integer:
      return raw;
    case Texel::signed_integer:
      return static_cast<u32>(value);
    case Texel::signed_normal:
      return word_of(
          std::max(-1.0L, static_cast<Real>(value) / static_cast<Real>((s64{1} << sign_bit) - 1)));
    case Texel::unsigned_normal: {
      const Real c = static_cast<Real>(raw) / static_cast<Real>((s64{1} << format.bits) - 1);
      if (!srgb || channel == 3 || format.bits != 8) return word_of(c);
      return word_of(c <= 0.04045L ? c / 12.92L : std::pow((c + 0.055L) / 1.055L, 2.4L));
    }
    default:
      break;
  }
  if (format.bits == 32) return raw;
  const int exponent = static_cast<int>(raw >> 10 & 31);
  const Real fraction = static_cast<Real>(raw & 1023) / 1024;
  const Real size =
      exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
  return word_of((raw & 0x8000) != 0 ? -size : size);
}

class Reader {
 public:
  Reader(const TextureObject& object, const TextureRead& read)
      : image_(object.image), sampler_(object.sampler), read_(read), request_(read.request) {
    if (is_cube()) choose_face();
  }

  TextureAnswer answer() {
    TextureAnswer out;
    if (request_.gather >= 0) {
      out.words = gather();
    } else {
      Real part = 0;
      const u32 first = level(&part);
      const bool floats = image_.format.reads_as_float();
      if (floats && part != 0) {
        const Color a = colour(first), b = colour(first + 1);
        for (std::size_t c = 0; c < 4; ++c) out.words[c] = word_of(a[c] * (1 - part) + b[c] * part);
        out.exact = false;
      } else if (filters()) {
        const Color a = colour(first);
        for (std::size_t c = 0; c < 4; ++c) out.words[c] = word_of(a[c]);
        out.exact = false;
      } else {
        out.words = nearest(first);
      }
    }
    out.exact = out.exact && !sampler_.srgb && !sampler_.seamless;
    return out;
  }

 private:
  bool is_cube() const {
    return request_.geometry == Geometry::cube || request_.geometry == Geometry::acube;
  }
  bool filters() const {
    return sampler_.linear && image_.format.reads_as_float() && !request_.integers;
  }
  int axes() const {
    switch (request_.geometry) {
      case Geometry::d1:
      case Geometry::a1d:
        return 1;
      case Geometry::d3:
        return 3;
      default:
        return 2;
    }
  }

  // The guide's table: the face, and m, s, t.
  void choose_face() {
    const Real x = static_cast<Real>(read_.at[0]), y = static_cast<Real>(read_.at[1]),
               z = static_cast<Real>(read_.at[2]);
    const Real ax = std::fabs(x), ay = std::fabs(y), az = std::fabs(z);
    if (az >= ax && az >= ay)
      set_face(std::signbit(z) ? 5 : 4);
    else if (ay >= ax)
      set_face(std::signbit(y) ? 3 : 2);
    else
      set_face(std::signbit(x) ? 1 : 0);
    const Real v[] = {x, y, z};
    major_ = turned(v, 0);
    s_ = (turned(v, 1) / major_ + 1) / 2;
    t_ = (turned(v, 2) / major_ + 1) / 2;
  }
  void set_face(u32 face) { face_ = face; }
  /// Row `k` (m, s, t) of the table applied to a direction.
  Real turned(const Real* v, int k) const {
    static constexpr int kTable[6][3] = {{1, -3, -2}, {-1, 3, -2}, {2, 1, 3},
                                         {-2, 1, -3}, {3, 1, -2},  {-3, -1, -2}};
    const int axis = kTable[face_][k];
    return axis > 0 ? v[axis - 1] : -v[-axis - 1];
  }

  u32 slice(const ImageLevel& level) const {
    if (is_cube()) {
      const u32 cubes = level.depth / 6;
      const u32 cube = request_.geometry == Geometry::acube ? std::min(read_.layer, cubes - 1) : 0;
      return cube * 6 + face_;
    }
    const bool layers = request_.geometry == Geometry::a1d || request_.geometry == Geometry::a2d;
    return layers ? std::min(read_.layer, level.depth - 1) : 0;
  }

  bool normalized() const { return !request_.integers && (sampler_.normalized || is_cube()); }

  AddressMode mode(int axis) const {
    if (is_cube() && sampler_.seamless) return AddressMode::clamp;
    const AddressMode m = sampler_.address[static_cast<std::size_t>(axis)];
    if (normalized() || m == AddressMode::border) return m;
    return AddressMode::clamp;
  }

  /// The coordinate in texels, as the guide has it before a filter.
  Real texels(int axis, u32 size) const {
    Real x = is_cube() ? (axis == 0 ? s_ : t_) : static_cast<Real>(read_.at[axis]);
    if (request_.integers) x = read_.integers[axis];
    if (normalized()) {
      const Real whole = std::floor(x);
      if (mode(axis) == AddressMode::wrap) x -= whole;
      if (mode(axis) == AddressMode::mirror)
        x = std::fmod(whole, 2.0L) == 0 ? x - whole : 1 - (x - whole);
      x *= size;
    }
    return std::clamp(x, -1e9L, 1e9L) + read_.offset[axis];
  }

  /// -1 for the border.
  static s64 bring_in(s64 i, u32 size, AddressMode m) {
    const s64 n = size;
    if (m == AddressMode::clamp) return std::clamp<s64>(i, 0, n - 1);
    if (m == AddressMode::border) return i < 0 || i >= n ? -1 : i;
    while (i < 0 || i >= n) {
      if (m == AddressMode::wrap)
        i += i < 0 ? n : -n;
      else
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    }
    return i;
  }

  Words stored(const ImageLevel& level, s64 x, s64 y, s64 z) const {
    const std::uint8_t* at = level.data + static_cast<std::size_t>(z) * level.slice_bytes +
                             static_cast<std::size_t>(y) * level.row_bytes +
                             static_cast<std::size_t>(x) * image_.format.bytes();
    Words out;
    for (int c = 0; c < 4; ++c)
      out[static_cast<std::size_t>(c)] = component(image_.format, at, c, sampler_.srgb);
    return out;
  }

  Words texel(const ImageLevel& level, s64 x, s64 y, s64 z) const {
    if (is_cube() && sampler_.seamless && (filters() || request_.gather >= 0))
      return around(level, x, y);
    x = bring_in(x, level.width, mode(0));
    y = axes() > 1 ? bring_in(y, level.height, mode(1)) : 0;
    z = axes() > 2 ? bring_in(z, level.depth, mode(2)) : slice(level);
    return x < 0 || y < 0 || z < 0 ? sampler_.border : stored(level, x, y, z);
  }

  /// A point of a face's plane, in space.
  void point(u32 face, Real s, Real t, Real* out) const {
    static constexpr int kTable[6][3] = {{1, -3, -2}, {-1, 3, -2}, {2, 1, 3},
                                         {-2, 1, -3}, {3, 1, -2},  {-3, -1, -2}};
    const Real values[] = {1, s, t};
    for (int k = 0; k < 3; ++k) {
      const int axis = kTable[face][k];
      out[std::abs(axis) - 1] = axis > 0 ? values[k] : -values[k];
    }
  }

  /// Seamless: of the other faces' texels the one whose centre has the nearest direction.
  Words around(const ImageLevel& level, s64 x, s64 y) const {
    const s64 n = level.width;
    const u32 first = slice(level) - face_;
    const bool out_x = x < 0 || x >= n, out_y = y < 0 || y >= n;
    if (!out_x && !out_y) return stored(level, x, y, first + face_);
    const s64 in_x = std::clamp<s64>(x, 0, n - 1), in_y = std::clamp<s64>(y, 0, n - 1);
    if (out_x && out_y) {
      const Words a = stored(level, in_x, in_y, first + face_), b = around(level, x, in_y),
                  c = around(level, in_x, y);
      Words mean;
      for (std::size_t k = 0; k < 4; ++k)
        mean[k] = word_of((real_of(a[k]) + real_of(b[k]) + real_of(c[k])) / 3);
      return mean;
    }
    const auto centre = [&](s64 i) { return (2 * static_cast<Real>(i) + 1) / n - 1; };
    Real wanted[3], best = -2;
    point(face_, centre(x), centre(y), wanted);
    Words found{};
    for (u32 face = 0; face < 6; ++face)
      for (s64 j = 0; face != face_ && j < n; ++j)
        for (s64 i = 0; i < n; ++i) {
          Real there[3], dot = 0, length = 0;
          point(face, centre(i), centre(j), there);
          for (int k = 0; k < 3; ++k) dot += wanted[k] * there[k], length += there[k] * there[k];
          if (dot / std::sqrt(length) <= best) continue;
          best = dot / std::sqrt(length);
          found = stored(level, i, j, first + face);
        }
    return found;
  }

  Words nearest(u32 number) const {
    const ImageLevel& level = image_.levels[number];
    const u32 sizes[] = {level.width, level.height, level.depth};
    s64 at[3] = {};
    for (int k = 0; k < axes(); ++k) at[k] = static_cast<s64>(std::floor(texels(k, sizes[k])));
    return texel(level, at[0], at[1], at[2]);
  }

  Color colour(u32 number) const {
    if (filters()) return interpolated(image_.levels[number]);
    const Words words = nearest(number);
    return {real_of(words[0]), real_of(words[1]), real_of(words[2]), real_of(words[3])};
  }

  /// Along x first, then y, then z.
  Color interpolated(const ImageLevel& level) const {
    const u32 sizes[] = {level.width, level.height, level.depth};
    Grid grid[3] = {};
    for (int k = 0; k < axes(); ++k) grid[k] = grid_of(texels(k, sizes[k]) - 0.5L);
    return along(level, grid, axes() - 1, {grid[0].whole, grid[1].whole, grid[2].whole});
  }
  Color along(const ImageLevel& level, const Grid* grid, int axis, std::array<s64, 3> at) const {
    if (axis < 0) {
      const Words words = texel(level, at[0], at[1], at[2]);
      return {real_of(words[0]), real_of(words[1]), real_of(words[2]), real_of(words[3])};
    }
    Color a = along(level, grid, axis - 1, at);
    ++at[static_cast<std::size_t>(axis)];
    const Color b = along(level, grid, axis - 1, at);
    for (std::size_t c = 0; c < 4; ++c)
      a[c] = a[c] * (1 - grid[axis].part) + b[c] * grid[axis].part;
    return a;
  }

  Words gather() const {
    const ImageLevel& level = image_.levels[0];
    const s64 x = grid_of(texels(0, level.width) - 0.5L).whole,
              y = grid_of(texels(1, level.height) - 0.5L).whole;
    const auto c = static_cast<std::size_t>(request_.gather);
    return {texel(level, x, y + 1, 0)[c], texel(level, x + 1, y + 1, 0)[c],
            texel(level, x + 1, y, 0)[c], texel(level, x, y, 0)[c]};
  }

  u32 level(Real* part) const {
    Real detail = 0;
    if (request_.level != TextureRequest::Level::base)
      detail = std::clamp(asked_level() + static_cast<Real>(sampler_.level_bias),
                          static_cast<Real>(sampler_.least_level),
                          static_cast<Real>(sampler_.most_level));
    detail = std::clamp<Real>(detail, 0, image_.level_count - 1);
    if (!sampler_.linear_between_levels || image_.level_count == 1)
      return static_cast<u32>(std::floor(detail + 0.5L));
    const Grid grid = grid_of(detail);
    *part = grid.part;
    return static_cast<u32>(grid.whole);
  }

  Real asked_level() const {
    if (request_.level == TextureRequest::Level::given)
      return request_.integers ? static_cast<Real>(read_.integer_level)
                               : static_cast<Real>(read_.level);
    if (request_.level == TextureRequest::Level::gradient)
      return std::log2(std::max(reach(read_.gradient[0]), reach(read_.gradient[1])));
    return 0;
  }

  /// Texels of level 0 that a step of the gradient covers.
  Real reach(const float* step) const {
    const ImageLevel& level = image_.levels[0];
    if (is_cube()) {
      const Real v[] = {static_cast<Real>(step[0]), static_cast<Real>(step[1]),
                        static_cast<Real>(step[2])};
      const auto moved = [&](Real place, int k) {  // of (s/m + 1) / 2, by the quotient rule
        return (turned(v, k) - (2 * place - 1) * turned(v, 0)) / (2 * major_) * level.width;
      };
      return std::sqrt(moved(s_, 1) * moved(s_, 1) + moved(t_, 2) * moved(t_, 2));
    }
    const u32 sizes[] = {level.width, level.height, level.depth};
    Real squares = 0;
    for (int k = 0; k < axes(); ++k)
      squares += static_cast<Real>(step[k]) * sizes[k] * static_cast<Real>(step[k]) * sizes[k];
    return std::sqrt(squares);
  }

  const Image& image_;
  const Sampler& sampler_;
  const TextureRead& read_;
  const TextureRequest& request_;
  u32 face_ = 0;
  Real major_ = 1, s_ = 0, t_ = 0;
};

}  // namespace

TextureAnswer reference_read(const TextureObject& object, const TextureRead& read) {
  return Reader(object, read).answer();
}

}  // namespace vgpu::conformance
