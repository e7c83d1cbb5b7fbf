#include "vgpu/runtime/graph_memory.h"

#include <cstdint>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {

GraphMemory::GraphMemory(std::size_t bytes) : bytes_(bytes) {
  if (allocate(&address_, bytes, MemoryKind::graph) != cudaSuccess)
    throw ApiError(cudaErrorMemoryAllocation,
                   "a graph's allocation of " + std::to_string(bytes) + " bytes: no memory for it");
}

GraphMemory::~GraphMemory() { abandon_graph_memory(address_); }

bool GraphMemory::in_use() const { return is_in_use(address_); }

cudaError_t GraphMemory::begin() { return begin_graph_memory(address_); }

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaDeviceGraphMemTrim, (int device), (device)) {
  return device < 0 || device >= device_choice().count ? cudaErrorInvalidDevice : cudaSuccess;
}
VGPU_API(cudaDeviceGetGraphMemAttribute,
         (int device, cudaGraphMemAttributeType attribute, void* value),
         (device, attribute, value)) {
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  const GraphMemoryUse use = graph_memory_use(device);
  auto* const out = static_cast<std::uint64_t*>(value);
  switch (attribute) {
    case cudaGraphMemAttrUsedMemCurrent:
      return give(out, use.used);
    case cudaGraphMemAttrUsedMemHigh:
      return give(out, use.used_high);
    case cudaGraphMemAttrReservedMemCurrent:
      return give(out, use.reserved);
    case cudaGraphMemAttrReservedMemHigh:
      return give(out, use.reserved_high);
    default:
      return cudaErrorInvalidValue;
  }
}
VGPU_API(cudaDeviceSetGraphMemAttribute,
         (int device, cudaGraphMemAttributeType attribute, void* value),
         (device, attribute, value)) {
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  const bool settable =
      attribute == cudaGraphMemAttrUsedMemHigh || attribute == cudaGraphMemAttrReservedMemHigh;
  if (!settable || !value || *static_cast<const std::uint64_t*>(value) != 0)
    return cudaErrorInvalidValue;
  return reset_graph_memory_high(device), cudaSuccess;
}
