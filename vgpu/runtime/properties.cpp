// properties.cpp - what a virtual device says of itself: properties, attributes and how many blocks
// fit.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "vgpu/machine/profile.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

constexpr int kMostThreads = 1024, kRegistersOfABlock = 65536;

template <class Body>
cudaError_t with_device(int device, Body body) {
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  return body(current_profile());
}

/// Blocks that fit on an SM. Registers are not counted: PTX does not say how many the machine code
/// would take.
int blocks_per_sm(const KernelInfo& info, int threads, std::size_t dynamic_shared) {
  const Profile& p = current_profile();
  if (threads <= 0 || threads > info.max_threads_per_block) return 0;
  const int rounded = (threads + 31) / 32 * 32;
  const std::size_t shared = info.static_shared_bytes + dynamic_shared;
  if (shared > p.shared_per_block_optin) return 0;
  int blocks = std::min(p.max_threads_per_sm / rounded, p.max_blocks_per_sm);
  if (shared)
    blocks = static_cast<int>(
        std::min<std::size_t>(static_cast<std::size_t>(blocks), p.shared_per_sm / shared));
  return blocks;
}

}  // namespace
}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_API(cudaGetDeviceProperties, (cudaDeviceProp * out, int device), (out, device)) {
  return with_device(device, [&](const Profile& p) {
    if (!out) return cudaErrorInvalidValue;
    std::memset(out, 0, sizeof *out);
    std::snprintf(out->name, sizeof out->name, "%s", p.name.c_str());
    out->totalGlobalMem = memory_limit();
    out->sharedMemPerBlock = p.shared_per_block;
    out->regsPerBlock = kRegistersOfABlock;
    out->warpSize = 32;
    out->memPitch = 0x7fffffff;
    out->maxThreadsPerBlock = kMostThreads;
    out->maxThreadsDim[0] = out->maxThreadsDim[1] = 1024;
    out->maxThreadsDim[2] = 64;
    out->maxGridSize[0] = 0x7fffffff;
    out->maxGridSize[1] = out->maxGridSize[2] = 65535;
    out->totalConstMem = 65536;
    out->major = p.major;
    out->minor = p.minor;
    out->textureAlignment = 512;
    out->texturePitchAlignment = 32;
    out->multiProcessorCount = p.sm_count;
    out->canMapHostMemory = out->concurrentKernels = out->unifiedAddressing = out->managedMemory =
        1;
    out->concurrentManagedAccess = out->pageableMemoryAccess = out->hostNativeAtomicSupported = 1;
    out->asyncEngineCount = 2;
    out->memoryBusWidth = p.memory_bus_bits;
    out->l2CacheSize = static_cast<int>(p.l2_bytes);
    out->maxThreadsPerMultiProcessor = p.max_threads_per_sm;
    out->streamPrioritiesSupported = out->globalL1CacheSupported = out->localL1CacheSupported = 1;
    out->sharedMemPerMultiprocessor = p.shared_per_sm;
    out->regsPerMultiprocessor = p.registers_per_sm;
    out->cooperativeLaunch = 1;
    out->sharedMemPerBlockOptin = p.shared_per_block_optin;
    out->maxBlocksPerMultiProcessor = p.max_blocks_per_sm;
    out->reservedSharedMemPerBlock = 1024;
    out->hostRegisterSupported = out->memoryPoolsSupported = 1;
    return cudaSuccess;
  });
}

VGPU_API(cudaDeviceGetAttribute, (int* value, cudaDeviceAttr attribute, int device),
         (value, attribute, device)) {
  return with_device(device, [&](const Profile& p) {
    if (!value) return cudaErrorInvalidValue;
    switch (attribute) {
      case cudaDevAttrMaxThreadsPerBlock:
        *value = kMostThreads;
        break;
      case cudaDevAttrMaxBlockDimX:
      case cudaDevAttrMaxBlockDimY:
        *value = 1024;
        break;
      case cudaDevAttrMaxBlockDimZ:
        *value = 64;
        break;
      case cudaDevAttrMaxGridDimX:
        *value = 0x7fffffff;
        break;
      case cudaDevAttrMaxGridDimY:
      case cudaDevAttrMaxGridDimZ:
        *value = 65535;
        break;
      case cudaDevAttrMaxSharedMemoryPerBlock:
        *value = static_cast<int>(p.shared_per_block);
        break;
      case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        *value = static_cast<int>(p.shared_per_block_optin);
        break;
      case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
        *value = static_cast<int>(p.shared_per_sm);
        break;
      case cudaDevAttrReservedSharedMemoryPerBlock:
        *value = 1024;
        break;
      case cudaDevAttrTotalConstantMemory:
        *value = 65536;
        break;
      case cudaDevAttrWarpSize:
        *value = 32;
        break;
      case cudaDevAttrMaxRegistersPerBlock:
        *value = kRegistersOfABlock;
        break;
      case cudaDevAttrMaxRegistersPerMultiprocessor:
        *value = p.registers_per_sm;
        break;
      case cudaDevAttrClockRate:
        *value = p.clock_khz;
        break;
      case cudaDevAttrMemoryClockRate:
        *value = p.memory_clock_khz;
        break;
      case cudaDevAttrGlobalMemoryBusWidth:
        *value = p.memory_bus_bits;
        break;
      case cudaDevAttrL2CacheSize:
        *value = static_cast<int>(p.l2_bytes);
        break;
      case cudaDevAttrMultiProcessorCount:
        *value = p.sm_count;
        break;
      case cudaDevAttrMaxThreadsPerMultiProcessor:
        *value = p.max_threads_per_sm;
        break;
      case cudaDevAttrMaxBlocksPerMultiprocessor:
        *value = p.max_blocks_per_sm;
        break;
      case cudaDevAttrComputeCapabilityMajor:
        *value = p.major;
        break;
      case cudaDevAttrComputeCapabilityMinor:
        *value = p.minor;
        break;
      case cudaDevAttrCooperativeLaunch:
      case cudaDevAttrConcurrentKernels:
      case cudaDevAttrUnifiedAddressing:
      case cudaDevAttrManagedMemory:
      case cudaDevAttrConcurrentManagedAccess:
      case cudaDevAttrPageableMemoryAccess:
      case cudaDevAttrHostNativeAtomicSupported:
      case cudaDevAttrCanMapHostMemory:
      case cudaDevAttrStreamPrioritiesSupported:
      case cudaDevAttrMemoryPoolsSupported:
      case cudaDevAttrHostRegisterSupported:
        *value = 1;
        break;
      case cudaDevAttrAsyncEngineCount:
        *value = 2;
        break;
      case cudaDevAttrIntegrated:
      case cudaDevAttrKernelExecTimeout:
      case cudaDevAttrComputeMode:
      case cudaDevAttrEccEnabled:
      case cudaDevAttrTccDriver:
      case cudaDevAttrClusterLaunch:
        *value = 0;
        break;
      default:
        report("cudaDeviceGetAttribute: attribute " + std::to_string(static_cast<int>(attribute)) +
               " is not known to the virtual GPU");
        return cudaErrorInvalidValue;
    }
    return cudaSuccess;
  });
}

VGPU_API(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags,
         (int* blocks, const void* function, int threads, size_t shared, unsigned int flags),
         (blocks, function, threads, shared, flags)) {
  (void)flags;
  return give(blocks, blocks_per_sm(kernel_info(kernel_of(function)), threads, shared));
}
VGPU_API(cudaOccupancyMaxActiveBlocksPerMultiprocessor,
         (int* blocks, const void* function, int threads, size_t shared),
         (blocks, function, threads, shared)) {
  return give(blocks, blocks_per_sm(kernel_info(kernel_of(function)), threads, shared));
}
VGPU_API(cudaOccupancyAvailableDynamicSMemPerBlock,
         (size_t * bytes, const void* function, int blocks, int threads),
         (bytes, function, blocks, threads)) {
  (void)threads;
  if (blocks <= 0) return cudaErrorInvalidValue;
  const Profile& p = current_profile();
  const std::size_t share = p.shared_per_sm / static_cast<std::size_t>(blocks);
  const std::size_t taken = kernel_info(kernel_of(function)).static_shared_bytes;
  const std::size_t most = std::min(share, p.shared_per_block_optin);
  return give(bytes, most > taken ? most - taken : 0);
}
