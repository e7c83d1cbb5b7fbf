// properties.cpp - what a virtual device says of itself.
#include <cstdio>
#include <cstring>
#include <map>

#include "vgpu/machine/profile.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/functions.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/peers.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

using Attributes = std::map<cudaDeviceAttr, int>;

template <class Body>
cudaError_t with_device(int device, Body body) {
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  return body(current_profile());
}

/// The limits of textures and surfaces are the same from compute capability 7.5 on.
VGPU_EARLY const Attributes kTextures = {
    {cudaDevAttrTextureAlignment, 512},
    {cudaDevAttrTexturePitchAlignment, 32},
    {cudaDevAttrSurfaceAlignment, 512},
    {cudaDevAttrMaxTexture1DWidth, 131072},
    {cudaDevAttrMaxTexture1DLinearWidth, 1 << 28},
    {cudaDevAttrMaxTexture1DMipmappedWidth, 32768},
    {cudaDevAttrMaxTexture1DLayeredWidth, 32768},
    {cudaDevAttrMaxTexture1DLayeredLayers, 2048},
    {cudaDevAttrMaxTexture2DWidth, 131072},
    {cudaDevAttrMaxTexture2DHeight, 65536},
    {cudaDevAttrMaxTexture2DLinearWidth, 131072},
    {cudaDevAttrMaxTexture2DLinearHeight, 65000},
    {cudaDevAttrMaxTexture2DLinearPitch, 2097120},
    {cudaDevAttrMaxTexture2DMipmappedWidth, 32768},
    {cudaDevAttrMaxTexture2DMipmappedHeight, 32768},
    {cudaDevAttrMaxTexture2DGatherWidth, 32768},
    {cudaDevAttrMaxTexture2DGatherHeight, 32768},
    {cudaDevAttrMaxTexture2DLayeredWidth, 32768},
    {cudaDevAttrMaxTexture2DLayeredHeight, 32768},
    {cudaDevAttrMaxTexture2DLayeredLayers, 2048},
    {cudaDevAttrMaxTexture3DWidth, 16384},
    {cudaDevAttrMaxTexture3DHeight, 16384},
    {cudaDevAttrMaxTexture3DDepth, 16384},
    {cudaDevAttrMaxTexture3DWidthAlt, 8192},
    {cudaDevAttrMaxTexture3DHeightAlt, 8192},
    {cudaDevAttrMaxTexture3DDepthAlt, 32768},
    {cudaDevAttrMaxTextureCubemapWidth, 32768},
    {cudaDevAttrMaxTextureCubemapLayeredWidth, 32768},
    {cudaDevAttrMaxTextureCubemapLayeredLayers, 2046},
    {cudaDevAttrMaxSurface1DWidth, 32768},
    {cudaDevAttrMaxSurface2DWidth, 131072},
    {cudaDevAttrMaxSurface2DHeight, 65536},
    {cudaDevAttrMaxSurface3DWidth, 16384},
    {cudaDevAttrMaxSurface3DHeight, 16384},
    {cudaDevAttrMaxSurface3DDepth, 16384},
    {cudaDevAttrMaxSurface1DLayeredWidth, 32768},
    {cudaDevAttrMaxSurface1DLayeredLayers, 2048},
    {cudaDevAttrMaxSurface2DLayeredWidth, 32768},
    {cudaDevAttrMaxSurface2DLayeredHeight, 32768},
    {cudaDevAttrMaxSurface2DLayeredLayers, 2048},
    {cudaDevAttrMaxSurfaceCubemapWidth, 32768},
    {cudaDevAttrMaxSurfaceCubemapLayeredWidth, 32768},
    {cudaDevAttrMaxSurfaceCubemapLayeredLayers, 2046},
};

/// What the machine is by its making, whatever it claims to be.
VGPU_EARLY const Attributes kMachine = {
    {cudaDevAttrMaxThreadsPerBlock, kMostThreads},
    {cudaDevAttrMaxBlockDimX, 1024},
    {cudaDevAttrMaxBlockDimY, 1024},
    {cudaDevAttrMaxBlockDimZ, 64},
    {cudaDevAttrMaxGridDimX, 0x7fffffff},
    {cudaDevAttrMaxGridDimY, 65535},
    {cudaDevAttrMaxGridDimZ, 65535},
    {cudaDevAttrTotalConstantMemory, 65536},
    {cudaDevAttrWarpSize, 32},
    {cudaDevAttrMaxPitch, 0x7fffffff},
    {cudaDevAttrMaxRegistersPerBlock, kRegistersOfABlock},
    {cudaDevAttrGpuOverlap, 1},
    {cudaDevAttrCanMapHostMemory, 1},
    {cudaDevAttrConcurrentKernels, 1},
    {cudaDevAttrAsyncEngineCount, 2},
    {cudaDevAttrUnifiedAddressing, 1},
    {cudaDevAttrStreamPrioritiesSupported, 1},
    {cudaDevAttrGlobalL1CacheSupported, 1},
    {cudaDevAttrLocalL1CacheSupported, 1},
    {cudaDevAttrManagedMemory, 1},
    {cudaDevAttrHostNativeAtomicSupported, 1},
    {cudaDevAttrPageableMemoryAccess, 1},
    {cudaDevAttrConcurrentManagedAccess, 1},
    {cudaDevAttrComputePreemptionSupported, 1},
    {cudaDevAttrCanUseHostPointerForRegisteredMem, 1},
    {cudaDevAttrCooperativeLaunch, 1},
    {cudaDevAttrHostRegisterSupported, 1},
    {cudaDevAttrHostRegisterReadOnlySupported, 1},
    {cudaDevAttrPageableMemoryAccessUsesHostPageTables, 1},
    {cudaDevAttrDirectManagedMemAccessFromHost, 1},
    {cudaDevAttrMemoryPoolsSupported, 1},
    {cudaDevAttrMemSyncDomainCount, 1},
    {cudaDevAttrNumaId, -1},
    {cudaDevAttrHostNumaId, -1},
    {cudaDevAttrPciDeviceId, 0},
    {cudaDevAttrPciDomainId, 0},
    // Not there.
    {cudaDevAttrKernelExecTimeout, 0},
    {cudaDevAttrIntegrated, 0},
    {cudaDevAttrComputeMode, cudaComputeModeDefault},
    {cudaDevAttrEccEnabled, 0},
    {cudaDevAttrTccDriver, 0},
    {cudaDevAttrIsMultiGpuBoard, 0},
    {cudaDevAttrMultiGpuBoardGroupID, 0},
    {cudaDevAttrReserved92, 0},
    {cudaDevAttrReserved93, 0},
    {cudaDevAttrReserved94, 0},
    {cudaDevAttrReserved96, 0},
    {cudaDevAttrCanFlushRemoteWrites, 0},
    {cudaDevAttrMaxPersistingL2CacheSize, 0},
    {cudaDevAttrMaxAccessPolicyWindowSize, 0},
    {cudaDevAttrSparseCudaArraySupported, 0},
    {cudaDevAttrTimelineSemaphoreInteropSupported, 0},
    {cudaDevAttrGPUDirectRDMASupported, 0},
    {cudaDevAttrGPUDirectRDMAFlushWritesOptions, 0},
    {cudaDevAttrGPUDirectRDMAWritesOrdering, 0},
    {cudaDevAttrMemoryPoolSupportedHandleTypes, cudaMemHandleTypeNone},
    {cudaDevAttrClusterLaunch, 0},
    {cudaDevAttrDeferredMappingCudaArraySupported, 0},
    {cudaDevAttrReserved122, 0},
    {cudaDevAttrReserved123, 0},
    {cudaDevAttrReserved124, 0},
    {cudaDevAttrIpcEventSupport, 0},
    {cudaDevAttrReserved127, 0},
    {cudaDevAttrReserved128, 0},
    {cudaDevAttrReserved129, 0},
    {cudaDevAttrNumaConfig, cudaDeviceNumaConfigNone},
    {cudaDevAttrReserved132, 0},
    {cudaDevAttrMpsEnabled, 0},
    {cudaDevAttrD3D12CigSupported, 0},
    {cudaDevAttrVulkanCigSupported, 0},
    {cudaDevAttrGpuPciDeviceId, 0},
    {cudaDevAttrGpuPciSubsystemId, 0},
    {cudaDevAttrReserved141, 0},
    {cudaDevAttrHostNumaMemoryPoolsSupported, 0},
    {cudaDevAttrHostNumaMultinodeIpcSupported, 0},
    {cudaDevAttrHostMemoryPoolsSupported, 0},
    {cudaDevAttrReserved145, 0},
    {cudaDevAttrOnlyPartialHostNativeAtomicSupported, 0},
};

Attributes of_profile(const Profile& p) {
  const auto bytes = [](std::size_t n) { return static_cast<int>(n); };
  return {
      {cudaDevAttrMaxSharedMemoryPerBlock, bytes(p.shared_per_block)},
      {cudaDevAttrMaxSharedMemoryPerBlockOptin, bytes(p.shared_per_block_optin)},
      {cudaDevAttrMaxSharedMemoryPerMultiprocessor, bytes(p.shared_per_sm)},
      {cudaDevAttrReservedSharedMemoryPerBlock, bytes(reserved_shared(p))},
      {cudaDevAttrMaxRegistersPerMultiprocessor, p.registers_per_sm},
      {cudaDevAttrClockRate, p.clock_khz},
      {cudaDevAttrMemoryClockRate, p.memory_clock_khz},
      {cudaDevAttrGlobalMemoryBusWidth, p.memory_bus_bits},
      {cudaDevAttrL2CacheSize, bytes(p.l2_bytes)},
      {cudaDevAttrMultiProcessorCount, p.sm_count},
      {cudaDevAttrMaxThreadsPerMultiProcessor, p.max_threads_per_sm},
      {cudaDevAttrMaxBlocksPerMultiprocessor, p.max_blocks_per_sm},
      {cudaDevAttrComputeCapabilityMajor, p.major},
      {cudaDevAttrComputeCapabilityMinor, p.minor},
      {cudaDevAttrSingleToDoublePrecisionPerfRatio, p.minor == 5 ? 32 : 2},
  };
}

const Attributes& attributes() {
  static const Attributes all = [] {
    Attributes out = of_profile(current_profile());
    out.insert(kMachine.begin(), kMachine.end());
    out.insert(kTextures.begin(), kTextures.end());
    return out;
  }();
  return all;
}

int value_of(cudaDeviceAttr attribute) { return attributes().at(attribute); }

void fill_textures(cudaDeviceProp& out) {
  const auto set = [](int* to, std::initializer_list<cudaDeviceAttr> from) {
    for (cudaDeviceAttr attribute : from) *to++ = value_of(attribute);
  };
  set(&out.maxTexture1D, {cudaDevAttrMaxTexture1DWidth});
  set(&out.maxTexture1DMipmap, {cudaDevAttrMaxTexture1DMipmappedWidth});
  set(out.maxTexture2D, {cudaDevAttrMaxTexture2DWidth, cudaDevAttrMaxTexture2DHeight});
  set(out.maxTexture2DMipmap,
      {cudaDevAttrMaxTexture2DMipmappedWidth, cudaDevAttrMaxTexture2DMipmappedHeight});
  set(out.maxTexture2DLinear,
      {cudaDevAttrMaxTexture2DLinearWidth, cudaDevAttrMaxTexture2DLinearHeight,
       cudaDevAttrMaxTexture2DLinearPitch});
  set(out.maxTexture2DGather,
      {cudaDevAttrMaxTexture2DGatherWidth, cudaDevAttrMaxTexture2DGatherHeight});
  set(out.maxTexture3D,
      {cudaDevAttrMaxTexture3DWidth, cudaDevAttrMaxTexture3DHeight, cudaDevAttrMaxTexture3DDepth});
  set(out.maxTexture3DAlt, {cudaDevAttrMaxTexture3DWidthAlt, cudaDevAttrMaxTexture3DHeightAlt,
                            cudaDevAttrMaxTexture3DDepthAlt});
  set(&out.maxTextureCubemap, {cudaDevAttrMaxTextureCubemapWidth});
  set(out.maxTexture1DLayered,
      {cudaDevAttrMaxTexture1DLayeredWidth, cudaDevAttrMaxTexture1DLayeredLayers});
  set(out.maxTexture2DLayered,
      {cudaDevAttrMaxTexture2DLayeredWidth, cudaDevAttrMaxTexture2DLayeredHeight,
       cudaDevAttrMaxTexture2DLayeredLayers});
  set(out.maxTextureCubemapLayered,
      {cudaDevAttrMaxTextureCubemapLayeredWidth, cudaDevAttrMaxTextureCubemapLayeredLayers});
  set(&out.maxSurface1D, {cudaDevAttrMaxSurface1DWidth});
  set(out.maxSurface2D, {cudaDevAttrMaxSurface2DWidth, cudaDevAttrMaxSurface2DHeight});
  set(out.maxSurface3D,
      {cudaDevAttrMaxSurface3DWidth, cudaDevAttrMaxSurface3DHeight, cudaDevAttrMaxSurface3DDepth});
  set(out.maxSurface1DLayered,
      {cudaDevAttrMaxSurface1DLayeredWidth, cudaDevAttrMaxSurface1DLayeredLayers});
  set(out.maxSurface2DLayered,
      {cudaDevAttrMaxSurface2DLayeredWidth, cudaDevAttrMaxSurface2DLayeredHeight,
       cudaDevAttrMaxSurface2DLayeredLayers});
  set(&out.maxSurfaceCubemap, {cudaDevAttrMaxSurfaceCubemapWidth});
  set(out.maxSurfaceCubemapLayered,
      {cudaDevAttrMaxSurfaceCubemapLayeredWidth, cudaDevAttrMaxSurfaceCubemapLayeredLayers});
  out.textureAlignment = out.surfaceAlignment = 512;
  out.texturePitchAlignment = 32;
}

void fill_abilities(cudaDeviceProp& out) {
  for (int* ability :
       {&out.canMapHostMemory, &out.concurrentKernels, &out.unifiedAddressing, &out.managedMemory,
        &out.concurrentManagedAccess, &out.pageableMemoryAccess, &out.hostNativeAtomicSupported,
        &out.streamPrioritiesSupported, &out.globalL1CacheSupported, &out.localL1CacheSupported,
        &out.computePreemptionSupported, &out.canUseHostPointerForRegisteredMem,
        &out.cooperativeLaunch, &out.pageableMemoryAccessUsesHostPageTables,
        &out.directManagedMemAccessFromHost, &out.hostRegisterSupported,
        &out.hostRegisterReadOnlySupported, &out.memoryPoolsSupported})
    *ability = 1;
  out.deviceNumaId = out.hostNumaId = -1;
}

void fill_limits(cudaDeviceProp& out, const Profile& p) {
  out.totalGlobalMem = memory_limit();
  out.sharedMemPerBlock = p.shared_per_block;
  out.regsPerBlock = kRegistersOfABlock;
  out.warpSize = 32;
  out.memPitch = 0x7fffffff;
  out.maxThreadsPerBlock = kMostThreads;
  out.maxThreadsDim[0] = out.maxThreadsDim[1] = 1024;
  out.maxThreadsDim[2] = 64;
  out.maxGridSize[0] = 0x7fffffff;
  out.maxGridSize[1] = out.maxGridSize[2] = 65535;
  out.totalConstMem = 65536;
  out.major = p.major;
  out.minor = p.minor;
  out.multiProcessorCount = p.sm_count;
  out.asyncEngineCount = 2;
  out.memoryBusWidth = p.memory_bus_bits;
  out.l2CacheSize = static_cast<int>(p.l2_bytes);
  out.maxThreadsPerMultiProcessor = p.max_threads_per_sm;
  out.sharedMemPerMultiprocessor = p.shared_per_sm;
  out.regsPerMultiprocessor = p.registers_per_sm;
  out.sharedMemPerBlockOptin = p.shared_per_block_optin;
  out.maxBlocksPerMultiProcessor = p.max_blocks_per_sm;
  out.reservedSharedMemPerBlock = reserved_shared(p);
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
    std::snprintf(out->uuid.bytes, sizeof out->uuid.bytes, "plumbline vgpu%c",
                  static_cast<char>('0' + device));
    out->pciBusID = device + kFirstBus;
    fill_limits(*out, p);
    fill_textures(*out);
    fill_abilities(*out);
    return cudaSuccess;
  });
}

VGPU_API(cudaDeviceGetAttribute, (int* value, cudaDeviceAttr attribute, int device),
         (value, attribute, device)) {
  return with_device(device, [&](const Profile&) {
    if (attribute == cudaDevAttrPciBusId) return give(value, device + kFirstBus);
    const auto found = attributes().find(attribute);
    return found == attributes().end() ? cudaErrorInvalidValue : give(value, found->second);
  });
}
