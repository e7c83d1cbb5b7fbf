#include "vgpu/runtime/memory.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "vgpu/machine/profile.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

constexpr std::size_t kAlign = 512;
constexpr std::size_t kPitch = 512;
constexpr std::size_t kMostPoisoned = std::size_t{64} << 20;  // larger allocations would cost page faults for nothing
constexpr int kPoison = 0xff;                                 // every float type reads it as NaN

enum class Kind { device, managed, host, registered, variable };

struct Allocation {
  std::size_t bytes;
  Kind kind;
};

std::mutex mutex;
std::map<std::uintptr_t, Allocation> allocations;
std::size_t used = 0;

bool poisons() {
  static const bool on = [] {
    const char* text = std::getenv("PLUMBLINE_VGPU_POISON");
    return !text || std::string(text) != "off";
  }();
  return on;
}

/// The allocation that holds the address.
std::map<std::uintptr_t, Allocation>::iterator find(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  auto it = allocations.upper_bound(at);
  if (it == allocations.begin()) return allocations.end();
  --it;
  return at - it->first < it->second.bytes || at == it->first ? it : allocations.end();
}

cudaError_t allocate(void** out, std::size_t bytes, Kind kind) {
  if (!out) return cudaErrorInvalidValue;
  *out = nullptr;
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(mutex);
  const bool counted = kind != Kind::host;
  if (counted && (bytes > memory_limit() || used > memory_limit() - bytes)) return cudaErrorMemoryAllocation;
  if (bytes > SIZE_MAX - kAlign) return cudaErrorMemoryAllocation;
  void* memory = std::aligned_alloc(kAlign, (bytes + kAlign - 1) / kAlign * kAlign);
  if (!memory) return cudaErrorMemoryAllocation;
  if (poisons() && bytes <= kMostPoisoned) std::memset(memory, kPoison, bytes);
  allocations[reinterpret_cast<std::uintptr_t>(memory)] = {bytes, kind};
  if (counted) used += bytes;
  *out = memory;
  return cudaSuccess;
}

cudaError_t release(void* memory, bool host) {
  if (!memory) return cudaSuccess;
  const std::lock_guard lock(mutex);
  const auto it = allocations.find(reinterpret_cast<std::uintptr_t>(memory));
  if (it == allocations.end() || (it->second.kind == Kind::host) != host || it->second.kind == Kind::variable)
    return cudaErrorInvalidValue;
  if (!host) used -= it->second.bytes;
  allocations.erase(it);
  std::free(memory);
  return cudaSuccess;
}

/// A copy's device side must lie inside one allocation; memory that is not the device's is taken for the host's.
bool fits(const void* address, std::size_t bytes, bool must_be_device) {
  const std::lock_guard lock(mutex);
  const auto it = find(address);
  if (it == allocations.end()) return !must_be_device;
  return reinterpret_cast<std::uintptr_t>(address) - it->first + bytes <= it->second.bytes;
}

cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return cudaSuccess;
  if (!to || !from) return cudaErrorInvalidValue;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
  if (!fits(to, bytes, to_device) || !fits(from, bytes, from_device)) return cudaErrorInvalidValue;
  std::memmove(to, from, bytes);
  return cudaSuccess;
}

cudaError_t copy_rows(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                      std::size_t height, cudaMemcpyKind kind) {
  if (width > to_pitch || width > from_pitch) return cudaErrorInvalidPitchValue;
  for (std::size_t row = 0; row < height; ++row) {
    const cudaError_t code = copy(static_cast<char*>(to) + row * to_pitch, static_cast<const char*>(from) + row * from_pitch, width, kind);
    if (code != cudaSuccess) return code;
  }
  return cudaSuccess;
}

cudaError_t fill(void* to, int value, std::size_t bytes) {
  if (bytes == 0) return cudaSuccess;
  if (!to || !fits(to, bytes, true)) return cudaErrorInvalidValue;
  std::memset(to, value, bytes);
  return cudaSuccess;
}

cudaError_t symbol_range(const void* symbol, std::size_t bytes, std::size_t offset, char** address) {
  std::size_t size = 0;
  *address = static_cast<char*>(variable_address(symbol, &size));
  if (!*address) return cudaErrorInvalidSymbol;
  return offset <= size && bytes <= size - offset ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace

std::size_t memory_limit() {
  return device_choice().memory_bytes ? device_choice().memory_bytes : current_profile().memory_bytes;
}

void note_variable(void* address, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  allocations[reinterpret_cast<std::uintptr_t>(address)] = {bytes, Kind::variable};
}

void free_everything() {
  const std::lock_guard lock(mutex);
  for (auto it = allocations.begin(); it != allocations.end();) {
    if (it->second.kind != Kind::device && it->second.kind != Kind::managed) {
      ++it;
      continue;
    }
    std::free(reinterpret_cast<void*>(it->first));
    it = allocations.erase(it);
  }
  used = 0;
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaMalloc, (void** p, size_t bytes), (p, bytes)) { return allocate(p, bytes, Kind::device); }
VGPU_API(cudaMallocAsync, (void** p, size_t bytes, cudaStream_t stream), (p, bytes, stream)) {
  return (void)stream, allocate(p, bytes, Kind::device);
}
VGPU_API(cudaMallocFromPoolAsync, (void** p, size_t bytes, cudaMemPool_t pool, cudaStream_t stream), (p, bytes, pool, stream)) {
  return (void)pool, (void)stream, allocate(p, bytes, Kind::device);
}
VGPU_API(cudaMallocManaged, (void** p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  return (void)flags, allocate(p, bytes, Kind::managed);
}
VGPU_API(cudaMallocHost, (void** p, size_t bytes), (p, bytes)) { return allocate(p, bytes, Kind::host); }
VGPU_API(cudaHostAlloc, (void** p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  return (void)flags, allocate(p, bytes, Kind::host);
}
VGPU_API(cudaMallocPitch, (void** p, size_t* pitch, size_t width, size_t height), (p, pitch, width, height)) {
  *pitch = (width + kPitch - 1) / kPitch * kPitch;
  return allocate(p, *pitch * height, Kind::device);
}
VGPU_API(cudaFree, (void* p), (p)) { return release(p, false); }
VGPU_API(cudaFreeAsync, (void* p, cudaStream_t stream), (p, stream)) { return (void)stream, release(p, false); }
VGPU_API(cudaFreeHost, (void* p), (p)) { return release(p, true); }
VGPU_API(cudaHostRegister, (void* p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  (void)flags;
  const std::lock_guard lock(mutex);
  return allocations.emplace(reinterpret_cast<std::uintptr_t>(p), Allocation{bytes, Kind::registered}).second
             ? cudaSuccess : cudaErrorHostMemoryAlreadyRegistered;
}
VGPU_API(cudaHostUnregister, (void* p), (p)) {
  const std::lock_guard lock(mutex);
  const auto it = allocations.find(reinterpret_cast<std::uintptr_t>(p));
  if (it == allocations.end() || it->second.kind != Kind::registered) return cudaErrorHostMemoryNotRegistered;
  return allocations.erase(it), cudaSuccess;
}
VGPU_API(cudaHostGetDevicePointer, (void** device, void* host, unsigned int flags), (device, host, flags)) {
  return (void)flags, *device = host, cudaSuccess;
}
VGPU_API(cudaMemGetInfo, (size_t * free, size_t* total), (free, total)) {
  const std::lock_guard lock(mutex);
  *total = memory_limit();
  *free = *total - used;
  return cudaSuccess;
}
VGPU_API(cudaPointerGetAttributes, (cudaPointerAttributes * out, const void* p), (out, p)) {
  const std::lock_guard lock(mutex);
  std::memset(out, 0, sizeof *out);
  const auto it = find(p);
  out->type = it == allocations.end()                                                        ? cudaMemoryTypeUnregistered
              : it->second.kind == Kind::managed                                             ? cudaMemoryTypeManaged
              : it->second.kind == Kind::host || it->second.kind == Kind::registered         ? cudaMemoryTypeHost
                                                                                             : cudaMemoryTypeDevice;
  out->device = it == allocations.end() ? -2 : 0;  // cudaInvalidDeviceId
  if (out->type != cudaMemoryTypeUnregistered) out->devicePointer = const_cast<void*>(p);
  if (out->type == cudaMemoryTypeHost || out->type == cudaMemoryTypeManaged || out->type == cudaMemoryTypeUnregistered)
    out->hostPointer = const_cast<void*>(p);
  return cudaSuccess;
}

VGPU_API(cudaMemcpy, (void* to, const void* from, size_t bytes, cudaMemcpyKind kind), (to, from, bytes, kind)) {
  return copy(to, from, bytes, kind);
}
VGPU_API(cudaMemcpyAsync, (void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream),
         (to, from, bytes, kind, stream)) {
  return (void)stream, copy(to, from, bytes, kind);
}
VGPU_API(cudaMemcpyPeer, (void* to, int to_device, const void* from, int from_device, size_t bytes),
         (to, to_device, from, from_device, bytes)) {
  return (void)to_device, (void)from_device, copy(to, from, bytes, cudaMemcpyDeviceToDevice);
}
VGPU_API(cudaMemcpyPeerAsync, (void* to, int to_device, const void* from, int from_device, size_t bytes, cudaStream_t stream),
         (to, to_device, from, from_device, bytes, stream)) {
  return (void)to_device, (void)from_device, (void)stream, copy(to, from, bytes, cudaMemcpyDeviceToDevice);
}
VGPU_API(cudaMemcpy2D, (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind),
         (to, to_pitch, from, from_pitch, width, height, kind)) {
  return copy_rows(to, to_pitch, from, from_pitch, width, height, kind);
}
VGPU_API(cudaMemcpy2DAsync,
         (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream),
         (to, to_pitch, from, from_pitch, width, height, kind, stream)) {
  return (void)stream, copy_rows(to, to_pitch, from, from_pitch, width, height, kind);
}
VGPU_API(cudaMemset, (void* to, int value, size_t bytes), (to, value, bytes)) { return fill(to, value, bytes); }
VGPU_API(cudaMemsetAsync, (void* to, int value, size_t bytes, cudaStream_t stream), (to, value, bytes, stream)) {
  return (void)stream, fill(to, value, bytes);
}
VGPU_API(cudaMemset2D, (void* to, size_t pitch, int value, size_t width, size_t height), (to, pitch, value, width, height)) {
  for (std::size_t row = 0; row < height; ++row)
    if (const cudaError_t code = fill(static_cast<char*>(to) + row * pitch, value, width); code != cudaSuccess) return code;
  return cudaSuccess;
}
VGPU_API(cudaMemset2DAsync, (void* to, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream),
         (to, pitch, value, width, height, stream)) {
  (void)stream;
  return virtual_cudaMemset2D(to, pitch, value, width, height);
}
VGPU_API(cudaMemPrefetchAsync, (const void* p, size_t bytes, cudaMemLocation where, unsigned int flags, cudaStream_t stream),
         (p, bytes, where, flags, stream)) {
  return (void)p, (void)bytes, (void)where, (void)flags, (void)stream, cudaSuccess;
}
VGPU_API(cudaMemAdvise, (const void* p, size_t bytes, cudaMemoryAdvise advice, cudaMemLocation where), (p, bytes, advice, where)) {
  return (void)p, (void)bytes, (void)advice, (void)where, cudaSuccess;
}

// --- symbols ---

VGPU_API(cudaGetSymbolAddress, (void** address, const void* symbol), (address, symbol)) {
  char* at = nullptr;
  const cudaError_t code = symbol_range(symbol, 0, 0, &at);
  return *address = at, code;
}
VGPU_API(cudaGetSymbolSize, (size_t * bytes, const void* symbol), (bytes, symbol)) {
  return variable_address(symbol, bytes) ? cudaSuccess : cudaErrorInvalidSymbol;
}
VGPU_API(cudaMemcpyToSymbol, (const void* symbol, const void* from, size_t bytes, size_t offset, cudaMemcpyKind kind),
         (symbol, from, bytes, offset, kind)) {
  char* at = nullptr;
  const cudaError_t code = symbol_range(symbol, bytes, offset, &at);
  return code != cudaSuccess ? code : copy(at + offset, from, bytes, kind);
}
VGPU_API(cudaMemcpyToSymbolAsync,
         (const void* symbol, const void* from, size_t bytes, size_t offset, cudaMemcpyKind kind, cudaStream_t stream),
         (symbol, from, bytes, offset, kind, stream)) {
  return (void)stream, virtual_cudaMemcpyToSymbol(symbol, from, bytes, offset, kind);
}
VGPU_API(cudaMemcpyFromSymbol, (void* to, const void* symbol, size_t bytes, size_t offset, cudaMemcpyKind kind),
         (to, symbol, bytes, offset, kind)) {
  char* at = nullptr;
  const cudaError_t code = symbol_range(symbol, bytes, offset, &at);
  return code != cudaSuccess ? code : copy(to, at + offset, bytes, kind);
}
VGPU_API(cudaMemcpyFromSymbolAsync,
         (void* to, const void* symbol, size_t bytes, size_t offset, cudaMemcpyKind kind, cudaStream_t stream),
         (to, symbol, bytes, offset, kind, stream)) {
  return (void)stream, virtual_cudaMemcpyFromSymbol(to, symbol, bytes, offset, kind);
}

// --- memory pools: one, whose attributes change nothing ---

namespace {
cudaMemPool_t the_pool() { return reinterpret_cast<cudaMemPool_t>(&allocations); }
}  // namespace

VGPU_API(cudaDeviceGetDefaultMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  return (void)device, *pool = the_pool(), cudaSuccess;
}
VGPU_API(cudaDeviceGetMemPool, (cudaMemPool_t * pool, int device), (pool, device)) {
  return (void)device, *pool = the_pool(), cudaSuccess;
}
VGPU_API(cudaMemPoolSetAttribute, (cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value), (pool, attribute, value)) {
  return (void)attribute, (void)value, pool == the_pool() ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaMemPoolTrimTo, (cudaMemPool_t pool, size_t keep), (pool, keep)) {
  return (void)keep, pool == the_pool() ? cudaSuccess : cudaErrorInvalidValue;
}
