// device.cpp - the choice of device, the current device, limits. What a device claims to be is in
// properties.cpp.
#include "vgpu/runtime/device.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>

#include "vgpu/machine/profile.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

constexpr int kRuntimeVersion = CUDART_VERSION;

std::mutex choice_mutex;
bool settled = false, chosen = false;
DeviceChoice current;
thread_local int device_of_thread = 0;

std::mutex limits_mutex;
std::map<cudaLimit, std::size_t> limits = {{cudaLimitStackSize, 1024},
                                           {cudaLimitPrintfFifoSize, 1 << 20},
                                           {cudaLimitMallocHeapSize, 8 << 20}};

DeviceChoice from_environment() {
  DeviceChoice choice;
  const char* text = std::getenv("PLUMBLINE_DEVICE");
  if (!text || !*text) return choice;
  const std::string name = text;
  if (name.rfind("cuda:", 0) == 0) {
#ifdef VGPU_SHARED
    throw std::invalid_argument("PLUMBLINE_DEVICE is '" + name +
                                "', but the preloaded library serves vgpu only: start without it");
#endif
    choice.is_virtual = false;
  } else if (name.rfind("vgpu:0:", 0) == 0) {
    choice.profile = name.substr(7);
    profile(choice.profile);
  } else if (name != "vgpu:0") {
    throw std::invalid_argument("PLUMBLINE_DEVICE is '" + name +
                                "', allowed: vgpu:0, vgpu:0:PROFILE, cuda:N");
  }
  return choice;
}

template <class Body>
cudaError_t with_device(int device, Body body) {
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  return body(current_profile());
}

}  // namespace

void choose_device(const DeviceChoice& choice) {
  const std::lock_guard lock(choice_mutex);
  if (settled) throw std::logic_error("the device must be chosen before the first CUDA call");
  if (choice.is_virtual) profile(choice.profile);
  if (choice.count < 1)
    throw std::invalid_argument(std::to_string(choice.count) +
                                " virtual devices; allowed: 1 or more");
  current = choice;
  chosen = true;
}

const DeviceChoice& device_choice() {
  static std::atomic<bool> ready = false;
  if (ready.load(std::memory_order_acquire)) return current;
  const std::lock_guard lock(choice_mutex);
  if (!settled && !chosen) {
    try {
      current = from_environment();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "vgpu: %s\n", error.what());
      std::exit(64);
    }
  }
  settled = true;
  ready = true;
  return current;
}

int current_device() { return device_of_thread; }

bool on_virtual_device() { return device_choice().is_virtual; }

const Profile& current_profile() {
  static const Profile& p = profile(device_choice().profile);
  return p;
}

}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_API(cudaGetDeviceCount, (int* count), (count)) { return give(count, device_choice().count); }
VGPU_API(cudaGetDevice, (int* device), (device)) { return give(device, device_of_thread); }
VGPU_API(cudaSetDevice, (int device), (device)) {
  return with_device(device,
                     [&](const Profile&) { return device_of_thread = device, cudaSuccess; });
}
VGPU_API(cudaInitDevice, (int device, unsigned int flags, unsigned int more),
         (device, flags, more)) {
  (void)flags, (void)more;
  return with_device(device, [](const Profile&) { return cudaSuccess; });
}
VGPU_API(cudaSetDeviceFlags, (unsigned int flags), (flags)) { return (void)flags, cudaSuccess; }
VGPU_API(cudaGetDeviceFlags, (unsigned int* flags), (flags)) {
  return give(flags, cudaDeviceScheduleAuto);
}
VGPU_API(cudaDeviceSynchronize, (), ()) { return cudaSuccess; }
VGPU_API(cudaDriverGetVersion, (int* version), (version)) { return give(version, kRuntimeVersion); }
VGPU_API(cudaRuntimeGetVersion, (int* version), (version)) {
  return give(version, kRuntimeVersion);
}
VGPU_API(cudaProfilerStart, (), ()) { return cudaSuccess; }
VGPU_API(cudaProfilerStop, (), ()) { return cudaSuccess; }
VGPU_API(cudaDeviceSetCacheConfig, (cudaFuncCache config), (config)) {
  return (void)config, cudaSuccess;
}
VGPU_API(cudaDeviceGetCacheConfig, (cudaFuncCache * config), (config)) {
  return give(config, cudaFuncCachePreferNone);
}
VGPU_API(cudaDeviceSetSharedMemConfig, (cudaSharedMemConfig config), (config)) {
  return (void)config, cudaSuccess;
}
VGPU_API(cudaDeviceGetSharedMemConfig, (cudaSharedMemConfig * config), (config)) {
  return give(config, cudaSharedMemBankSizeFourByte);
}
VGPU_API(cudaDeviceGetStreamPriorityRange, (int* least, int* greatest), (least, greatest)) {
  if (least) *least = 0;
  if (greatest) *greatest = -5;
  return cudaSuccess;
}
VGPU_API(cudaDeviceCanAccessPeer, (int* can, int device, int peer), (can, device, peer)) {
  return with_device(peer, [&](const Profile&) {
    return device < 0 || device >= device_choice().count ? cudaErrorInvalidDevice
                                                         : give(can, device != peer);
  });
}
VGPU_API(cudaDeviceEnablePeerAccess, (int peer, unsigned int flags), (peer, flags)) {
  (void)flags;
  return with_device(peer, [](const Profile&) { return cudaSuccess; });
}
VGPU_API(cudaDeviceSetLimit, (cudaLimit limit, size_t value), (limit, value)) {
  const std::lock_guard lock(limits_mutex);
  const auto found = limits.find(limit);
  if (found == limits.end()) return cudaErrorUnsupportedLimit;
  found->second = value;  // nothing here runs short, so that a limit is only remembered
  return cudaSuccess;
}
VGPU_API(cudaDeviceGetLimit, (size_t * value, cudaLimit limit), (value, limit)) {
  const std::lock_guard lock(limits_mutex);
  const auto found = limits.find(limit);
  return found == limits.end() ? cudaErrorUnsupportedLimit : give(value, found->second);
}
VGPU_API(cudaDeviceDisablePeerAccess, (int peer), (peer)) {
  return with_device(peer, [](const Profile&) { return cudaSuccess; });
}
VGPU_API(cudaDeviceGetPCIBusId, (char* text, int bytes, int device), (text, bytes, device)) {
  return with_device(device, [&](const Profile&) {
    if (!text || bytes < 13) return cudaErrorInvalidValue;
    std::snprintf(text, static_cast<std::size_t>(bytes), "0000:%02x:00.0",
                  static_cast<unsigned>(device & 0xff));
    return cudaSuccess;
  });
}
VGPU_API(cudaChooseDevice, (int* device, const cudaDeviceProp* wanted), (device, wanted)) {
  return wanted ? give(device, 0) : cudaErrorInvalidValue;
}
VGPU_API(cudaSetValidDevices, (int* devices, int count), (devices, count)) {
  return devices || count == 0 ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaCtxResetPersistingL2Cache, (), ()) { return cudaSuccess; }

VGPU_API(cudaDeviceReset, (), ()) {
  free_everything();
  return cudaSuccess;
}
