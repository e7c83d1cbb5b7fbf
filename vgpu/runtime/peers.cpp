// peers.cpp - devices beside each other: access to a peer's memory, and the bus that they sit on.
// All memory is the host's, so that access is a matter of the program's words alone.
#include "vgpu/runtime/peers.h"

#include <cstdio>
#include <mutex>
#include <set>
#include <utility>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

std::mutex mutex;
VGPU_EARLY std::set<std::pair<int, int>> enabled;  // (device, its peer)

bool is_device(int device) { return device >= 0 && device < device_choice().count; }

/// What every pair of devices and the host can do: all of it, at every width.
cudaError_t all_atomics(unsigned* capabilities, const cudaAtomicOperation* operations,
                        unsigned count) {
  if (!capabilities || !operations || count == 0) return cudaErrorInvalidValue;
  for (unsigned i = 0; i < count; ++i)
    capabilities[i] = cudaAtomicCapabilitySigned | cudaAtomicCapabilityUnsigned |
                      cudaAtomicCapabilityReduction | cudaAtomicCapabilityScalar32 |
                      cudaAtomicCapabilityScalar64;
  return cudaSuccess;
}

cudaError_t device_on_bus(int* device, const char* text) {
  unsigned domain = 0, bus = 0, slot = 0, function = 0;
  if (!device || !text) return cudaErrorInvalidValue;
  const bool whole = std::sscanf(text, "%x:%x:%x.%x", &domain, &bus, &slot, &function) >= 3;
  if (!whole) {
    domain = 0;
    if (std::sscanf(text, "%x:%x.%x", &bus, &slot, &function) < 2) return cudaErrorInvalidValue;
  }
  const int found = static_cast<int>(bus) - kFirstBus;
  if (domain != 0 || slot != 0 || function != 0 || !is_device(found)) return cudaErrorInvalidDevice;
  *device = found;
  return cudaSuccess;
}

cudaError_t refuse_driver_function(const char* symbol, void** function,
                                   cudaDriverEntryPointQueryResult* status) {
  if (!symbol || !function) return cudaErrorInvalidValue;
  *function = nullptr;
  if (status) *status = cudaDriverEntryPointSymbolNotFound;
  throw ApiError(cudaErrorNotSupported, "cudaGetDriverEntryPoint: the driver's function " +
                                            std::string(symbol) +
                                            " is not supported by the virtual GPU");
}

}  // namespace

void forget_peers() {
  const std::lock_guard lock(mutex);
  const int device = current_device();
  std::erase_if(enabled,
                [&](const auto& pair) { return pair.first == device || pair.second == device; });
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaDeviceCanAccessPeer, (int* can, int device, int peer), (can, device, peer)) {
  if (!is_device(device) || !is_device(peer)) return cudaErrorInvalidDevice;
  return give(can, device != peer);
}
VGPU_API(cudaDeviceEnablePeerAccess, (int peer, unsigned int flags), (peer, flags)) {
  if (flags != 0) return cudaErrorInvalidValue;
  if (!is_device(peer) || peer == current_device()) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  return enabled.emplace(current_device(), peer).second ? cudaSuccess
                                                        : cudaErrorPeerAccessAlreadyEnabled;
}
VGPU_API(cudaDeviceDisablePeerAccess, (int peer), (peer)) {
  if (!is_device(peer)) return cudaErrorInvalidDevice;
  const std::lock_guard lock(mutex);
  return enabled.erase({current_device(), peer}) ? cudaSuccess : cudaErrorPeerAccessNotEnabled;
}
VGPU_API(cudaDeviceGetP2PAttribute, (int* value, cudaDeviceP2PAttr attribute, int from, int to),
         (value, attribute, from, to)) {
  if (!is_device(from) || !is_device(to) || from == to) return cudaErrorInvalidDevice;
  switch (attribute) {
    case cudaDevP2PAttrPerformanceRank:
    case cudaDevP2PAttrOnlyPartialNativeAtomicSupported:
      return give(value, 0);
    case cudaDevP2PAttrAccessSupported:
    case cudaDevP2PAttrNativeAtomicSupported:
    case cudaDevP2PAttrCudaArrayAccessSupported:
      return give(value, 1);
    default:
      return cudaErrorInvalidValue;
  }
}
VGPU_API(cudaDeviceGetP2PAtomicCapabilities,
         (unsigned int* capabilities, const cudaAtomicOperation* operations, unsigned int count,
          int from, int to),
         (capabilities, operations, count, from, to)) {
  if (!is_device(from) || !is_device(to) || from == to) return cudaErrorInvalidDevice;
  return all_atomics(capabilities, operations, count);
}
VGPU_API(cudaDeviceGetHostAtomicCapabilities,
         (unsigned int* capabilities, const cudaAtomicOperation* operations, unsigned int count,
          int device),
         (capabilities, operations, count, device)) {
  if (!is_device(device)) return cudaErrorInvalidDevice;
  return all_atomics(capabilities, operations, count);
}
VGPU_API(cudaDeviceGetPCIBusId, (char* text, int bytes, int device), (text, bytes, device)) {
  constexpr int kBytes = 13;
  if (!is_device(device)) return cudaErrorInvalidDevice;
  if (!text || bytes < kBytes) return cudaErrorInvalidValue;
  std::snprintf(text, static_cast<std::size_t>(bytes), "0000:%02x:00.0",
                static_cast<unsigned>(device + kFirstBus));
  return cudaSuccess;
}
VGPU_API(cudaDeviceGetByPCIBusId, (int* device, const char* text), (device, text)) {
  return device_on_bus(device, text);
}

// --- the driver API: refused with the name of the function that was asked for ---

VGPU_API(cudaGetDriverEntryPoint,
         (const char* symbol, void** function, unsigned long long flags,
          cudaDriverEntryPointQueryResult* status),
         (symbol, function, flags, status)) {
  return (void)flags, refuse_driver_function(symbol, function, status);
}
VGPU_API(cudaGetDriverEntryPointByVersion,
         (const char* symbol, void** function, unsigned int version, unsigned long long flags,
          cudaDriverEntryPointQueryResult* status),
         (symbol, function, version, flags, status)) {
  return (void)version, (void)flags, refuse_driver_function(symbol, function, status);
}
