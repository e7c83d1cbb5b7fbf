// registry.h - the kernels and variables of the program and of libraries that it loads.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "vgpu/machine/machine.h"
#include "vgpu/runtime/binary.h"

namespace vgpu::runtime {

/// The profile of the virtual devices.
const Profile& current_profile();

/// cudaSetDevice's choice of this thread.
int current_device();
/// Makes another device the current one for a scope.
class OnDevice {
 public:
  explicit OnDevice(int device);
  ~OnDevice();
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  int before_, exceptions_;
};
/// Where the exception came from that the call's body ended with: the innermost OnDevice that it
/// left, else the current device.
int take_device_of_fault();

/// A kernel by name; its address is the program's cudaKernel_t.
struct KernelRecord {
  struct OnOneDevice {
    Kernel* kernel = nullptr;
    std::size_t dynamic_shared = 0;
    bool dynamic_shared_set = false;
    int carveout = -1;  // per cent of shared memory, a hint
  };
  Binary* binary = nullptr;
  const void* host = nullptr;  // null in a library
  std::string name;
  std::map<int, OnOneDevice> on;  // by device
};

struct VariableRecord {
  Binary* binary = nullptr;
  std::string name;
};

struct Registry {
  std::recursive_mutex mutex;
  std::vector<std::unique_ptr<Binary>> binaries;
  std::unordered_map<const void*, std::unique_ptr<KernelRecord>> kernels;  // by host function
  std::unordered_set<const void*> records;          // every KernelRecord, a library's too
  std::map<const void*, VariableRecord> variables;  // by host shadow
};

/// Registrations come before main and from other libraries' start-up code.
Registry& registry();

/// The record behind a host function or a cudaKernel_t. Throws ApiError for an address that is no
/// kernel.
KernelRecord& record_of(const void* function);

/// The kernel behind a host function or a cudaKernel_t, on the current device. Its module is loaded
/// at the first question. Throws ApiError for an address that is no kernel and when no PTX in the
/// binary suits the device, Fault for PTX that is not understood.
Kernel& kernel_of(const void* function);
/// Bytes of dynamic shared memory that cudaFuncSetAttribute allowed a kernel on the current device;
/// else 48 KiB less its static memory.
std::size_t dynamic_shared_limit(const void* function);
/// The host function behind a cudaKernel_t of ours: what the real runtime knows it by.
const void* host_function(const void* kernel);
/// The address on the current device of a __device__ or __constant__ variable from its host shadow;
/// null when there is none.
void* variable_address(const void* symbol, std::size_t* bytes);

/// cudaDeviceReset: the current device's modules are loaded anew when next asked for.
void unload_modules();

}  // namespace vgpu::runtime
