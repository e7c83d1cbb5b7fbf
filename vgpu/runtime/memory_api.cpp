// memory_api.cpp - allocation and what a pointer is, as CUDA's functions.
#include <cstring>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/capture.h"
#include "vgpu/runtime/managed.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/pools.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

constexpr unsigned kHostAllocFlags =
    cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
constexpr unsigned kHostRegisterFlags = cudaHostRegisterPortable | cudaHostRegisterMapped |
                                        cudaHostRegisterIoMemory | cudaHostRegisterReadOnly;

/// Memory of the host that the device may reach.
std::optional<MemoryInfo> host_memory(const void* address) {
  auto info = memory_info(address);
  return info && memory_type(info->kind) == cudaMemoryTypeHost ? info : std::nullopt;
}

}  // namespace
}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaMalloc, (void** p, size_t bytes), (p, bytes)) {
  forbid_in_capture("cudaMalloc");
  return allocate(p, bytes, MemoryKind::device);
}
VGPU_API(cudaMallocManaged, (void** p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  forbid_in_capture("cudaMallocManaged");
  if (bytes == 0 || (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost))
    return cudaErrorInvalidValue;
  return allocate(p, bytes, MemoryKind::managed);
}
VGPU_API(cudaMallocHost, (void** p, size_t bytes), (p, bytes)) {
  forbid_in_capture("cudaMallocHost");
  return allocate_host(p, bytes, cudaHostAllocDefault);
}
VGPU_API(cudaHostAlloc, (void** p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  forbid_in_capture("cudaHostAlloc");
  if (flags & ~kHostAllocFlags) return cudaErrorInvalidValue;
  return allocate_host(p, bytes, flags);
}
VGPU_API(cudaMallocPitch, (void** p, size_t* pitch, size_t width, size_t height),
         (p, pitch, width, height)) {
  forbid_in_capture("cudaMallocPitch");
  if (!pitch) return cudaErrorInvalidValue;
  *pitch = pitch_of(width);
  return allocate(p, saturated_bytes(*pitch, height, 1), MemoryKind::device);
}
VGPU_API(cudaMalloc3D, (cudaPitchedPtr * out, cudaExtent extent), (out, extent)) {
  forbid_in_capture("cudaMalloc3D");
  if (!out) return cudaErrorInvalidValue;
  *out = {nullptr, pitch_of(extent.width), extent.width, extent.height};
  const std::size_t bytes = saturated_bytes(out->pitch, extent.height, extent.depth);
  return allocate(&out->ptr, bytes, MemoryKind::device);
}
VGPU_API(cudaFree, (void* p), (p)) {
  forbid_in_capture("cudaFree");
  const auto info = memory_info(p);
  const cudaError_t code = release(p, false);
  if (code == cudaSuccess && info) {
    left_pool(p);
    forget_hints(info->start, info->bytes);
  }
  return code;
}
VGPU_API(cudaFreeHost, (void* p), (p)) {
  forbid_in_capture("cudaFreeHost");
  return release(p, true);
}

VGPU_API(cudaHostRegister, (void* p, size_t bytes, unsigned int flags), (p, bytes, flags)) {
  forbid_in_capture("cudaHostRegister");
  if (!p || bytes == 0 || (flags & ~kHostRegisterFlags)) return cudaErrorInvalidValue;
  return register_host(p, bytes, flags);
}
VGPU_API(cudaHostUnregister, (void* p), (p)) {
  forbid_in_capture("cudaHostUnregister");
  return p ? unregister_host(p) : cudaErrorInvalidValue;
}
VGPU_API(cudaHostGetDevicePointer, (void** device, void* host, unsigned int flags),
         (device, host, flags)) {
  return flags == 0 && host_memory(host) ? give(device, host) : cudaErrorInvalidValue;
}
VGPU_API(cudaHostGetFlags, (unsigned int* flags, void* host), (flags, host)) {
  const auto info = host_memory(host);
  // Unified addressing maps all of it.
  return info ? give(flags, info->flags | cudaHostAllocMapped) : cudaErrorInvalidValue;
}
VGPU_API(cudaMemGetInfo, (size_t * free, size_t* total), (free, total)) {
  if (!free || !total) return cudaErrorInvalidValue;
  *total = memory_limit();
  *free = *total - memory_in_use();
  return cudaSuccess;
}
VGPU_API(cudaPointerGetAttributes, (cudaPointerAttributes * out, const void* p), (out, p)) {
  if (!out) return cudaErrorInvalidValue;
  std::memset(out, 0, sizeof *out);
  const auto info = memory_info(p);
  out->type = info ? memory_type(info->kind) : cudaMemoryTypeUnregistered;
  out->device = info ? info->device : cudaInvalidDeviceId;
  if (info) out->devicePointer = const_cast<void*>(p);
  if (out->type != cudaMemoryTypeDevice) out->hostPointer = const_cast<void*>(p);
  return cudaSuccess;
}
