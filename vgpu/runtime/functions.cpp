// functions.cpp - what is known of a kernel, what may be set of it, and how many blocks fit.
#include <cuda_occupancy.h>

#include <algorithm>
#include <cstring>

#include "vgpu/machine/profile.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/functions.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

cudaOccDeviceProp occupancy_properties() {
  const Profile& p = current_profile();
  cudaOccDeviceProp out;
  out.computeMajor = p.major;
  out.computeMinor = p.minor;
  out.maxThreadsPerBlock = kMostThreads;
  out.maxThreadsPerMultiprocessor = p.max_threads_per_sm;
  out.regsPerBlock = kRegistersOfABlock;
  out.regsPerMultiprocessor = p.registers_per_sm;
  out.warpSize = 32;
  out.sharedMemPerBlock = p.shared_per_block;
  out.sharedMemPerMultiprocessor = p.shared_per_sm;
  out.numSms = p.sm_count;
  out.sharedMemPerBlockOptin = p.shared_per_block_optin;
  out.reservedSharedMemPerBlock = reserved_shared(p);
  return out;
}

/// Registers are not counted: PTX does not say how many the machine code would take.
cudaOccFuncAttributes occupancy_attributes(const KernelInfo& info) {
  cudaOccFuncAttributes out;
  out.maxThreadsPerBlock = info.max_threads_per_block;
  out.numRegs = 0;
  out.sharedSizeBytes = info.static_shared_bytes;
  out.partitionedGCConfig = PARTITIONED_GC_OFF;
  out.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  out.maxDynamicSharedSizeBytes =
      current_profile().shared_per_block_optin -
      std::min(current_profile().shared_per_block_optin, info.static_shared_bytes);
  out.numBlockBarriers = 1;
  return out;
}

bool holds_a_cluster(const cudaLaunchConfig_t& config) {
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const auto& attribute = config.attrs[i];
    const auto& d = attribute.val.clusterDim;
    if (attribute.id == cudaLaunchAttributeClusterDimension && std::max({d.x, d.y, d.z}) > 1)
      return true;
  }
  return false;
}

[[noreturn]] void refuse_attribute(const KernelRecord& record, int attribute) {
  throw ApiError(cudaErrorNotSupported, "kernel " + record.name + ": function attribute " +
                                            std::to_string(attribute) +
                                            " (clusters) is not supported by the virtual GPU");
}

}  // namespace

int blocks_per_sm(const KernelInfo& info, int threads, std::size_t dynamic_shared) {
  if (threads <= 0 || threads > info.max_threads_per_block) return 0;
  const cudaOccDeviceProp properties = occupancy_properties();
  const cudaOccFuncAttributes attributes = occupancy_attributes(info);
  const cudaOccDeviceState state;
  cudaOccResult result;
  if (cudaOccMaxActiveBlocksPerMultiprocessor(&result, &properties, &attributes, &state, threads,
                                              dynamic_shared) != CUDA_OCC_SUCCESS)
    return 0;
  return std::min(result.activeBlocksPerMultiprocessor, current_profile().max_blocks_per_sm);
}

cudaError_t set_function_attribute(KernelRecord& record, cudaFuncAttribute attribute, int value) {
  const KernelInfo& info = kernel_info(kernel_of(&record));
  const std::lock_guard lock(registry().mutex);
  auto& here = record.on[current_device()];
  const std::size_t optin = current_profile().shared_per_block_optin;
  switch (attribute) {
    case cudaFuncAttributePreferredSharedMemoryCarveout:
      if (value < -1 || value > 100) return cudaErrorInvalidValue;
      here.carveout = value;
      return cudaSuccess;
    case cudaFuncAttributeMaxDynamicSharedMemorySize:
      if (value < 0 || static_cast<std::size_t>(value) + info.static_shared_bytes > optin)
        return cudaErrorInvalidValue;
      here.dynamic_shared = static_cast<std::size_t>(value);
      here.dynamic_shared_set = true;
      return cudaSuccess;
    case cudaFuncAttributeNonPortableClusterSizeAllowed:
    case cudaFuncAttributeClusterSchedulingPolicyPreference:
      return cudaSuccess;  // nothing of it shows in one block
    case cudaFuncAttributeRequiredClusterWidth:
    case cudaFuncAttributeRequiredClusterHeight:
    case cudaFuncAttributeRequiredClusterDepth:
      if (value > 1) refuse_attribute(record, attribute);
      return value < 0 ? cudaErrorInvalidValue : cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_API(cudaFuncGetName, (const char** name, const void* function), (name, function)) {
  return give(name, record_of(function).name.c_str());
}
VGPU_API(cudaGetKernel, (cudaKernel_t * kernel, const void* function), (kernel, function)) {
  return give(kernel, reinterpret_cast<cudaKernel_t>(&record_of(function)));
}
VGPU_API(cudaFuncGetParamCount, (const void* function, size_t* count), (function, count)) {
  return give(count, kernel_info(kernel_of(function)).parameters.size());
}
VGPU_API(cudaFuncGetParamInfo, (const void* function, size_t index, size_t* offset, size_t* bytes),
         (function, index, offset, bytes)) {
  const KernelInfo& info = kernel_info(kernel_of(function));
  if (index >= info.parameters.size() || !offset) return cudaErrorInvalidValue;
  *offset = info.parameters[index].offset;
  if (bytes) *bytes = info.parameters[index].bytes;
  return cudaSuccess;
}
VGPU_API(cudaFuncGetAttributes, (cudaFuncAttributes * out, const void* function), (out, function)) {
  const KernelInfo& info = kernel_info(kernel_of(function));
  if (!out) return cudaErrorInvalidValue;
  std::memset(out, 0, sizeof *out);
  out->sharedSizeBytes = info.static_shared_bytes;
  out->constSizeBytes = info.constant_bytes;
  out->localSizeBytes = info.local_bytes;
  out->maxThreadsPerBlock = info.max_threads_per_block;
  out->numRegs = info.register_count;
  out->ptxVersion = info.ptx_version;
  out->binaryVersion = current_profile().major * 10 + current_profile().minor;
  out->maxDynamicSharedSizeBytes = static_cast<int>(dynamic_shared_limit(function));
  const std::lock_guard lock(registry().mutex);
  out->preferredShmemCarveout = record_of(function).on[current_device()].carveout;
  return cudaSuccess;
}
VGPU_API(cudaFuncSetAttribute, (const void* function, cudaFuncAttribute attribute, int value),
         (function, attribute, value)) {
  return set_function_attribute(record_of(function), attribute, value);
}
VGPU_API(cudaFuncSetSharedMemConfig, (const void* function, cudaSharedMemConfig config),
         (function, config)) {
  return (void)record_of(function), (void)config, cudaSuccess;
}
VGPU_API(cudaFuncSetCacheConfig, (const void* function, cudaFuncCache config), (function, config)) {
  (void)record_of(function);
  return config < cudaFuncCachePreferNone || config > cudaFuncCachePreferEqual
             ? cudaErrorInvalidValue
             : cudaSuccess;
}

// --- how many blocks fit ---

VGPU_API(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags,
         (int* blocks, const void* function, int threads, size_t shared, unsigned int flags),
         (blocks, function, threads, shared, flags)) {
  if (threads <= 0 || (flags & ~unsigned{cudaOccupancyDisableCachingOverride}) != 0)
    return cudaErrorInvalidValue;
  return give(blocks, blocks_per_sm(kernel_info(kernel_of(function)), threads, shared));
}
VGPU_API(cudaOccupancyMaxActiveBlocksPerMultiprocessor,
         (int* blocks, const void* function, int threads, size_t shared),
         (blocks, function, threads, shared)) {
  if (threads <= 0) return cudaErrorInvalidValue;
  return give(blocks, blocks_per_sm(kernel_info(kernel_of(function)), threads, shared));
}
VGPU_API(cudaOccupancyAvailableDynamicSMemPerBlock,
         (size_t * bytes, const void* function, int blocks, int threads),
         (bytes, function, blocks, threads)) {
  const KernelInfo& info = kernel_info(kernel_of(function));
  if (blocks <= 0 || threads <= 0 || threads > info.max_threads_per_block || !bytes)
    return cudaErrorInvalidValue;
  const cudaOccDeviceProp properties = occupancy_properties();
  const cudaOccFuncAttributes attributes = occupancy_attributes(info);
  const cudaOccDeviceState state;
  return cudaOccAvailableDynamicSMemPerBlock(bytes, &properties, &attributes, &state, blocks,
                                             threads) == CUDA_OCC_SUCCESS
             ? cudaSuccess
             : cudaErrorInvalidValue;
}
VGPU_API(cudaOccupancyMaxPotentialClusterSize,
         (int* size, const void* function, const cudaLaunchConfig_t* config),
         (size, function, config)) {
  (void)kernel_of(function);
  return config ? give(size, 1) : cudaErrorInvalidValue;
}
VGPU_API(cudaOccupancyMaxActiveClusters,
         (int* clusters, const void* function, const cudaLaunchConfig_t* config),
         (clusters, function, config)) {
  const KernelInfo& info = kernel_info(kernel_of(function));
  if (!config) return cudaErrorInvalidValue;
  if (holds_a_cluster(*config)) return give(clusters, 0);
  const dim3& b = config->blockDim;
  const int blocks =
      blocks_per_sm(info, static_cast<int>(b.x * b.y * b.z), config->dynamicSmemBytes);
  return give(clusters, blocks * current_profile().sm_count);
}
