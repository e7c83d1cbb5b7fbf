// pools.cpp - stream-ordered memory and its pools. Memory comes and goes with the call; a pool
// keeps nothing back, so that what it reserves is what is in use.
#include "vgpu/runtime/pools.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/capture.h"
#include "vgpu/runtime/checked_streams.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/graph_memory.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

struct Pool {
  int device;
  std::size_t most = 0;      // 0: as much as the device has
  int reuse[3] = {1, 1, 1};  // cudaMemPoolReuseFollowEventDependencies and the two after it
  std::uint64_t release_threshold = 0;
  std::uint64_t used = 0, high = 0;
  bool is_closed = false;                      // destroyed while some of it was in use
  std::map<int, cudaMemAccessFlags> access{};  // of other devices
};

struct Piece {
  Pool* pool;
  std::size_t bytes;
};

std::mutex mutex;
VGPU_EARLY std::map<int, std::unique_ptr<Pool>> defaults;  // by device
VGPU_EARLY std::map<int, Pool*> current;                   // cudaDeviceSetMemPool
VGPU_EARLY std::set<Pool*> created;
VGPU_EARLY std::map<const void*, Piece> pieces;

cudaMemPool_t handle(Pool* pool) { return reinterpret_cast<cudaMemPool_t>(pool); }

Pool* default_pool(int device) {
  auto& pool = defaults[device];
  if (!pool) pool = std::make_unique<Pool>(Pool{device});
  return pool.get();
}

Pool* current_pool(int device) {
  const auto found = current.find(device);
  return found == current.end() ? default_pool(device) : found->second;
}

bool is_device(int device) { return device >= 0 && device < device_choice().count; }

bool is_device(const cudaMemLocation& where) {
  return where.type == cudaMemLocationTypeDevice && is_device(where.id);
}

/// Null when it is none. `mutex` is held.
Pool* known(cudaMemPool_t pool) {
  auto* const wanted = reinterpret_cast<Pool*>(pool);
  if (created.contains(wanted)) return wanted->is_closed ? nullptr : wanted;
  for (const auto& [device, one] : defaults)
    if (one.get() == wanted) return wanted;
  return nullptr;
}

template <class T>
cudaError_t read(void* value, T from) {
  *static_cast<T*>(value) = from;
  return cudaSuccess;
}

cudaError_t get_attribute(const Pool& pool, int attribute, void* value) {
  switch (attribute) {
    case cudaMemPoolReuseFollowEventDependencies:
    case cudaMemPoolReuseAllowOpportunistic:
    case cudaMemPoolReuseAllowInternalDependencies:
      return read(value, pool.reuse[attribute - cudaMemPoolReuseFollowEventDependencies]);
    case cudaMemPoolAttrReleaseThreshold:
      return read(value, pool.release_threshold);
    case cudaMemPoolAttrReservedMemCurrent:
    case cudaMemPoolAttrUsedMemCurrent:
      return read(value, pool.used);
    case cudaMemPoolAttrReservedMemHigh:
    case cudaMemPoolAttrUsedMemHigh:
      return read(value, pool.high);
    case cudaMemPoolAttrAllocationType:
      return read(value, cudaMemAllocationTypePinned);
    case cudaMemPoolAttrExportHandleTypes:
      return read(value, cudaMemHandleTypeNone);
    case cudaMemPoolAttrLocationId:
      return read(value, pool.device);
    case cudaMemPoolAttrLocationType:
      return read(value, cudaMemLocationTypeDevice);
    case cudaMemPoolAttrMaxPoolSize:
      return read(value, std::uint64_t{pool.most});
    case cudaMemPoolAttrHwDecompressEnabled:
      return read(value, 0);
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t set_attribute(Pool& pool, int attribute, const void* value) {
  switch (attribute) {
    case cudaMemPoolReuseFollowEventDependencies:
    case cudaMemPoolReuseAllowOpportunistic:
    case cudaMemPoolReuseAllowInternalDependencies:
      pool.reuse[attribute - cudaMemPoolReuseFollowEventDependencies] =
          *static_cast<const int*>(value) != 0;
      return cudaSuccess;
    case cudaMemPoolAttrReleaseThreshold:
      pool.release_threshold = *static_cast<const std::uint64_t*>(value);
      return cudaSuccess;
    case cudaMemPoolAttrReservedMemHigh:
    case cudaMemPoolAttrUsedMemHigh:
      if (*static_cast<const std::uint64_t*>(value) != 0) return cudaErrorInvalidValue;
      return pool.high = pool.used, cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t create(cudaMemPool_t* out, const cudaMemPoolProps* properties) {
  if (!out || !properties || properties->allocType != cudaMemAllocationTypePinned)
    return cudaErrorInvalidValue;
  if (properties->handleTypes != cudaMemHandleTypeNone)
    throw ApiError(cudaErrorNotSupported,
                   "cudaMemPoolCreate: pools that other processes share are not supported by the "
                   "virtual GPU");
  if (!is_device(properties->location)) return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex);
  *out = handle(*created.insert(new Pool{properties->location.id, properties->maxSize}).first);
  return cudaSuccess;
}

/// Its memory stays until it is freed; then the pool goes as well.
cudaError_t destroy(cudaMemPool_t pool) {
  const std::lock_guard lock(mutex);
  auto* const one = reinterpret_cast<Pool*>(pool);
  if (!created.contains(one) || one->is_closed) return cudaErrorInvalidValue;
  std::erase_if(current, [&](const auto& entry) { return entry.second == one; });
  one->is_closed = true;
  if (one->used) return cudaSuccess;
  created.erase(one);
  delete one;
  return cudaSuccess;
}

cudaError_t allocate_now(void** out, std::size_t bytes, cudaMemPool_t from, int device) {
  const std::lock_guard lock(mutex);
  Pool* const pool = from ? known(from) : current_pool(device);
  if (!out || !pool) return cudaErrorInvalidValue;
  if (pool->most && bytes > pool->most - std::min<std::uint64_t>(pool->most, pool->used))
    return cudaErrorMemoryAllocation;
  const OnDevice there(pool->device);
  const cudaError_t code = allocate(out, bytes, MemoryKind::device);
  if (code != cudaSuccess || !*out) return code;
  pieces[*out] = {pool, bytes};
  pool->high = std::max(pool->high, pool->used += bytes);
  return cudaSuccess;
}

cudaError_t allocate_in(cudaStream_t handle_of_stream, void** out, std::size_t bytes,
                        cudaMemPool_t pool) {
  Stream& stream = stream_of(handle_of_stream);
  if (!captures_exist() || !is_capturing(stream)) {
    const checked::StreamWork piece(stream, "allocation");
    return allocate_now(out, bytes, pool, stream.device);
  }
  if (!out || bytes == 0) return cudaErrorInvalidValue;
  const OnDevice there(stream.device);
  AllocateWork work{std::make_shared<GraphMemory>(bytes), {}};
  work.asked.poolProps.allocType = cudaMemAllocationTypePinned;
  work.asked.poolProps.location = {cudaMemLocationTypeDevice, stream.device};
  work.asked.bytesize = bytes;
  *out = work.asked.dptr = work.memory->address();
  return capture(stream, std::move(work));
}

cudaError_t free_now(void* memory) {
  const cudaError_t code = release(memory, false);
  if (code == cudaSuccess) left_pool(memory);
  return code;
}

cudaError_t give_pool(cudaMemPool_t* out, const cudaMemLocation* where, cudaMemAllocationType type,
                      Pool* (*choose)(int)) {
  if (!where || type != cudaMemAllocationTypePinned || !is_device(*where))
    return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex);
  return give(out, handle(choose(where->id)));
}

cudaError_t set_pool(int device, cudaMemPool_t pool) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  Pool* const one = known(pool);
  if (!one || one->device != device) return cudaErrorInvalidValue;
  current[device] = one;
  return cudaSuccess;
}

cudaError_t set_access(cudaMemPool_t handle_of_pool, const cudaMemAccessDesc* list,
                       std::size_t count) {
  const std::lock_guard lock(mutex);
  Pool* const pool = known(handle_of_pool);
  if (!pool || (!list && count)) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i) {
    if (list[i].location.type != cudaMemLocationTypeDevice) return cudaErrorInvalidValue;
    if (!is_device(list[i].location.id)) return cudaErrorInvalidDevice;
    const bool own = list[i].location.id == pool->device;
    if (own && list[i].flags != cudaMemAccessFlagsProtReadWrite) return cudaErrorInvalidValue;
    pool->access[list[i].location.id] = list[i].flags;
  }
  return cudaSuccess;
}

cudaError_t get_access(cudaMemAccessFlags* flags, cudaMemPool_t handle_of_pool,
                       const cudaMemLocation* where) {
  const std::lock_guard lock(mutex);
  const Pool* const pool = known(handle_of_pool);
  if (!pool || !where || !is_device(*where)) return cudaErrorInvalidValue;
  const auto found = pool->access.find(where->id);
  const bool own = where->id == pool->device;
  return give(flags, own                           ? cudaMemAccessFlagsProtReadWrite
                     : found == pool->access.end() ? cudaMemAccessFlagsProtNone
                                                   : found->second);
}

}  // namespace

void left_pool(const void* memory) {
  const std::lock_guard lock(mutex);
  const auto found = pieces.find(memory);
  if (found == pieces.end()) return;
  Pool* const pool = found->second.pool;
  pool->used -= found->second.bytes;
  pieces.erase(found);
  if (!pool->is_closed || pool->used) return;
  created.erase(pool);
  delete pool;
}

void forget_pieces(int device) {
  const std::lock_guard lock(mutex);
  for (auto it = pieces.begin(); it != pieces.end();) {
    Pool* const pool = it->second.pool;
    if (pool->device != device) {
      ++it;
      continue;
    }
    pool->used -= it->second.bytes;
    it = pieces.erase(it);
  }
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaMallocAsync, (void** p, size_t bytes, cudaStream_t stream), (p, bytes, stream)) {
  return allocate_in(stream, p, bytes, nullptr);
}
VGPU_API(cudaMallocFromPoolAsync, (void** p, size_t bytes, cudaMemPool_t pool, cudaStream_t stream),
         (p, bytes, pool, stream)) {
  return pool ? allocate_in(stream, p, bytes, pool) : cudaErrorInvalidValue;
}
VGPU_API(cudaFreeAsync, (void* p, cudaStream_t handle_of_stream), (p, handle_of_stream)) {
  Stream& stream = stream_of(handle_of_stream);
  if (!captures_exist() || !is_capturing(stream)) {
    const checked::StreamWork piece(stream, "free");
    return free_now(p);
  }
  return p ? capture(stream, FreeWork{p}) : cudaErrorInvalidValue;
}
VGPU_API(cudaDeviceGetDefaultMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  return give(pool, handle(default_pool(device)));
}
VGPU_API(cudaDeviceGetMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  return give(pool, handle(current_pool(device)));
}
VGPU_API(cudaDeviceSetMemPool, (int device, cudaMemPool_t pool), (device, pool)) {
  return set_pool(device, pool);
}
VGPU_API(cudaMemGetDefaultMemPool,
         (cudaMemPool_t * pool, cudaMemLocation* where, cudaMemAllocationType type),
         (pool, where, type)) {
  return give_pool(pool, where, type, default_pool);
}
VGPU_API(cudaMemGetMemPool,
         (cudaMemPool_t * pool, cudaMemLocation* where, cudaMemAllocationType type),
         (pool, where, type)) {
  return give_pool(pool, where, type, current_pool);
}
VGPU_API(cudaMemSetMemPool,
         (cudaMemLocation * where, cudaMemAllocationType type, cudaMemPool_t pool),
         (where, type, pool)) {
  if (!where || type != cudaMemAllocationTypePinned || !is_device(*where))
    return cudaErrorInvalidValue;
  return set_pool(where->id, pool);
}
VGPU_API(cudaMemPoolCreate, (cudaMemPool_t * pool, const cudaMemPoolProps* properties),
         (pool, properties)) {
  return create(pool, properties);
}
VGPU_API(cudaMemPoolDestroy, (cudaMemPool_t pool), (pool)) { return destroy(pool); }
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
  return set_access(pool, list, count);
}
VGPU_API(cudaMemPoolGetAccess,
         (cudaMemAccessFlags * flags, cudaMemPool_t pool, cudaMemLocation* where),
         (flags, pool, where)) {
  return get_access(flags, pool, where);
}
VGPU_API(cudaMemPoolTrimTo, (cudaMemPool_t pool, size_t keep), (pool, keep)) {
  (void)keep;
  const std::lock_guard lock(mutex);
  return known(pool) ? cudaSuccess : cudaErrorInvalidValue;
}
