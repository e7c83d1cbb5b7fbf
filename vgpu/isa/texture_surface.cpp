// texture_surface.cpp - the helpers behind suld, sust, sured, txq and suq.
//
// Coordinates outside the surface end the launch (.trap), move to the nearest place inside (.clamp)
// or make a load give zeros and a store do nothing (.zero). A surface's place must be a multiple of
// what is moved there, in every mode.
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "vgpu/isa/helpers.h"
#include "vgpu/isa/texture_texel.h"

namespace vgpu::isa {
namespace {

using Geometry = ImageGeometry;
using Operation = SurfaceRequest::Operation;
using Outside = SurfaceRequest::Outside;
using Row = const std::uint32_t (*)[32];
using Kind = TexelFormat::Kind;

/// A lane's coordinate along one axis, or the layer, and how many places there are.
struct Place {
  std::int64_t at = 0, count = 1;

  bool inside() const { return at >= 0 && at < count; }
  void clamp() { at = std::clamp<std::int64_t>(at, 0, count - 1); }
};

class Access {
 public:
  Access(const TextureObject& object, const SurfaceRequest& request, Row in, int lane)
      : request_(request), format_(object.image.format), level_(object.image.levels[0]) {
    const auto integer = [&](int row) { return static_cast<std::int32_t>(in[row][lane]); };
    size_ =
        request.formatted ? format_.bytes() : std::size_t{request.element_bytes} * request.count;
    given_x_ = integer(kRowX);
    x_ = {request.formatted ? given_x_ * static_cast<std::int64_t>(size_) : given_x_,
          static_cast<std::int64_t>(level_.width * format_.bytes()) -
              static_cast<std::int64_t>(size_) + 1};
    const Geometry g = request.geometry;
    if (g == Geometry::d2 || g == Geometry::d3 || g == Geometry::a2d)
      y_ = {integer(kRowY), level_.height};
    if (g == Geometry::d3) z_ = {integer(kRowZ), level_.depth};
    if (g == Geometry::a1d || g == Geometry::a2d) z_ = {in[kRowLayer][lane], level_.depth};
  }

  /// Where the access goes. Null: nowhere, or `refusal` is set.
  std::uint8_t* address(const char** refusal) {
    const bool inside = x_.inside() && y_.inside() && z_.inside();
    if (!inside && request_.outside == Outside::trap) return refuse(refusal, "lies outside");
    if (!inside && request_.outside == Outside::zero) return nullptr;
    if (x_.count < 1) return nullptr;  // wider than the surface
    const auto size = static_cast<std::int64_t>(size_);
    if (!x_.inside()) x_.at = x_.at < 0 ? 0 : (x_.count - 1) / size * size;
    y_.clamp();
    z_.clamp();
    if (x_.at % size != 0) return refuse(refusal, "is no place in");
    return level_.data + static_cast<std::size_t>(z_.at) * level_.slice_bytes +
           static_cast<std::size_t>(y_.at) * level_.row_bytes + x_.at;
  }

 private:
  std::uint8_t* refuse(const char** refusal, const char* what) const {
    static thread_local char text[240];
    std::snprintf(text, sizeof text,
                  "%s %lld, row %lld, slice %lld of %zu bytes %s a surface of %zu bytes, %u rows, "
                  "%u slices",
                  request_.formatted ? "texel" : "byte", static_cast<long long>(given_x_),
                  static_cast<long long>(y_.at), static_cast<long long>(z_.at), size_, what,
                  level_.width * format_.bytes(), level_.height, level_.depth);
    *refusal = text;
    return nullptr;
  }

  const SurfaceRequest& request_;
  const TexelFormat& format_;
  const ImageLevel& level_;
  std::size_t size_ = 0;
  std::int64_t given_x_ = 0;
  Place x_, y_, z_;
};

/// Calls body(address, object, lane) for each active lane whose access goes somewhere, and
/// nowhere(lane) for the others.
template <class Body, class Nowhere>
const char* for_places(std::uint32_t mask, const SurfaceRequest& request,
                       const std::uint64_t* handles, Row in, Body body, Nowhere nowhere) {
  for (; mask != 0; mask &= mask - 1) {
    const int lane = std::countr_zero(mask);
    const char* refusal = nullptr;
    const TextureObject* object = object_of(handles[lane], TextureObject::kSurface, &refusal);
    if (!object) return refusal;
    std::uint8_t* at = Access(*object, request, in, lane).address(&refusal);
    if (refusal) return refusal;
    if (!at)
      nowhere(lane);
    else
      body(at, *object, lane);
  }
  return nullptr;
}

const char* load(std::uint32_t mask, std::uint32_t packed, const std::uint64_t* handles, Row in,
                 std::uint64_t (*out)[32]) {
  const SurfaceRequest request = SurfaceRequest::unpacked(packed);
  return for_places(
      mask, request, handles, in,
      [&](const std::uint8_t* at, const TextureObject&, int lane) {
        for (std::uint32_t w = 0; w < request.count; ++w) {
          out[w][lane] = 0;
          std::memcpy(&out[w][lane], at + w * request.element_bytes, request.element_bytes);
        }
      },
      [&](int lane) {
        for (std::uint32_t w = 0; w < request.count; ++w) out[w][lane] = 0;
      });
}

const char* store(std::uint32_t mask, std::uint32_t packed, const std::uint64_t* handles, Row in,
                  const std::uint64_t (*values)[32]) {
  const SurfaceRequest request = SurfaceRequest::unpacked(packed);
  return for_places(
      mask, request, handles, in,
      [&](std::uint8_t* at, const TextureObject& object, int lane) {
        Texel texel{};
        for (std::uint32_t w = 0; w < request.count; ++w) {
          if (request.formatted)
            texel[w] = static_cast<std::uint32_t>(values[w][lane]);
          else
            std::memcpy(at + w * request.element_bytes, &values[w][lane], request.element_bytes);
        }
        if (request.formatted) store_texel(object.image.format, at, texel);
      },
      [](int) {});
}

template <class T>
T combined(Operation operation, T old, T value) {
  switch (operation) {
    case Operation::add:
      return static_cast<T>(static_cast<std::make_unsigned_t<T>>(old) +
                            static_cast<std::make_unsigned_t<T>>(value));
    case Operation::minimum:
      return std::min(old, value);
    case Operation::maximum:
      return std::max(old, value);
    case Operation::logical_and:
      return old & value;
    default:
      return old | value;
  }
}

template <class T>
void update(Operation operation, std::uint8_t* at, std::uint64_t value) {
  auto* word = reinterpret_cast<T*>(at);
  T old = __atomic_load_n(word, __ATOMIC_SEQ_CST);
  T next;
  do next = combined(operation, old, static_cast<T>(value));
  while (!__atomic_compare_exchange_n(word, &old, next, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
}

const char* reduce(std::uint32_t mask, std::uint32_t packed, const std::uint64_t* handles, Row in,
                   const std::uint64_t (*values)[32]) {
  const SurfaceRequest request = SurfaceRequest::unpacked(packed);
  const char* refusal = nullptr;
  const char* stopped = for_places(
      mask, request, handles, in,
      [&](std::uint8_t* at, const TextureObject& object, int lane) {
        const TexelFormat& format = object.image.format;
        if (request.formatted && format.bytes() != request.element_bytes)
          return void(refusal = "the surface's texels are not as wide as the reduction");
        const bool is_signed =
            request.formatted ? format.kind == Kind::signed_integer : request.is_signed;
        const std::uint64_t value = values[0][lane];
        if (request.element_bytes == 8)
          is_signed ? update<std::int64_t>(request.operation, at, value)
                    : update<std::uint64_t>(request.operation, at, value);
        else
          is_signed ? update<std::int32_t>(request.operation, at, value)
                    : update<std::uint32_t>(request.operation, at, value);
      },
      [](int) {});
  return stopped ? stopped : refusal;
}

// --- queries: numbers of PTX's opaque types, which are OpenCL's ---

std::uint32_t data_type(const TexelFormat& format) {
  const std::uint32_t size = format.bits == 8 ? 0 : format.bits == 16 ? 1 : 2;
  switch (format.kind) {
    case Kind::signed_normal:
      return 0x10d0 + size;
    case Kind::unsigned_normal:
      return 0x10d2 + size;
    case Kind::signed_integer:
      return 0x10d7 + size;
    case Kind::unsigned_integer:
      return 0x10da + size;
    default:
      return format.bits == 16 ? 0x10dd : 0x10de;
  }
}

std::uint32_t channel_order(const TexelFormat& format) {
  return format.channels == 1 ? 0x10b0 : format.channels == 2 ? 0x10b2 : 0x10b5;
}

std::uint32_t address_mode(AddressMode mode) {
  static constexpr std::uint32_t kNumbers[] = {0, 3, 1, 4};  // wrap, clamp to edge, mirror, border
  return kNumbers[static_cast<std::size_t>(mode)];
}

std::uint32_t answer(const TextureObject& object, ImageQuery query, std::int32_t number) {
  const auto least = std::min<std::int64_t>(
      std::max(number, 0), static_cast<std::int64_t>(object.image.level_count) - 1);
  const ImageLevel& level = object.image.levels[static_cast<std::size_t>(least)];
  const Sampler& sampler = object.sampler;
  switch (query) {
    case ImageQuery::width:
      return level.width;
    case ImageQuery::height:
      return level.height;
    case ImageQuery::depth:
      return object.image.layered ? 1 : level.depth;
    case ImageQuery::array_size:
      return object.image.layered ? level.depth : 1;
    case ImageQuery::channel_data_type:
      return data_type(object.image.format);
    case ImageQuery::channel_order:
      return channel_order(object.image.format);
    case ImageQuery::normalized_coords:
      return sampler.normalized;
    case ImageQuery::force_unnormalized_coords:
      return !sampler.normalized;
    case ImageQuery::filter_mode:
      return sampler.linear;
    case ImageQuery::num_mipmap_levels:
      return object.image.level_count;
    case ImageQuery::num_samples:
      return 1;
    case ImageQuery::memory_layout:
      return 0;  // rows of texels, one behind the other
    default:
      return address_mode(sampler.address[static_cast<std::size_t>(query) -
                                          static_cast<std::size_t>(ImageQuery::addr_mode_0)]);
  }
}

/// `packed`: the query, and 1 << 8 for surfaces.
const char* query(std::uint32_t mask, std::uint32_t packed, const std::uint64_t* handles, Row in,
                  std::uint32_t (*out)[32]) {
  const std::uint64_t mark = packed >> 8 ? TextureObject::kSurface : TextureObject::kTexture;
  for (; mask != 0; mask &= mask - 1) {
    const int lane = std::countr_zero(mask);
    const char* refusal = nullptr;
    const TextureObject* object = object_of(handles[lane], mark, &refusal);
    if (!object) return refusal;
    out[0][lane] = answer(*object, static_cast<ImageQuery>(packed & 255),
                          static_cast<std::int32_t>(in[kRowLevel][lane]));
  }
  return nullptr;
}

}  // namespace

std::span<const HelperSymbol> surface_symbols() {
  static const HelperSymbol table[] = {
      {"vgpu_surface_load", reinterpret_cast<void*>(&load)},
      {"vgpu_surface_store", reinterpret_cast<void*>(&store)},
      {"vgpu_surface_reduce", reinterpret_cast<void*>(&reduce)},
      {"vgpu_image_query", reinterpret_cast<void*>(&query)},
  };
  return table;
}

}  // namespace vgpu::isa
