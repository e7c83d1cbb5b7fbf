#include "vgpu/runtime/registry.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/fatbin.h"
#include "vgpu/runtime/memory.h"

namespace vgpu::runtime {
namespace {

struct Binary {
  const void* wrapper = nullptr;
  void** real_handle = nullptr;  // the real runtime's, where there is one
  std::shared_ptr<LoadedModule> module;
};

struct KernelRecord {
  Binary* binary = nullptr;
  const void* host = nullptr;
  std::string name;
  Kernel* kernel = nullptr;
  std::size_t dynamic_shared = 0;
  bool dynamic_shared_set = false;
};

struct VariableRecord {
  Binary* binary = nullptr;
  std::string name;
  void** managed = nullptr;  // a managed variable's host pointer
};

struct Registry {
  std::recursive_mutex mutex;
  std::vector<std::unique_ptr<Binary>> binaries;
  std::map<const void*, std::unique_ptr<KernelRecord>> kernels;  // by host function
  std::map<const void*, VariableRecord> variables;               // by host shadow
};

/// Registrations come before main and from other libraries' start-up code.
Registry& registry() {
  static Registry* r = new Registry;
  return *r;
}

void load(Binary& binary) {
  if (binary.module) return;
  std::vector<PtxImage> images;
  try {
    images = read_fat_binary(unwrap_fat_binary(binary.wrapper));
  } catch (const FatBinaryError& error) {
    throw Fault(Fault::Kind::invalid_ptx, error.what());
  }
  const int capability = current_profile().major * 10 + current_profile().minor;
  const PtxImage* best = nullptr;
  std::string found;
  for (const PtxImage& image : images) {
    found += (found.empty() ? "" : ", ") + std::to_string(image.architecture);
    if (image.architecture <= capability && (!best || image.architecture > best->architecture))
      best = &image;
  }
  if (!best)
    throw ApiError(cudaErrorNoKernelImageForDevice,
                   "the program holds no PTX for compute capability " + std::to_string(capability) +
                       " or below; found: " +
                       (found.empty() ? "none (built with -rdc or machine code only?)" : found));
  try {
    binary.module = LoadedModule::load(
        ptx::parse_outline(best->text, "ptx" + std::to_string(best->architecture)));
  } catch (const ptx::Error& error) {
    throw Fault(Fault::Kind::invalid_ptx, error.what());
  }
  for (auto& [shadow, record] : registry().variables) {
    if (record.binary != &binary) continue;
    std::size_t bytes = 0;
    void* address = binary.module->symbol(record.name, &bytes);
    if (!address) continue;
    note_variable(address, bytes);
    if (record.managed) *record.managed = address;
  }
}

/// A kernel of a cluster of one block runs as any other; %cluster_nctarank would lie to one of
/// several.
void refuse_clusters(const ptx::Function& kernel) {
  const auto& blocks = kernel.cluster_blocks;
  if (std::max({blocks[0], blocks[1], blocks[2]}) > 1)
    throw ApiError(
        cudaErrorNotSupported,
        "kernel " + kernel.name + ": thread block clusters are not supported by the virtual GPU");
}

KernelRecord& record_of(const void* function) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  if (const auto found = r.kernels.find(function); found != r.kernels.end()) return *found->second;
  for (auto& [host, record] : r.kernels)
    if (record.get() == function) return *record;
  throw ApiError(cudaErrorInvalidDeviceFunction,
                 "not a kernel of this program: no function is registered at this address");
}

Binary* binary_of(void** handle) { return reinterpret_cast<Binary*>(handle); }

/// Takes back all that a library registered: another one may be loaded at its addresses.
void forget(Binary& binary) {
  Registry& r = registry();
  std::erase_if(r.kernels, [&](const auto& entry) { return entry.second->binary == &binary; });
  std::erase_if(r.variables, [&](const auto& entry) {
    const VariableRecord& record = entry.second;
    if (record.binary != &binary) return false;
    if (binary.module) forget_variable(binary.module->symbol(record.name, nullptr));
    return true;
  });
  std::erase_if(r.binaries, [&](const auto& known) { return known.get() == &binary; });
}

}  // namespace

Kernel& kernel_of(const void* function) {
  KernelRecord& record = record_of(function);
  const std::lock_guard lock(registry().mutex);
  if (record.kernel) return *record.kernel;
  load(*record.binary);
  if (const ptx::Function* text = record.binary->module->ptx().find_function(record.name))
    refuse_clusters(*text);
  record.kernel = record.binary->module->kernel(record.name);
  if (!record.kernel)
    throw Fault(Fault::Kind::invalid_ptx, "the program's PTX has no kernel " + record.name);
  return *record.kernel;
}

std::size_t dynamic_shared_limit(const void* function) {
  const KernelRecord& record = record_of(function);
  const std::size_t taken = kernel_info(kernel_of(function)).static_shared_bytes;
  const std::size_t standard = current_profile().shared_per_block;
  const std::size_t plain = standard > taken ? standard - taken : 0;
  return record.dynamic_shared_set ? std::max(record.dynamic_shared, plain) : plain;
}

void* variable_address(const void* symbol, std::size_t* bytes) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  const auto found = r.variables.find(symbol);
  if (found == r.variables.end()) return nullptr;
  load(*found->second.binary);
  return found->second.binary->module->symbol(found->second.name, bytes);
}

}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_HOOK(void**, __cudaRegisterFatBinary, (void* wrapper)) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.binaries.push_back(std::make_unique<Binary>());
  r.binaries.back()->wrapper = wrapper;
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
    answer_always([&] { return load(*binary_of(handle)), cudaSuccess; });
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
  r.kernels[host] = std::move(record);
  VGPU_FORWARD(__cudaRegisterFunction, (binary_of(handle)->real_handle, host, device, name, limit,
                                        tid, bid, bdim, gdim, size));
}
VGPU_HOOK(void, __cudaRegisterVar,
          (void** handle, char* host, char* device, const char* name, int external, size_t bytes,
           int constant, int global)) {
  (void)device, (void)external, (void)bytes, (void)constant, (void)global;
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.variables[host] = {binary_of(handle), name, nullptr};
  VGPU_FORWARD(__cudaRegisterVar, (binary_of(handle)->real_handle, host, device, name, external,
                                   bytes, constant, global));
}
VGPU_HOOK(void, __cudaRegisterManagedVar,
          (void** handle, void** host, char* device, const char* name, int external, size_t bytes,
           int constant, int global)) {
  (void)device, (void)external, (void)bytes, (void)constant, (void)global;
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.variables[host] = {binary_of(handle), name, host};
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

VGPU_API(cudaFuncGetName, (const char** name, const void* function), (name, function)) {
  return give(name, record_of(function).name.c_str());
}
VGPU_API(cudaGetKernel, (cudaKernel_t * kernel, const void* function), (kernel, function)) {
  return give(kernel, reinterpret_cast<cudaKernel_t>(&record_of(function)));
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
  return cudaSuccess;
}
VGPU_API(cudaFuncSetAttribute, (const void* function, cudaFuncAttribute attribute, int value),
         (function, attribute, value)) {
  KernelRecord& record = record_of(function);
  if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return cudaSuccess;
  if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaErrorInvalidValue;
  const std::size_t most = current_profile().shared_per_block_optin -
                           kernel_info(kernel_of(function)).static_shared_bytes;
  if (value < 0 || static_cast<std::size_t>(value) > most) return cudaErrorInvalidValue;
  record.dynamic_shared = static_cast<std::size_t>(value);
  record.dynamic_shared_set = true;
  return cudaSuccess;
}
VGPU_API(cudaFuncSetSharedMemConfig, (const void* function, cudaSharedMemConfig config),
         (function, config)) {
  return (void)record_of(function), (void)config, cudaSuccess;
}
VGPU_API(cudaFuncSetCacheConfig, (const void* function, cudaFuncCache config), (function, config)) {
  return (void)record_of(function), (void)config, cudaSuccess;
}

// --- on the real device: our handle back into the host function ---

namespace vgpu::runtime {
const void* host_function(const void* kernel) { return record_of(kernel).host; }
}  // namespace vgpu::runtime
