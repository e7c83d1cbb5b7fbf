// device.cpp - the choice of device, the current device, limits. What a device claims to be is in
// properties.cpp.
#include "vgpu/runtime/device.h"

#include <atomic>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "vgpu/machine/profile.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/arrays.h"
#include "vgpu/runtime/capture.h"
#include "vgpu/runtime/checked_streams.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/peers.h"
#include "vgpu/runtime/pools.h"
#include "vgpu/runtime/registry.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

constexpr int kRuntimeVersion = CUDART_VERSION;

std::mutex choice_mutex;
bool settled = false, chosen = false;
VGPU_EARLY DeviceChoice current;
thread_local int device_of_thread = 0, device_of_fault = -1;

VGPU_EARLY const std::map<cudaLimit, std::size_t> kStandardLimits = {
    {cudaLimitStackSize, 1024},
    {cudaLimitPrintfFifoSize, 1 << 20},
    {cudaLimitMallocHeapSize, 8 << 20},
    {cudaLimitDevRuntimeSyncDepth, 2},
    {cudaLimitDevRuntimePendingLaunchCount, 2048},
    {cudaLimitMaxL2FetchGranularity, 64},
    {cudaLimitPersistingL2CacheSize, 0},
};

/// What a program asked of a device and may ask back; none of it changes anything here.
struct Wishes {
  std::map<cudaLimit, std::size_t> limits = kStandardLimits;
  unsigned flags = cudaDeviceScheduleAuto;
  cudaFuncCache cache = cudaFuncCachePreferNone;
};
std::mutex wishes_mutex;
VGPU_EARLY std::map<int, Wishes> wishes_of;  // by device

Wishes& wishes() { return wishes_of[device_of_thread]; }

int count_from_environment() {
  const char* text = std::getenv("PLUMBLINE_VGPU_DEVICES");
  if (!text || !*text) return 1;
  int count = 0;
  const char* const end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, count);
  if (error != std::errc{} || rest != end || count < 1 || count > kMostDevices)
    throw std::invalid_argument(std::string("PLUMBLINE_VGPU_DEVICES is '") + text +
                                "', allowed: 1 to " + std::to_string(kMostDevices));
  return count;
}

DeviceChoice from_environment() {
  DeviceChoice choice;
  choice.count = count_from_environment();
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
  if (choice.count < 1 || choice.count > kMostDevices)
    throw std::invalid_argument(std::to_string(choice.count) + " virtual devices; allowed: 1 to " +
                                std::to_string(kMostDevices));
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

OnDevice::OnDevice(int device)
    : before_(device_of_thread), exceptions_(std::uncaught_exceptions()) {
  device_of_thread = device;
}
OnDevice::~OnDevice() {
  if (std::uncaught_exceptions() > exceptions_ && device_of_fault < 0)
    device_of_fault = device_of_thread;
  device_of_thread = before_;
}

int take_device_of_fault() {
  const int device = std::exchange(device_of_fault, -1);
  return device < 0 ? device_of_thread : device;
}

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
  return with_device(device, [&](const Profile&) {
    if (more > cudaInitDeviceFlagsAreValid || flags > cudaDeviceMask) return cudaErrorInvalidValue;
    const std::lock_guard lock(wishes_mutex);
    if (more) wishes_of[device].flags = flags;
    return cudaSuccess;
  });
}
VGPU_API(cudaSetDeviceFlags, (unsigned int flags), (flags)) {
  if (flags & ~unsigned{cudaDeviceMask}) return cudaErrorInvalidValue;
  const std::lock_guard lock(wishes_mutex);
  return wishes().flags = flags, cudaSuccess;
}
VGPU_API(cudaGetDeviceFlags, (unsigned int* flags), (flags)) {
  const std::lock_guard lock(wishes_mutex);
  return give(flags, wishes().flags | cudaDeviceMapHost);
}
VGPU_API(cudaDeviceSynchronize, (), ()) {
  forbid_on_capturing_device("cudaDeviceSynchronize");
  checked::host_waits_for_device();
  return cudaSuccess;
}
VGPU_API(cudaDriverGetVersion, (int* version), (version)) { return give(version, kRuntimeVersion); }
VGPU_API(cudaRuntimeGetVersion, (int* version), (version)) {
  return give(version, kRuntimeVersion);
}
VGPU_API(cudaProfilerStart, (), ()) { return cudaSuccess; }
VGPU_API(cudaProfilerStop, (), ()) { return cudaSuccess; }
VGPU_API(cudaDeviceSetCacheConfig, (cudaFuncCache config), (config)) {
  if (config < cudaFuncCachePreferNone || config > cudaFuncCachePreferEqual)
    return cudaErrorInvalidValue;
  const std::lock_guard lock(wishes_mutex);
  return wishes().cache = config, cudaSuccess;
}
VGPU_API(cudaDeviceGetCacheConfig, (cudaFuncCache * config), (config)) {
  const std::lock_guard lock(wishes_mutex);
  return give(config, wishes().cache);
}
VGPU_API(cudaDeviceSetSharedMemConfig, (cudaSharedMemConfig config), (config)) {
  return (void)config, cudaSuccess;
}
VGPU_API(cudaDeviceGetSharedMemConfig, (cudaSharedMemConfig * config), (config)) {
  return give(config, cudaSharedMemBankSizeFourByte);
}
VGPU_API(cudaDeviceGetStreamPriorityRange, (int* least, int* greatest), (least, greatest)) {
  if (least) *least = kLeastPriority;
  if (greatest) *greatest = kGreatestPriority;
  return cudaSuccess;
}
VGPU_API(cudaDeviceSetLimit, (cudaLimit limit, size_t value), (limit, value)) {
  const std::lock_guard lock(wishes_mutex);
  const auto found = wishes().limits.find(limit);
  if (found == wishes().limits.end()) return cudaErrorInvalidValue;
  // Kernels launch no kernels here, so that their runtime has no limits to set.
  if (limit == cudaLimitDevRuntimeSyncDepth || limit == cudaLimitDevRuntimePendingLaunchCount)
    return cudaErrorUnsupportedLimit;
  found->second = value;  // nothing here runs short, so that a limit is only remembered
  return cudaSuccess;
}
VGPU_API(cudaDeviceGetLimit, (size_t * value, cudaLimit limit), (value, limit)) {
  const std::lock_guard lock(wishes_mutex);
  const auto found = wishes().limits.find(limit);
  return found == wishes().limits.end() ? cudaErrorInvalidValue : give(value, found->second);
}
VGPU_API(cudaChooseDevice, (int* device, const cudaDeviceProp* wanted), (device, wanted)) {
  return wanted ? give(device, 0) : cudaErrorInvalidValue;
}
VGPU_API(cudaSetValidDevices, (int* devices, int count), (devices, count)) {
  if (!devices && count != 0) return cudaErrorInvalidValue;
  for (int i = 0; i < count; ++i)
    if (devices[i] < 0 || devices[i] >= device_choice().count) return cudaErrorInvalidDevice;
  return cudaSuccess;
}
VGPU_API(cudaCtxResetPersistingL2Cache, (), ()) { return cudaSuccess; }
VGPU_API(cudaDeviceFlushGPUDirectRDMAWrites,
         (cudaFlushGPUDirectRDMAWritesTarget target, cudaFlushGPUDirectRDMAWritesScope scope),
         (target, scope)) {
  (void)scope;
  return target == cudaFlushGPUDirectRDMAWritesTargetCurrentDevice ? cudaSuccess
                                                                   : cudaErrorInvalidValue;
}

VGPU_API(cudaDeviceReset, (), ()) {
  checked::host_waits_for_device();
  forget_textures();
  forget_arrays();
  free_everything();
  forget_pieces(device_of_thread);
  unload_modules();
  forget_peers();
  const std::lock_guard lock(wishes_mutex);
  wishes_of.erase(device_of_thread);
  return cudaSuccess;
}
