#include "bench/kernels/occupancy.h"

#include <cuda_occupancy.h>

#include <climits>

#include "impl/core/error.h"

namespace plumb::bench {
namespace {

constexpr int kWarpSize = 32;

cudaOccDeviceProp properties_of(const vgpu::Profile& device) {
  cudaOccDeviceProp out;
  out.computeMajor = device.major;
  out.computeMinor = device.minor;
  out.maxThreadsPerBlock = 1024;
  out.maxThreadsPerMultiprocessor = device.max_threads_per_sm;
  out.regsPerBlock = out.regsPerMultiprocessor = device.registers_per_sm;
  out.warpSize = kWarpSize;
  out.sharedMemPerBlock = device.shared_per_block;
  out.sharedMemPerMultiprocessor = device.shared_per_sm;
  out.numSms = device.sm_count;
  out.sharedMemPerBlockOptin = device.shared_per_block_optin;
  out.reservedSharedMemPerBlock = device.major >= 8 ? 1024 : 0;
  return out;
}

std::string names_of(unsigned factors) {
  const std::pair<unsigned, const char*> all[] = {{OCC_LIMIT_WARPS, "warps"},
                                                  {OCC_LIMIT_REGISTERS, "registers"},
                                                  {OCC_LIMIT_SHARED_MEMORY, "shared memory"},
                                                  {OCC_LIMIT_BLOCKS, "blocks"},
                                                  {OCC_LIMIT_BARRIERS, "barriers"}};
  std::string out;
  for (const auto& [bit, name] : all)
    if (factors & bit) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

}  // namespace

Occupancy occupancy(const vgpu::Profile& device, const MachineCode& code, int threads,
                    std::uint64_t dynamic_shared_bytes) {
  const cudaOccDeviceProp properties = properties_of(device);
  cudaOccFuncAttributes attributes{};
  attributes.maxThreadsPerBlock = INT_MAX;
  attributes.numRegs = code.registers;
  attributes.sharedSizeBytes = static_cast<std::size_t>(code.shared_bytes);
  attributes.partitionedGCConfig = PARTITIONED_GC_OFF;
  attributes.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  attributes.maxDynamicSharedSizeBytes = device.shared_per_block_optin;
  attributes.numBlockBarriers = code.barriers;
  const cudaOccDeviceState state{};
  cudaOccResult result{};
  const cudaOccError error = cudaOccMaxActiveBlocksPerMultiprocessor(
      &result, &properties, &attributes, &state, threads, dynamic_shared_bytes);
  if (error != CUDA_OCC_SUCCESS)
    throw Error("the occupancy calculator does not know " + device.name + " (" +
                std::to_string(static_cast<int>(error)) + ")");
  const int warps = (threads + kWarpSize - 1) / kWarpSize;
  return {result.activeBlocksPerMultiprocessor,
          static_cast<double>(result.activeBlocksPerMultiprocessor * warps * kWarpSize) /
              device.max_threads_per_sm,
          names_of(result.limitingFactors)};
}

}  // namespace plumb::bench
