// texture_object.h - what a texture or surface object is: an image in device memory and how it is
// read. The handle that a program holds is the object's address; the runtime fills it in, the
// helpers of tex, suld, sust and their kin read it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vgpu {

/// How a component is stored, and what a read makes of it.
struct TexelFormat {
  enum class Kind : std::uint8_t {
    signed_integer,
    unsigned_integer,
    real,             // 16 or 32 bits
    signed_normal,    // an integer read as -1 to 1
    unsigned_normal,  // an integer read as 0 to 1
  };
  Kind kind = Kind::real;
  std::uint8_t channels = 1;  // 1, 2 or 4
  std::uint8_t bits = 32;     // of a channel: 8, 16 or 32

  std::size_t bytes() const { return std::size_t{channels} * bits / 8; }
  bool reads_as_float() const {
    return kind != Kind::signed_integer && kind != Kind::unsigned_integer;
  }
};

/// One level of an image. What it has no extent in counts 1; a layer is a slice.
struct ImageLevel {
  std::uint8_t* data = nullptr;
  std::uint32_t width = 1, height = 1, depth = 1;
  std::size_t row_bytes = 0, slice_bytes = 0;
};

struct Image {
  static constexpr int kMostLevels = 18;  // of 131072 texels
  TexelFormat format;
  bool linear = false;   // plain memory: reads outside give zeros
  bool layered = false;  // slices are layers or faces of cubes
  std::uint32_t level_count = 1;
  std::array<ImageLevel, kMostLevels> levels;
};

enum class AddressMode : std::uint8_t { wrap, clamp, mirror, border };

struct Sampler {
  std::array<AddressMode, 3> address{AddressMode::clamp, AddressMode::clamp, AddressMode::clamp};
  bool linear = false;  // filter
  bool linear_between_levels = false;
  bool normalized = false;  // coordinates
  bool srgb = false;
  bool seamless = false;                  // filtering across the edges of a cube
  std::array<std::uint32_t, 4> border{};  // as a read returns it
  float level_bias = 0, least_level = 0, most_level = 0;
};

struct TextureObject {
  static constexpr std::uint64_t kTexture = 0x7465787475726531, kSurface = 0x7375726661636531;
  std::uint64_t mark = 0;  // kTexture, kSurface, or none of both once it is destroyed
  Image image;
  Sampler sampler;  // of a texture
};

/// What of an image txq and suq tell.
enum class ImageQuery : std::uint32_t {
  width,
  height,
  depth,
  channel_data_type,
  channel_order,
  normalized_coords,
  array_size,
  num_mipmap_levels,
  num_samples,
  memory_layout,
  force_unnormalized_coords,
  filter_mode,
  addr_mode_0,
  addr_mode_1,
  addr_mode_2,
};

/// Which coordinates an instruction gives. A layer's number comes first among them.
enum class ImageGeometry : std::uint32_t { d1, d2, d3, a1d, a2d, cube, acube };

/// What an instruction asks of a texture, the same for all lanes; packed into one word.
struct TextureRequest {
  enum class Level : std::uint32_t { none, base, given, gradient };
  ImageGeometry geometry;
  Level level = Level::none;
  bool integers = false;  // coordinates
  bool halves = false;    // results
  int gather = -1;        // tld4: the component

  std::uint32_t packed() const {
    return static_cast<std::uint32_t>(geometry) | static_cast<std::uint32_t>(level) << 4 |
           (integers ? 1u << 6 : 0) | (halves ? 1u << 7 : 0) |
           static_cast<std::uint32_t>(gather + 1) << 8;
  }
  static TextureRequest unpacked(std::uint32_t word) {
    return {static_cast<ImageGeometry>(word & 15), static_cast<Level>(word >> 4 & 3),
            (word >> 6 & 1) != 0, (word >> 7 & 1) != 0, static_cast<int>(word >> 8) - 1};
  }
};

/// The same for a surface.
struct SurfaceRequest {
  enum class Outside : std::uint32_t { trap, clamp, zero };
  enum class Operation : std::uint32_t { none, add, minimum, maximum, logical_and, logical_or };
  ImageGeometry geometry;
  Outside outside = Outside::trap;
  std::uint32_t element_bytes = 4, count = 1;  // what a lane moves
  bool formatted = false;                      // .p: coordinates count texels
  bool is_signed = false;
  Operation operation = Operation::none;

  std::uint32_t packed() const {
    return static_cast<std::uint32_t>(geometry) | static_cast<std::uint32_t>(outside) << 4 |
           element_bytes << 8 | count << 12 | (formatted ? 1u << 16 : 0) |
           (is_signed ? 1u << 17 : 0) | static_cast<std::uint32_t>(operation) << 20;
  }
  static SurfaceRequest unpacked(std::uint32_t word) {
    return {static_cast<ImageGeometry>(word & 15),
            static_cast<Outside>(word >> 4 & 3),
            word >> 8 & 15,
            word >> 12 & 15,
            (word >> 16 & 1) != 0,
            (word >> 17 & 1) != 0,
            static_cast<Operation>(word >> 20)};
  }
};

// Rows of what a lane's coordinates are handed over in, 32 lanes each.
enum TextureRow {
  kRowX,
  kRowY,
  kRowZ,
  kRowLayer,
  kRowLevel,
  kRowGradientX,  // of x, y, z
  kRowGradientY = kRowGradientX + 3,
  kRowOffset = kRowGradientY + 3,
  kTextureRows = kRowOffset + 3
};

}  // namespace vgpu
