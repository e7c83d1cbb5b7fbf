// registry.cpp - what the program's start-up code registers, and what is found by it.
#include "vgpu/runtime/registry.h"

#include <algorithm>

#include "vgpu/runtime/api.h"

namespace vgpu::runtime {
namespace {

/// A kernel of a cluster of one block runs as any other; %cluster_nctarank would lie to one of
/// several.
void refuse_clusters(const ptx::Function& kernel) {
  const auto& blocks = kernel.cluster_blocks;
  if (std::max({blocks[0], blocks[1], blocks[2]}) > 1)
    throw ApiError(
        cudaErrorNotSupported,
        "kernel " + kernel.name + ": thread block clusters are not supported by the virtual GPU");
}

Binary* binary_of(void** handle) { return reinterpret_cast<Binary*>(handle); }

/// Takes back all that a library registered: another one may be loaded at its addresses.
void forget(Binary& binary) {
  Registry& r = registry();
  std::erase_if(r.kernels, [&](const auto& entry) {
    if (entry.second->binary != &binary) return false;
    r.records.erase(entry.second.get());
    return true;
  });
  std::erase_if(r.variables, [&](const auto& entry) { return entry.second.binary == &binary; });
  binary.forget_variables();
  std::erase_if(r.binaries, [&](const auto& known) { return known.get() == &binary; });
}

}  // namespace

Registry& registry() {
  static Registry* r = new Registry;
  return *r;
}

KernelRecord& record_of(const void* function) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  if (const auto found = r.kernels.find(function); found != r.kernels.end()) return *found->second;
  if (r.records.contains(function)) return *static_cast<KernelRecord*>(const_cast<void*>(function));
  throw ApiError(cudaErrorInvalidDeviceFunction,
                 "not a kernel of this program: no function is registered at this address");
}

std::vector<std::string> program_ptx(int capability) {
  const std::lock_guard lock(registry().mutex);
  std::vector<std::string> out;
  for (const auto& binary : registry().binaries) out.push_back(binary->ptx_for(capability));
  return out;
}

Kernel& kernel_of(const void* function) {
  KernelRecord& record = record_of(function);
  const std::lock_guard lock(registry().mutex);
  auto& here = record.on[current_device()];
  if (here.kernel) return *here.kernel;
  try {
    LoadedModule& module = record.binary->module_on(current_device());
    if (const ptx::Function* text = module.ptx().find_function(record.name)) refuse_clusters(*text);
    here.kernel = module.kernel(record.name);
  } catch (const ApiError& error) {
    if (error.code != cudaErrorNoKernelImageForDevice) throw;
    throw ApiError(error.code, "kernel " + record.name + ": " + error.what());
  }
  if (!here.kernel)
    throw Fault(Fault::Kind::invalid_ptx, "the program's PTX has no kernel " + record.name);
  return *here.kernel;
}

std::size_t dynamic_shared_limit(const void* function) {
  const std::size_t taken = kernel_info(kernel_of(function)).static_shared_bytes;
  const std::size_t standard = current_profile().shared_per_block;
  const std::size_t plain = standard > taken ? standard - taken : 0;
  const std::lock_guard lock(registry().mutex);
  const auto& here = record_of(function).on[current_device()];
  return here.dynamic_shared_set ? std::max(here.dynamic_shared, plain) : plain;
}

const void* host_function(const void* kernel) { return record_of(kernel).host; }

void* variable_address(const void* symbol, std::size_t* bytes) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  const auto found = r.variables.find(symbol);
  if (found == r.variables.end()) return nullptr;
  return found->second.binary->module_on(current_device()).symbol(found->second.name, bytes);
}

void unload_modules() {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  const int device = current_device();
  for (const auto& binary : r.binaries) binary->unload(device);
  for (const void* record : r.records) {
    auto* const one = static_cast<KernelRecord*>(const_cast<void*>(record));
    if (!one->binary->loaded_on(device)) one->on.erase(device);
  }
}

}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_HOOK(void**, __cudaRegisterFatBinary, (void* wrapper)) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.binaries.push_back(std::make_unique<Binary>(wrapper));
#ifndef VGPU_SHARED
  r.binaries.back()->real_handle = __real___cudaRegisterFatBinary(wrapper);
#endif
  return reinterpret_cast<void**>(r.binaries.back().get());
}
VGPU_HOOK(void, __cudaRegisterFatBinaryEnd, (void** handle)) {
  (void)handle;
  VGPU_FORWARD(__cudaRegisterFatBinaryEnd, (binary_of(handle)->real_handle));
}
VGPU_HOOK(void, __cudaUnregisterFatBinary, (void** handle)) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  Binary* binary = binary_of(handle);
  VGPU_FORWARD(__cudaUnregisterFatBinary, (binary->real_handle));
  forget(*binary);
}
VGPU_HOOK(char, __cudaInitModule, (void** handle)) {
  if (on_virtual_device()) {
    answer_always([&] {
      const std::lock_guard lock(registry().mutex);
      return (void)binary_of(handle)->module_on(current_device()), cudaSuccess;
    });
    return 0;
  }
#ifdef VGPU_SHARED
  return 0;
#else
  return __real___cudaInitModule(binary_of(handle)->real_handle);
#endif
}
VGPU_HOOK(void, __cudaRegisterFunction,
          (void** handle, const char* host, char* device, const char* name, int limit, uint3* tid,
           uint3* bid, dim3* bdim, dim3* gdim, int* size)) {
  (void)device, (void)limit, (void)tid, (void)bid, (void)bdim, (void)gdim, (void)size;
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  auto record = std::make_unique<KernelRecord>();
  record->binary = binary_of(handle);
  record->host = host;
  record->name = name;
  auto& place = r.kernels[host];
  if (place) r.records.erase(place.get());
  place = std::move(record);
  r.records.insert(place.get());
  VGPU_FORWARD(__cudaRegisterFunction, (binary_of(handle)->real_handle, host, device, name, limit,
                                        tid, bid, bdim, gdim, size));
}
VGPU_HOOK(void, __cudaRegisterVar,
          (void** handle, char* host, char* device, const char* name, int external, size_t bytes,
           int constant, int global)) {
  (void)device, (void)external, (void)bytes, (void)constant, (void)global;
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.variables[host] = {binary_of(handle), name};
  VGPU_FORWARD(__cudaRegisterVar, (binary_of(handle)->real_handle, host, device, name, external,
                                   bytes, constant, global));
}
VGPU_HOOK(void, __cudaRegisterManagedVar,
          (void** handle, void** host, char* device, const char* name, int external, size_t bytes,
           int constant, int global)) {
  (void)device, (void)external, (void)bytes, (void)constant, (void)global;
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.variables[host] = {binary_of(handle), name};
  binary_of(handle)->managed[name] = host;
  VGPU_FORWARD(__cudaRegisterManagedVar, (binary_of(handle)->real_handle, host, device, name,
                                          external, bytes, constant, global));
}
VGPU_HOOK(cudaError_t, __cudaGetKernel, (cudaKernel_t * kernel, const void* host)) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  const auto found = r.kernels.find(host);
  if (found == r.kernels.end()) return cudaErrorInvalidDeviceFunction;
  *kernel = reinterpret_cast<cudaKernel_t>(found->second.get());
  return cudaSuccess;
}
