// arrays.cpp - CUDA arrays and mipmapped arrays: what may be allocated, and what is known of one.
#include "vgpu/runtime/arrays.h"

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <string>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

constexpr unsigned kUnmapped = cudaArraySparse | cudaArrayDeferredMapping;
constexpr unsigned kKnownFlags = cudaArrayLayered | cudaArraySurfaceLoadStore | cudaArrayCubemap |
                                 cudaArrayTextureGather | kUnmapped;

std::mutex mutex;
/// Never destroyed, as the memory's: a library may free its arrays late.
auto& arrays() {
  static auto* all = new std::map<const void*, std::unique_ptr<Array>>;
  return *all;
}
auto& mipmapped() {
  static auto* all = new std::map<const void*, std::unique_ptr<MipmappedArray>>;
  return *all;
}

// --- what may be allocated ---

enum Shape { kLine, kPlane, kVolume, kLines, kPlanes, kCube, kCubes };
constexpr const char* kShapeNames[] = {"a 1D array",         "a 2D array",         "a 3D array",
                                       "a 1D layered array", "a 2D layered array", "a cubemap",
                                       "a layered cubemap"};

/// cudaDeviceProp's maxTexture*, maxSurface*: the largest extents.
struct Limits {
  cudaExtent texture, mipmap, surface;
};
constexpr Limits kLimits[] = {
    {{131072, 0, 0}, {32768, 0, 0}, {32768, 0, 0}},
    {{131072, 65536, 0}, {32768, 32768, 0}, {131072, 65536, 0}},
    {{16384, 16384, 16384}, {16384, 16384, 16384}, {16384, 16384, 16384}},
    {{32768, 0, 2048}, {32768, 0, 2048}, {32768, 0, 2048}},
    {{32768, 32768, 2048}, {32768, 32768, 2048}, {32768, 32768, 2048}},
    {{32768, 32768, 6}, {32768, 32768, 6}, {32768, 32768, 6}},
    {{32768, 32768, 2046}, {32768, 32768, 2046}, {32768, 32768, 2046}},
};
constexpr cudaExtent kGather = {32768, 32768, 0}, kOtherVolume = {8192, 8192, 32768};

std::string text_of(const cudaExtent& e) {
  return "(" + std::to_string(e.width) + "," + std::to_string(e.height) + "," +
         std::to_string(e.depth) + ")";
}

[[noreturn]] void refuse(const char* function, const std::string& why) {
  throw ApiError(cudaErrorInvalidValue, std::string(function) + ": " + why);
}

/// One allocation that is asked for.
struct Wish {
  const char* function;
  cudaExtent extent;
  unsigned flags;
  bool has_levels;
};

Shape shape_of(const Wish& wish) {
  const auto& [width, height, depth] = wish.extent;
  if ((wish.flags & ~kKnownFlags) != 0)
    refuse(wish.function, "flags " + std::to_string(wish.flags) + " are not known");
  if (wish.flags & kUnmapped)
    throw ApiError(cudaErrorNotSupported,
                   std::string(wish.function) +
                       ": arrays without memory (sparse, deferred mapping) are not supported by "
                       "the virtual GPU");
  const bool layered = wish.flags & cudaArrayLayered;
  if (wish.flags & cudaArrayCubemap) {
    if (width != height || depth == 0 || (layered ? depth % 6 != 0 : depth != 6))
      refuse(wish.function, "a cubemap of extent " + text_of(wish.extent) +
                                ", allowed: width = height, depth 6" +
                                (layered ? " or a multiple of it" : ""));
    return layered ? kCubes : kCube;
  }
  if (layered) return height == 0 ? kLines : kPlanes;
  return height == 0 && depth == 0 ? kLine : depth == 0 ? kPlane : kVolume;
}

bool fits(const cudaExtent& extent, const cudaExtent& most) {
  const auto within = [](std::size_t given, std::size_t limit) {
    return limit == 0 ? given == 0 : given >= 1 && given <= limit;
  };
  return within(extent.width, most.width) && within(extent.height, most.height) &&
         within(extent.depth, most.depth);
}

void check_extent(const Wish& wish) {
  const Shape shape = shape_of(wish);
  const Limits& limits = kLimits[shape];
  if ((wish.flags & cudaArrayTextureGather) && shape != kPlane)
    refuse(wish.function,
           std::string("gathering from ") + kShapeNames[shape] + ", allowed: from a 2D array");
  const bool other = shape == kVolume && fits(wish.extent, kOtherVolume);
  const auto require = [&](const cudaExtent& most) {
    if (!other && !fits(wish.extent, most))
      refuse(wish.function, std::string(kShapeNames[shape]) + " of extent " + text_of(wish.extent) +
                                ", allowed: 1 to " + text_of(most));
  };
  require(wish.has_levels ? limits.mipmap : limits.texture);
  if (wish.flags & cudaArrayTextureGather) require(kGather);
  if ((wish.flags & cudaArraySurfaceLoadStore) && !fits(wish.extent, limits.surface))
    refuse(wish.function, std::string(kShapeNames[shape]) + " for surfaces of extent " +
                              text_of(wish.extent) + ", allowed: 1 to " + text_of(limits.surface));
}

// --- making them ---

std::uint32_t at_least_one(std::size_t n) {
  return static_cast<std::uint32_t>(std::max<std::size_t>(n, 1));
}

std::unique_ptr<Array> make_array(const cudaChannelFormatDesc& description, const Wish& wish) {
  auto array = std::make_unique<Array>();
  array->description = description;
  array->extent = wish.extent;
  array->flags = wish.flags;
  array->device = current_device();
  array->format = format_of(description, wish.function);
  ImageLevel& image = array->image;
  image.width = at_least_one(wish.extent.width);
  image.height = at_least_one(wish.extent.height);
  image.depth = at_least_one(wish.extent.depth);
  image.row_bytes = image.width * array->format.bytes();
  image.slice_bytes = image.row_bytes * image.height;
  return array;
}

cudaError_t new_array(cudaArray_t* out, const cudaChannelFormatDesc* description,
                      const Wish& wish) {
  if (!out || !description) return cudaErrorInvalidValue;
  format_of(*description, wish.function);
  check_extent(wish);
  auto array = make_array(*description, wish);
  const cudaError_t code =
      allocate(&array->memory, saturated_bytes(array->image.slice_bytes, array->image.depth, 1),
               MemoryKind::device);
  if (code != cudaSuccess) return code;
  array->image.data = static_cast<std::uint8_t*>(array->memory);
  *out = reinterpret_cast<cudaArray_t>(array.get());
  const std::lock_guard lock(mutex);
  arrays().emplace(array.get(), std::move(array));
  return cudaSuccess;
}

/// Half of each dimension at each level; layers stay.
cudaExtent level_extent(const cudaExtent& whole, unsigned flags, unsigned level) {
  const auto half = [&](std::size_t n) {
    return n == 0 ? 0 : std::max<std::size_t>(1, n >> level);
  };
  return {half(whole.width), half(whole.height),
          is_layered(flags) ? whole.depth : half(whole.depth)};
}

cudaError_t new_mipmapped(cudaMipmappedArray_t* out, const cudaChannelFormatDesc* description,
                          unsigned levels, const Wish& wish) {
  if (!out || !description) return cudaErrorInvalidValue;
  format_of(*description, wish.function);
  check_extent(wish);
  auto made = std::make_unique<MipmappedArray>();
  made->extent = wish.extent;
  made->flags = wish.flags;
  made->device = current_device();
  const std::size_t depth = is_layered(wish.flags) ? 0 : wish.extent.depth;
  const auto most = static_cast<unsigned>(
      std::bit_width(std::max({wish.extent.width, wish.extent.height, depth})));
  levels = std::clamp(levels, 1u, most);
  std::size_t bytes = 0;
  for (unsigned i = 0; i < levels; ++i) {
    Wish one = wish;
    one.extent = level_extent(wish.extent, wish.flags, i);
    made->levels.push_back(make_array(*description, one));
    bytes += made->levels.back()->image.slice_bytes * made->levels.back()->image.depth;
  }
  const cudaError_t code = allocate(&made->memory, bytes, MemoryKind::device);
  if (code != cudaSuccess) return code;
  auto* at = static_cast<std::uint8_t*>(made->memory);
  for (auto& level : made->levels) {
    level->image.data = at;
    at += level->image.slice_bytes * level->image.depth;
  }
  *out = reinterpret_cast<cudaMipmappedArray_t>(made.get());
  const std::lock_guard lock(mutex);
  mipmapped().emplace(made.get(), std::move(made));
  return cudaSuccess;
}

/// Takes an object out of its registry and gives its memory back.
template <class Map>
cudaError_t free_one(Map& map, const void* handle) {
  if (!handle) return cudaSuccess;
  const std::lock_guard lock(mutex);
  const auto found = map.find(handle);
  if (found == map.end()) return cudaErrorInvalidResourceHandle;
  void* const memory = found->second->memory;
  map.erase(found);
  return release(memory, false);
}

}  // namespace

bool is_layered(unsigned flags) { return (flags & (cudaArrayLayered | cudaArrayCubemap)) != 0; }

const Array* find_array(cudaArray_const_t handle) {
  const std::lock_guard lock(mutex);
  if (const auto found = arrays().find(handle); found != arrays().end()) return found->second.get();
  for (const auto& [key, whole] : mipmapped())
    for (const auto& level : whole->levels)
      if (static_cast<const void*>(level.get()) == handle) return level.get();
  return nullptr;
}

const MipmappedArray* find_mipmapped(cudaMipmappedArray_const_t handle) {
  const std::lock_guard lock(mutex);
  const auto found = mipmapped().find(handle);
  return found == mipmapped().end() ? nullptr : found->second.get();
}

void forget_arrays() {
  const std::lock_guard lock(mutex);
  const auto of_this_device = [](const auto& entry) {
    return entry.second->device == current_device();
  };
  std::erase_if(arrays(), of_this_device);
  std::erase_if(mipmapped(), of_this_device);
}

}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_API(cudaMallocArray,
         (cudaArray_t * array, const cudaChannelFormatDesc* description, size_t width,
          size_t height, unsigned int flags),
         (array, description, width, height, flags)) {
  if (flags & (cudaArrayLayered | cudaArrayCubemap)) return cudaErrorInvalidValue;
  return new_array(array, description, {"cudaMallocArray", {width, height, 0}, flags, false});
}
VGPU_API(cudaMalloc3DArray,
         (cudaArray_t * array, const cudaChannelFormatDesc* description, cudaExtent extent,
          unsigned int flags),
         (array, description, extent, flags)) {
  return new_array(array, description, {"cudaMalloc3DArray", extent, flags, false});
}
VGPU_API(cudaMallocMipmappedArray,
         (cudaMipmappedArray_t * array, const cudaChannelFormatDesc* description, cudaExtent extent,
          unsigned int levels, unsigned int flags),
         (array, description, extent, levels, flags)) {
  return new_mipmapped(array, description, levels,
                       {"cudaMallocMipmappedArray", extent, flags, true});
}
VGPU_API(cudaFreeArray, (cudaArray_t array), (array)) { return free_one(arrays(), array); }
VGPU_API(cudaFreeMipmappedArray, (cudaMipmappedArray_t array), (array)) {
  return free_one(mipmapped(), array);
}
VGPU_API(cudaGetMipmappedArrayLevel,
         (cudaArray_t * level, cudaMipmappedArray_const_t array, unsigned int number),
         (level, array, number)) {
  const MipmappedArray* whole = find_mipmapped(array);
  if (!whole) return cudaErrorInvalidResourceHandle;
  if (number >= whole->levels.size()) return cudaErrorInvalidValue;
  return give(level, reinterpret_cast<cudaArray_t>(whole->levels[number].get()));
}
VGPU_API(cudaArrayGetInfo,
         (cudaChannelFormatDesc * description, cudaExtent* extent, unsigned int* flags,
          cudaArray_t array),
         (description, extent, flags, array)) {
  const Array* known = find_array(array);
  if (!known) return cudaErrorInvalidResourceHandle;
  if (description) *description = known->description;
  if (extent) *extent = known->extent;
  if (flags) *flags = known->flags;
  return cudaSuccess;
}
VGPU_API(cudaGetChannelDesc, (cudaChannelFormatDesc * description, cudaArray_const_t array),
         (description, array)) {
  const Array* known = find_array(array);
  if (!known) return cudaErrorInvalidResourceHandle;
  if (!description) return cudaErrorInvalidValue;
  *description = known->description;
  return cudaSuccess;
}

// --- no array here has planes, or is sparse, or waits for its memory ---

VGPU_API(cudaArrayGetPlane, (cudaArray_t * plane, cudaArray_t array, unsigned int index),
         (plane, array, index)) {
  (void)plane, (void)index;
  return find_array(array) ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaArrayGetMemoryRequirements,
         (cudaArrayMemoryRequirements * requirements, cudaArray_t array, int device),
         (requirements, array, device)) {
  (void)requirements, (void)device;
  return find_array(array) ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaMipmappedArrayGetMemoryRequirements,
         (cudaArrayMemoryRequirements * requirements, cudaMipmappedArray_t array, int device),
         (requirements, array, device)) {
  (void)requirements, (void)device;
  return find_mipmapped(array) ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaArrayGetSparseProperties, (cudaArraySparseProperties * properties, cudaArray_t array),
         (properties, array)) {
  (void)properties;
  return find_array(array) ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaMipmappedArrayGetSparseProperties,
         (cudaArraySparseProperties * properties, cudaMipmappedArray_t array),
         (properties, array)) {
  (void)properties;
  return find_mipmapped(array) ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
}
