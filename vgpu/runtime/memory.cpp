// memory.cpp - allocation, its accounting, and what is known about a pointer.
#include "vgpu/runtime/memory.h"

#include <algorithm>
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
constexpr std::size_t kMostPoisoned = std::size_t{64}
                                      << 20;  // beyond, page faults would cost more than they show
constexpr int kPoison = 0xff;                 // every float type reads it as NaN

struct Allocation {
  std::size_t bytes;
  MemoryKind kind;
  int device;
};

struct Use {
  std::size_t now = 0, peak = 0;
};

std::mutex mutex;
/// Never destroyed: libraries are unregistered after this file's static objects would be.
std::map<std::uintptr_t, Allocation>& allocations = *new std::map<std::uintptr_t, Allocation>;
std::map<int, Use> uses;  // by device

bool is_counted(MemoryKind kind) {
  return kind == MemoryKind::device || kind == MemoryKind::managed;
}

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

cudaMemoryType type_of(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::managed:
      return cudaMemoryTypeManaged;
    case MemoryKind::host:
    case MemoryKind::registered:
      return cudaMemoryTypeHost;
    default:
      return cudaMemoryTypeDevice;
  }
}

}  // namespace

std::size_t memory_limit() {
  return device_choice().memory_bytes ? device_choice().memory_bytes
                                      : current_profile().memory_bytes;
}

cudaError_t allocate(void** out, std::size_t bytes, MemoryKind kind) {
  if (!out) return cudaErrorInvalidValue;
  *out = nullptr;
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(mutex);
  Use& use = uses[current_device()];
  if (bytes > SIZE_MAX - kAlign) return cudaErrorMemoryAllocation;
  if (is_counted(kind) && (bytes > memory_limit() || use.now > memory_limit() - bytes))
    return cudaErrorMemoryAllocation;
  void* memory = std::aligned_alloc(kAlign, (bytes + kAlign - 1) / kAlign * kAlign);
  if (!memory) return cudaErrorMemoryAllocation;
  if (poisons()) std::memset(memory, kPoison, std::min(bytes, kMostPoisoned));
  allocations[reinterpret_cast<std::uintptr_t>(memory)] = {bytes, kind, current_device()};
  if (is_counted(kind)) use.peak = std::max(use.peak, use.now += bytes);
  *out = memory;
  return cudaSuccess;
}

cudaError_t release(void* memory, bool host) {
  if (!memory) return cudaSuccess;
  const std::lock_guard lock(mutex);
  const auto it = allocations.find(reinterpret_cast<std::uintptr_t>(memory));
  if (it == allocations.end()) return cudaErrorInvalidValue;
  const Allocation allocation = it->second;
  if (host ? allocation.kind != MemoryKind::host : !is_counted(allocation.kind))
    return cudaErrorInvalidValue;
  if (is_counted(allocation.kind)) uses[allocation.device].now -= allocation.bytes;
  allocations.erase(it);
  std::free(memory);
  return cudaSuccess;
}

std::size_t pitch_of(std::size_t width) {
  return width > SIZE_MAX - kAlign ? SIZE_MAX : (width + kAlign - 1) / kAlign * kAlign;
}

std::size_t saturated_bytes(std::size_t width, std::size_t height, std::size_t depth) {
  std::size_t area = 0, volume = 0;
  if (__builtin_mul_overflow(width, height, &area) || __builtin_mul_overflow(area, depth, &volume))
    return SIZE_MAX;
  return volume;
}

std::uint64_t memory_in_use() {
  const std::lock_guard lock(mutex);
  return uses[current_device()].now;
}

std::uint64_t peak_memory_in_use() {
  const std::lock_guard lock(mutex);
  return uses[current_device()].peak;
}

void reset_peak_use() {
  const std::lock_guard lock(mutex);
  Use& use = uses[current_device()];
  use.peak = use.now;
}

bool is_inside_one_allocation(const void* address, std::size_t bytes, bool must_be_device) {
  const std::lock_guard lock(mutex);
  const auto it = find(address);
  if (it == allocations.end()) return !must_be_device;
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - it->first;
  return bytes <= it->second.bytes - offset;
}

void note_variable(void* address, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  allocations[reinterpret_cast<std::uintptr_t>(address)] = {bytes, MemoryKind::variable, 0};
}

void forget_variable(const void* address) {
  const std::lock_guard lock(mutex);
  allocations.erase(reinterpret_cast<std::uintptr_t>(address));
}

void free_everything() {
  const std::lock_guard lock(mutex);
  const int device = current_device();
  for (auto it = allocations.begin(); it != allocations.end();) {
    if (!is_counted(it->second.kind) || it->second.device != device) {
      ++it;
      continue;
    }
    std::free(reinterpret_cast<void*>(it->first));
    it = allocations.erase(it);
  }
  uses[device] = {};
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaMalloc, (void** p, size_t bytes), (p, bytes)) {
  return allocate(p, bytes, MemoryKind::device);
}
VGPU_API(cudaMallocManaged, (void** p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  if (bytes == 0 || (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost))
    return cudaErrorInvalidValue;
  return allocate(p, bytes, MemoryKind::managed);
}
VGPU_API(cudaMallocHost, (void** p, size_t bytes), (p, bytes)) {
  return allocate(p, bytes, MemoryKind::host);
}
VGPU_API(cudaHostAlloc, (void** p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  (void)flags;
  return allocate(p, bytes, MemoryKind::host);
}
VGPU_API(cudaMallocPitch, (void** p, size_t* pitch, size_t width, size_t height),
         (p, pitch, width, height)) {
  if (!pitch) return cudaErrorInvalidValue;
  *pitch = pitch_of(width);
  return allocate(p, saturated_bytes(*pitch, height, 1), MemoryKind::device);
}
VGPU_API(cudaMalloc3D, (cudaPitchedPtr * out, cudaExtent extent), (out, extent)) {
  if (!out) return cudaErrorInvalidValue;
  *out = {nullptr, pitch_of(extent.width), extent.width, extent.height};
  const std::size_t bytes = saturated_bytes(out->pitch, extent.height, extent.depth);
  return allocate(&out->ptr, bytes, MemoryKind::device);
}
VGPU_API(cudaFree, (void* p), (p)) { return release(p, false); }
VGPU_API(cudaFreeHost, (void* p), (p)) { return release(p, true); }

VGPU_API(cudaHostRegister, (void* p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  (void)flags;
  if (!p || bytes == 0) return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex);
  const Allocation allocation{bytes, MemoryKind::registered, current_device()};
  return allocations.emplace(reinterpret_cast<std::uintptr_t>(p), allocation).second
             ? cudaSuccess
             : cudaErrorHostMemoryAlreadyRegistered;
}
VGPU_API(cudaHostUnregister, (void* p), (p)) {
  const std::lock_guard lock(mutex);
  const auto it = allocations.find(reinterpret_cast<std::uintptr_t>(p));
  if (it == allocations.end() || it->second.kind != MemoryKind::registered)
    return cudaErrorHostMemoryNotRegistered;
  return allocations.erase(it), cudaSuccess;
}
VGPU_API(cudaHostGetDevicePointer, (void** device, void* host, unsigned int flags),
         (device, host, flags)) {
  (void)flags;
  const std::lock_guard lock(mutex);
  const auto it = find(host);
  if (it == allocations.end() || type_of(it->second.kind) != cudaMemoryTypeHost)
    return cudaErrorInvalidValue;
  return give(device, host);
}
VGPU_API(cudaHostGetFlags, (unsigned int* flags, void* host), (flags, host)) {
  const std::lock_guard lock(mutex);
  const auto it = find(host);
  if (it == allocations.end() || type_of(it->second.kind) != cudaMemoryTypeHost)
    return cudaErrorInvalidValue;
  return give(flags, cudaHostAllocMapped);
}
VGPU_API(cudaMemGetInfo, (size_t * free, size_t* total), (free, total)) {
  if (!free || !total) return cudaErrorInvalidValue;
  *total = memory_limit();
  *free = *total - memory_in_use();
  return cudaSuccess;
}
VGPU_API(cudaPointerGetAttributes, (cudaPointerAttributes * out, const void* p), (out, p)) {
  if (!out) return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex);
  std::memset(out, 0, sizeof *out);
  const auto it = find(p);
  const bool known = it != allocations.end();
  out->type = known ? type_of(it->second.kind) : cudaMemoryTypeUnregistered;
  out->device = known ? it->second.device : cudaInvalidDeviceId;
  if (known) out->devicePointer = const_cast<void*>(p);
  if (out->type != cudaMemoryTypeDevice) out->hostPointer = const_cast<void*>(p);
  return cudaSuccess;
}
