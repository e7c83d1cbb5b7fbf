// textures.cpp - texture and surface objects: what a program describes, made into what the
// instructions read.
#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "vgpu/isa/texture_texel.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/arrays.h"
#include "vgpu/runtime/checked_memory.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

using Kind = TexelFormat::Kind;

// cudaDeviceProp's textureAlignment, texturePitchAlignment, maxTexture1DLinear, maxTexture2DLinear.
constexpr std::size_t kAlignment = 512, kPitchAlignment = 32, kMostLinear = std::size_t{1} << 28,
                      kMostWidth = 131072, kMostHeight = 65000, kMostPitch = 2097120;

struct Record {
  TextureObject object;  // what the handle points to
  cudaResourceDesc resource{};
  cudaTextureDesc texture{};
  cudaResourceViewDesc view{};
  bool has_view = false;
  int device = 0;
};

std::mutex mutex;
/// Never destroyed, as the memory's: a library may destroy its objects late.
auto& records() {
  static auto* all = new std::map<unsigned long long, std::unique_ptr<Record>>;
  return *all;
}

[[noreturn]] void refuse(cudaError_t code, const std::string& why) {
  throw ApiError(code, "cudaCreateTextureObject: " + why);
}
void require(bool holds, const std::string& why) {
  if (!holds) refuse(cudaErrorInvalidValue, why);
}

// --- the image ---

Image image_of_array(const Array& array) {
  Image out;
  out.format = array.format;
  out.layered = is_layered(array.flags);
  out.levels[0] = array.image;
  return out;
}

Image image_of_mipmapped(const MipmappedArray& array) {
  Image out = image_of_array(*array.levels[0]);
  out.level_count = static_cast<std::uint32_t>(array.levels.size());
  for (std::size_t i = 0; i < array.levels.size(); ++i) out.levels[i] = array.levels[i]->image;
  return out;
}

Image image_of_linear(const cudaResourceDesc& resource) {
  const auto& given = resource.res.linear;
  Image out;
  out.format = format_of(given.desc, "cudaCreateTextureObject");
  out.linear = true;
  const std::size_t count = given.sizeInBytes / out.format.bytes();
  require(count >= 1 && count <= kMostLinear, std::to_string(count) +
                                                  " texels of linear memory, allowed: 1 to " +
                                                  std::to_string(kMostLinear));
  require(given.devPtr && reinterpret_cast<std::uintptr_t>(given.devPtr) % kAlignment == 0,
          "linear memory must begin at a multiple of " + std::to_string(kAlignment) + " bytes");
  require(is_inside_one_allocation(given.devPtr, count * out.format.bytes(), true),
          "linear memory reaches out of its allocation");
  checked::bound(given.devPtr, count * out.format.bytes());
  out.levels[0].data = static_cast<std::uint8_t*>(given.devPtr);
  out.levels[0].width = static_cast<std::uint32_t>(count);
  out.levels[0].row_bytes = out.levels[0].slice_bytes = count * out.format.bytes();
  return out;
}

Image image_of_rows(const cudaResourceDesc& resource) {
  const auto& given = resource.res.pitch2D;
  Image out;
  out.format = format_of(given.desc, "cudaCreateTextureObject");
  const std::size_t row = given.width * out.format.bytes();
  require(given.width >= 1 && given.width <= kMostWidth && given.height >= 1 &&
              given.height <= kMostHeight,
          "rows of " + std::to_string(given.width) + " x " + std::to_string(given.height) +
              " texels, allowed: 1 to " + std::to_string(kMostWidth) + " x " +
              std::to_string(kMostHeight));
  require(given.pitchInBytes % kPitchAlignment == 0 && given.pitchInBytes >= row &&
              given.pitchInBytes <= kMostPitch,
          "a pitch of " + std::to_string(given.pitchInBytes) + " bytes, allowed: a multiple of " +
              std::to_string(kPitchAlignment) + " from " + std::to_string(row) + " to " +
              std::to_string(kMostPitch));
  require(given.devPtr && reinterpret_cast<std::uintptr_t>(given.devPtr) % kAlignment == 0,
          "rows must begin at a multiple of " + std::to_string(kAlignment) + " bytes");
  require(
      is_inside_one_allocation(given.devPtr, given.pitchInBytes * (given.height - 1) + row, true),
      "rows reach out of their allocation");
  checked::bound(given.devPtr, given.pitchInBytes * (given.height - 1) + row);
  out.levels[0] = {static_cast<std::uint8_t*>(given.devPtr),
                   static_cast<std::uint32_t>(given.width),
                   static_cast<std::uint32_t>(given.height),
                   1,
                   given.pitchInBytes,
                   given.pitchInBytes * given.height};
  return out;
}

/// The image, and the flags of its array.
Image image_of(const cudaResourceDesc& resource, unsigned* flags, cudaExtent* extent) {
  require(resource.flags == 0, "resource flags must be 0");
  switch (resource.resType) {
    case cudaResourceTypeArray: {
      const Array* array = find_array(resource.res.array.array);
      if (!array) refuse(cudaErrorInvalidResourceHandle, "the resource is no array");
      *flags = array->flags;
      *extent = array->extent;
      return image_of_array(*array);
    }
    case cudaResourceTypeMipmappedArray: {
      const MipmappedArray* array = find_mipmapped(resource.res.mipmap.mipmap);
      if (!array) refuse(cudaErrorInvalidResourceHandle, "the resource is no mipmapped array");
      *flags = array->flags;
      *extent = array->extent;
      return image_of_mipmapped(*array);
    }
    case cudaResourceTypeLinear:
      return image_of_linear(resource);
    case cudaResourceTypePitch2D:
      return image_of_rows(resource);
    default:
      refuse(cudaErrorInvalidValue, "resource type " +
                                        std::to_string(static_cast<int>(resource.resType)) +
                                        ", allowed: array, mipmapped array, linear, pitch2D");
  }
}

// --- a view of it ---

/// Formats come in threes: 1, 2 and 4 channels.
TexelFormat view_format(cudaResourceViewFormat format) {
  if (format >= cudaResViewFormatUnsignedBlockCompressed1)
    refuse(cudaErrorNotSupported, "block-compressed views are not supported by the virtual GPU");
  const int at = format - cudaResViewFormatUnsignedChar1;
  static constexpr std::uint8_t kChannels[] = {1, 2, 4}, kBits[] = {8, 16, 32};
  const std::uint8_t channels = kChannels[at % 3];
  if (format >= cudaResViewFormatHalf1)
    return {Kind::real, channels,
            static_cast<std::uint8_t>(format < cudaResViewFormatFloat1 ? 16 : 32)};
  return {at / 3 % 2 == 0 ? Kind::unsigned_integer : Kind::signed_integer, channels, kBits[at / 6]};
}

void apply_view(Image& image, const cudaResourceViewDesc& view, const cudaExtent& extent) {
  require(view.format >= cudaResViewFormatNone &&
              view.format <= cudaResViewFormatUnsignedBlockCompressed7,
          "view format " + std::to_string(static_cast<int>(view.format)) + " is not known");
  if (view.format != cudaResViewFormatNone) {
    const TexelFormat format = view_format(view.format);
    require(format.bytes() == image.format.bytes(),
            "a view of " + std::to_string(format.bytes()) +
                " bytes a texel, allowed: " + std::to_string(image.format.bytes()));
    image.format = format;
  }
  require(view.width == extent.width && view.height == extent.height && view.depth == extent.depth,
          "a view has its resource's width, height and depth");
  require(view.firstMipmapLevel <= view.lastMipmapLevel && view.lastMipmapLevel < image.level_count,
          "levels " + std::to_string(view.firstMipmapLevel) + " to " +
              std::to_string(view.lastMipmapLevel) + " of a view, allowed: 0 to " +
              std::to_string(image.level_count - 1));
  const std::uint32_t layers = image.layered ? image.levels[0].depth : 1;
  require(view.firstLayer <= view.lastLayer && view.lastLayer < layers,
          "layers " + std::to_string(view.firstLayer) + " to " + std::to_string(view.lastLayer) +
              " of a view, allowed: 0 to " + std::to_string(layers - 1));
  image.level_count = view.lastMipmapLevel - view.firstMipmapLevel + 1;
  if (view.firstMipmapLevel != 0)
    std::copy_n(image.levels.begin() + view.firstMipmapLevel, image.level_count,
                image.levels.begin());
  if (!image.layered) return;
  for (std::uint32_t i = 0; i < image.level_count; ++i) {
    ImageLevel& level = image.levels[i];
    level.data += view.firstLayer * level.slice_bytes;
    level.depth = view.lastLayer - view.firstLayer + 1;
  }
}

// --- the sampler ---

void check_texture(const cudaTextureDesc& t) {
  for (cudaTextureAddressMode mode : t.addressMode)
    require(mode >= cudaAddressModeWrap && mode <= cudaAddressModeBorder,
            "address mode " + std::to_string(static_cast<int>(mode)) +
                ", allowed: wrap, clamp, mirror, border");
  for (cudaTextureFilterMode mode : {t.filterMode, t.mipmapFilterMode})
    require(mode == cudaFilterModePoint || mode == cudaFilterModeLinear,
            "filter mode " + std::to_string(static_cast<int>(mode)) + ", allowed: point, linear");
  require(t.readMode == cudaReadModeElementType || t.readMode == cudaReadModeNormalizedFloat,
          "read mode " + std::to_string(static_cast<int>(t.readMode)) +
              ", allowed: element type, normalized float");
}

/// Integers of 8 and 16 bits read as fractions; those of 32 bits stay.
void read_as_fractions(TexelFormat& format) {
  if (format.bits == 32) return;
  if (format.kind == Kind::signed_integer) format.kind = Kind::signed_normal;
  if (format.kind == Kind::unsigned_integer) format.kind = Kind::unsigned_normal;
}

Sampler sampler_of(const cudaTextureDesc& t, const Image& image) {
  Sampler out;
  if (image.linear) {
    out.address[0] = AddressMode::border;
    return out;
  }
  for (std::size_t k = 0; k < out.address.size(); ++k)
    out.address[k] = static_cast<AddressMode>(t.addressMode[k]);
  out.linear = t.filterMode == cudaFilterModeLinear;
  out.linear_between_levels = t.mipmapFilterMode == cudaFilterModeLinear;
  out.normalized = t.normalizedCoords != 0;
  out.srgb = t.sRGB != 0 && image.format.kind == Kind::unsigned_normal;
  out.seamless = t.seamlessCubemap != 0;
  for (std::size_t c = 0; c < 4; ++c)
    out.border[c] = c < image.format.channels
                        ? std::bit_cast<std::uint32_t>(t.borderColor[c])
                        : isa::missing_component(image.format, static_cast<int>(c));
  out.level_bias = t.mipmapLevelBias;
  out.least_level = t.minMipmapLevelClamp;
  out.most_level = t.maxMipmapLevelClamp;
  return out;
}

TextureObject texture_of(const cudaResourceDesc& resource, const cudaTextureDesc& texture,
                         const cudaResourceViewDesc* view) {
  check_texture(texture);
  unsigned flags = 0;
  cudaExtent extent{};
  TextureObject out;
  out.image = image_of(resource, &flags, &extent);
  const bool is_array = resource.resType == cudaResourceTypeArray ||
                        resource.resType == cudaResourceTypeMipmappedArray;
  require(resource.resType != cudaResourceTypeMipmappedArray || texture.normalizedCoords != 0,
          "a mipmapped array needs normalized coordinates");
  require(!view || is_array, "views are of arrays alone");
  if (view) apply_view(out.image, *view, extent);
  require(texture.seamlessCubemap == 0 || (flags & cudaArrayCubemap) != 0,
          "seamlessCubemap needs an array of the kind cudaArrayCubemap");
  if (texture.readMode == cudaReadModeNormalizedFloat) read_as_fractions(out.image.format);
  if (texture.filterMode == cudaFilterModeLinear && !out.image.linear &&
      !out.image.format.reads_as_float())
    refuse(cudaErrorInvalidFilterSetting, "linear filtering of what reads as integers");
  out.sampler = sampler_of(texture, out.image);
  out.mark = TextureObject::kTexture;
  return out;
}

TextureObject surface_of(const cudaResourceDesc& resource) {
  const auto fail = [](cudaError_t code, const char* why) {
    throw ApiError(code, std::string("cudaCreateSurfaceObject: ") + why);
  };
  if (resource.resType != cudaResourceTypeArray)
    fail(cudaErrorInvalidValue, "a surface's resource must be an array");
  const Array* array = find_array(resource.res.array.array);
  if (!array) fail(cudaErrorInvalidResourceHandle, "the resource is no array");
  if (!(array->flags & cudaArraySurfaceLoadStore))
    fail(cudaErrorInvalidValue, "the array was made without cudaArraySurfaceLoadStore");
  TextureObject out;
  out.image = image_of_array(*array);
  out.mark = TextureObject::kSurface;
  return out;
}

// --- handles ---

unsigned long long keep(std::unique_ptr<Record> record) {
  record->device = current_device();
  const auto handle =
      static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(&record->object));
  const std::lock_guard lock(mutex);
  records()[handle] = std::move(record);
  return handle;
}

/// Calls body(record); cudaErrorInvalidValue for a handle that is none of this kind.
template <class Body>
cudaError_t with_record(unsigned long long handle, std::uint64_t mark, Body body) {
  const std::lock_guard lock(mutex);
  const auto found = records().find(handle);
  if (found == records().end() || found->second->object.mark != mark) return cudaErrorInvalidValue;
  return body(*found->second);
}

cudaError_t destroy(unsigned long long handle, std::uint64_t mark) {
  return with_record(handle, mark, [&](Record& record) {
    record.object.mark = 0;
    records().erase(handle);
    return cudaSuccess;
  });
}

}  // namespace

void forget_textures() {
  const std::lock_guard lock(mutex);
  std::erase_if(records(),
                [](const auto& entry) { return entry.second->device == current_device(); });
}

}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_API(cudaCreateTextureObject,
         (cudaTextureObject_t * out, const cudaResourceDesc* resource,
          const cudaTextureDesc* texture, const cudaResourceViewDesc* view),
         (out, resource, texture, view)) {
  if (!out || !resource || !texture) return cudaErrorInvalidValue;
  auto record = std::make_unique<Record>();
  record->object = texture_of(*resource, *texture, view);
  record->resource = *resource;
  record->texture = *texture;
  record->has_view = view != nullptr;
  if (view) record->view = *view;
  return give(out, keep(std::move(record)));
}
VGPU_API(cudaDestroyTextureObject, (cudaTextureObject_t object), (object)) {
  return destroy(object, TextureObject::kTexture);
}
VGPU_API(cudaGetTextureObjectResourceDesc, (cudaResourceDesc * out, cudaTextureObject_t object),
         (out, object)) {
  return with_record(object, TextureObject::kTexture,
                     [&](const Record& r) { return give(out, r.resource); });
}
VGPU_API(cudaGetTextureObjectTextureDesc, (cudaTextureDesc * out, cudaTextureObject_t object),
         (out, object)) {
  return with_record(object, TextureObject::kTexture,
                     [&](const Record& r) { return give(out, r.texture); });
}
VGPU_API(cudaGetTextureObjectResourceViewDesc,
         (cudaResourceViewDesc * out, cudaTextureObject_t object), (out, object)) {
  return with_record(object, TextureObject::kTexture, [&](const Record& r) {
    return r.has_view ? give(out, r.view) : cudaErrorInvalidValue;
  });
}

VGPU_API(cudaCreateSurfaceObject, (cudaSurfaceObject_t * out, const cudaResourceDesc* resource),
         (out, resource)) {
  if (!out || !resource) return cudaErrorInvalidValue;
  auto record = std::make_unique<Record>();
  record->object = surface_of(*resource);
  record->resource = *resource;
  return give(out, keep(std::move(record)));
}
VGPU_API(cudaDestroySurfaceObject, (cudaSurfaceObject_t object), (object)) {
  return destroy(object, TextureObject::kSurface);
}
VGPU_API(cudaGetSurfaceObjectResourceDesc, (cudaResourceDesc * out, cudaSurfaceObject_t object),
         (out, object)) {
  return with_record(object, TextureObject::kSurface,
                     [&](const Record& r) { return give(out, r.resource); });
}

VGPU_API(cudaDeviceGetTexture1DLinearMaxWidth,
         (size_t * width, const cudaChannelFormatDesc* description, int device),
         (width, description, device)) {
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  if (!description) return cudaErrorInvalidValue;
  format_of(*description, "cudaDeviceGetTexture1DLinearMaxWidth");
  return give(width, kMostLinear);
}
