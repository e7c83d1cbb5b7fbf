// pools.cpp - stream-ordered memory and its pools. Memory comes and goes with the call; a pool
// keeps nothing back, so its attributes are remembered and change nothing.
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

struct Pool {
  int device;
  int reuse[3] = {1, 1, 1};  // cudaMemPoolReuseFollowEventDependencies and the two after it
  std::uint64_t release_threshold = 0;
};

std::mutex mutex;
std::map<int, std::unique_ptr<Pool>> defaults;  // by device
std::map<int, Pool*> current;                   // cudaDeviceSetMemPool
std::set<Pool*> created;

cudaMemPool_t handle(Pool* pool) { return reinterpret_cast<cudaMemPool_t>(pool); }

Pool* default_pool(int device) {
  auto& pool = defaults[device];
  if (!pool) pool = std::make_unique<Pool>(Pool{device});
  return pool.get();
}

bool is_device(int device) { return device >= 0 && device < device_choice().count; }

/// Null when it is none. `mutex` is held.
Pool* known(cudaMemPool_t pool) {
  auto* const wanted = reinterpret_cast<Pool*>(pool);
  if (created.contains(wanted)) return wanted;
  for (const auto& [device, one] : defaults)
    if (one.get() == wanted) return wanted;
  return nullptr;
}

bool is_pool(cudaMemPool_t pool) {
  const std::lock_guard lock(mutex);
  return known(pool);
}

template <class T>
cudaError_t read(void* value, T from) {
  *static_cast<T*>(value) = from;
  return cudaSuccess;
}

cudaError_t get_attribute(const Pool& pool, cudaMemPoolAttr attribute, void* value) {
  switch (attribute) {
    case cudaMemPoolReuseFollowEventDependencies:
    case cudaMemPoolReuseAllowOpportunistic:
    case cudaMemPoolReuseAllowInternalDependencies:
      return read(value, pool.reuse[attribute - cudaMemPoolReuseFollowEventDependencies]);
    case cudaMemPoolAttrReleaseThreshold:
      return read(value, pool.release_threshold);
    case cudaMemPoolAttrReservedMemCurrent:
    case cudaMemPoolAttrUsedMemCurrent:
      return read(value, memory_in_use());
    case cudaMemPoolAttrReservedMemHigh:
    case cudaMemPoolAttrUsedMemHigh:
      return read(value, peak_memory_in_use());
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t set_attribute(Pool& pool, cudaMemPoolAttr attribute, const void* value) {
  switch (attribute) {
    case cudaMemPoolReuseFollowEventDependencies:
    case cudaMemPoolReuseAllowOpportunistic:
    case cudaMemPoolReuseAllowInternalDependencies:
      pool.reuse[attribute - cudaMemPoolReuseFollowEventDependencies] =
          *static_cast<const int*>(value);
      return cudaSuccess;
    case cudaMemPoolAttrReleaseThreshold:
      pool.release_threshold = *static_cast<const std::uint64_t*>(value);
      return cudaSuccess;
    case cudaMemPoolAttrReservedMemHigh:
    case cudaMemPoolAttrUsedMemHigh:
      if (*static_cast<const std::uint64_t*>(value) != 0) return cudaErrorInvalidValue;
      return reset_peak_use(), cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace
}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaMallocAsync, (void** p, size_t bytes, cudaStream_t stream), (p, bytes, stream)) {
  check_stream(stream);
  return allocate(p, bytes, MemoryKind::device);
}
VGPU_API(cudaMallocFromPoolAsync, (void** p, size_t bytes, cudaMemPool_t pool, cudaStream_t stream),
         (p, bytes, pool, stream)) {
  check_stream(stream);
  return is_pool(pool) ? allocate(p, bytes, MemoryKind::device) : cudaErrorInvalidValue;
}
VGPU_API(cudaFreeAsync, (void* p, cudaStream_t stream), (p, stream)) {
  check_stream(stream);
  return release(p, false);
}
VGPU_API(cudaDeviceGetDefaultMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  return give(pool, handle(default_pool(device)));
}
VGPU_API(cudaDeviceGetMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  const auto found = current.find(device);
  return give(pool, handle(found == current.end() ? default_pool(device) : found->second));
}
VGPU_API(cudaDeviceSetMemPool, (int device, cudaMemPool_t pool), (device, pool)) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  Pool* const one = known(pool);
  if (!one) return cudaErrorInvalidValue;
  current[device] = one;
  return cudaSuccess;
}
VGPU_API(cudaMemPoolCreate, (cudaMemPool_t * pool, const cudaMemPoolProps* properties),
         (pool, properties)) {
  if (!pool || !properties || properties->allocType != cudaMemAllocationTypePinned ||
      properties->location.type != cudaMemLocationTypeDevice || !is_device(properties->location.id))
    return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex);
  *pool = handle(*created.insert(new Pool{properties->location.id}).first);
  return cudaSuccess;
}
VGPU_API(cudaMemPoolDestroy, (cudaMemPool_t pool), (pool)) {
  const std::lock_guard lock(mutex);
  auto* const one = reinterpret_cast<Pool*>(pool);
  if (created.erase(one) == 0) return cudaErrorInvalidValue;
  std::erase_if(current, [&](const auto& entry) { return entry.second == one; });
  delete one;
  return cudaSuccess;
}
VGPU_API(cudaMemPoolGetAttribute, (cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value),
         (pool, attribute, value)) {
  const std::lock_guard lock(mutex);
  const Pool* const one = known(pool);
  return one && value ? get_attribute(*one, attribute, value) : cudaErrorInvalidValue;
}
VGPU_API(cudaMemPoolSetAttribute, (cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value),
         (pool, attribute, value)) {
  const std::lock_guard lock(mutex);
  Pool* const one = known(pool);
  return one && value ? set_attribute(*one, attribute, value) : cudaErrorInvalidValue;
}
VGPU_API(cudaMemPoolSetAccess, (cudaMemPool_t pool, const cudaMemAccessDesc* list, size_t count),
         (pool, list, count)) {
  return is_pool(pool) && (list || count == 0) ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaMemPoolTrimTo, (cudaMemPool_t pool, size_t keep), (pool, keep)) {
  (void)keep;
  return is_pool(pool) ? cudaSuccess : cudaErrorInvalidValue;
}
