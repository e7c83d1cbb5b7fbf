// library.cpp - device code that the program loads while it runs: cudaLibrary_t.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/fatbin.h"
#include "vgpu/runtime/functions.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

struct Library {
  explicit Library(Binary code) : binary(std::move(code)) {}
  Binary binary;
  std::map<std::string, std::unique_ptr<KernelRecord>> kernels;
};

std::map<const void*, std::unique_ptr<Library>>& libraries() {
  static auto* all = new std::map<const void*, std::unique_ptr<Library>>;
  return *all;
}

/// The registry's mutex is held.
Library* known(cudaLibrary_t handle) {
  const auto found = libraries().find(handle);
  return found == libraries().end() ? nullptr : found->second.get();
}

/// Bytes of what starts here: a fat binary says its size, PTX ends at its NUL.
std::size_t length_of(const void* code) {
  const auto* const bytes = static_cast<const std::uint8_t*>(code);
  static constexpr std::uint8_t kElf[] = {0x7f, 'E', 'L', 'F'};
  const std::size_t text = strnlen(static_cast<const char*>(code), sizeof kElf);
  if (text < sizeof kElf) return text;
  if (std::memcmp(code, kElf, sizeof kElf) == 0) return sizeof kElf;
  if (is_fat_binary_wrapper(code)) return 24;
  if (!is_fat_binary(code)) return std::strlen(static_cast<const char*>(code));
  std::uint16_t header = 0;
  std::uint64_t entries = 0;
  std::memcpy(&header, bytes + 6, sizeof header);
  std::memcpy(&entries, bytes + 8, sizeof entries);
  return header + entries;
}

cudaError_t load(cudaLibrary_t* out, std::vector<std::uint8_t> bytes, const std::string& origin) {
  if (!out) return cudaErrorInvalidValue;
  auto library = std::make_unique<Library>(Binary(std::move(bytes), origin));
  const std::lock_guard lock(registry().mutex);
  // Loaded at once: what is no PTX is refused here.
  (void)library->binary.module_on(current_device());
  const void* handle = library.get();
  libraries()[handle] = std::move(library);
  *out = static_cast<cudaLibrary_t>(const_cast<void*>(handle));
  return cudaSuccess;
}

cudaError_t symbol(void** address, std::size_t* bytes, cudaLibrary_t handle, const char* name) {
  const std::lock_guard lock(registry().mutex);
  Library* const library = known(handle);
  if (!library) return cudaErrorInvalidResourceHandle;
  if (!name || (!address && !bytes)) return cudaErrorInvalidValue;
  std::size_t size = 0;
  void* const found = library->binary.module_on(current_device()).symbol(name, &size);
  if (!found) return cudaErrorSymbolNotFound;
  if (address) *address = found;
  if (bytes) *bytes = size;
  return cudaSuccess;
}

std::vector<std::string> entries_of(Library& library) {
  std::vector<std::string> out;
  for (const ptx::Function& f : library.binary.module_on(current_device()).ptx().functions)
    if (f.is_entry && f.has_body) out.push_back(f.name);
  return out;
}

KernelRecord* kernel_named(Library& library, const std::string& name) {
  const auto names = entries_of(library);
  if (std::find(names.begin(), names.end(), name) == names.end()) return nullptr;
  auto& record = library.kernels[name];
  if (!record) {
    record = std::make_unique<KernelRecord>();
    record->binary = &library.binary;
    record->name = name;
    registry().records.insert(record.get());
  }
  return record.get();
}

cudaKernel_t handle_of(KernelRecord* record) { return reinterpret_cast<cudaKernel_t>(record); }

}  // namespace
}  // namespace vgpu::runtime

using namespace vgpu;
using namespace vgpu::runtime;

VGPU_API(cudaLibraryLoadData,
         (cudaLibrary_t * library, const void* code, cudaJitOption* jit, void** jit_values,
          unsigned int jit_count, cudaLibraryOption* options, void** values, unsigned int count),
         (library, code, jit, jit_values, jit_count, options, values, count)) {
  (void)jit, (void)jit_values, (void)jit_count, (void)options, (void)values, (void)count;
  if (!code) return cudaErrorInvalidValue;
  const auto* const bytes = static_cast<const std::uint8_t*>(code);
  return load(library, {bytes, bytes + length_of(code)}, "cudaLibraryLoadData: the image");
}
VGPU_API(cudaLibraryLoadFromFile,
         (cudaLibrary_t * library, const char* path, cudaJitOption* jit, void** jit_values,
          unsigned int jit_count, cudaLibraryOption* options, void** values, unsigned int count),
         (library, path, jit, jit_values, jit_count, options, values, count)) {
  (void)jit, (void)jit_values, (void)jit_count, (void)values;
  if (!path) return cudaErrorInvalidValue;
  for (unsigned i = 0; options && i < count; ++i)
    if (options[i] == cudaLibraryBinaryIsPreserved) return cudaErrorInvalidValue;
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw ApiError(cudaErrorFileNotFound,
                   std::string("cudaLibraryLoadFromFile: cannot read ") + path);
  std::vector<std::uint8_t> bytes(std::istreambuf_iterator<char>(file), {});
  return load(library, std::move(bytes), path);
}
VGPU_API(cudaLibraryUnload, (cudaLibrary_t handle), (handle)) {
  const std::lock_guard lock(registry().mutex);
  Library* const library = known(handle);
  if (!library) return cudaErrorInvalidResourceHandle;
  for (const auto& [name, record] : library->kernels) registry().records.erase(record.get());
  library->binary.forget_variables();
  libraries().erase(handle);
  return cudaSuccess;
}
VGPU_API(cudaLibraryGetKernel, (cudaKernel_t * kernel, cudaLibrary_t handle, const char* name),
         (kernel, handle, name)) {
  const std::lock_guard lock(registry().mutex);
  Library* const library = known(handle);
  if (!library) return cudaErrorInvalidResourceHandle;
  if (!kernel || !name) return cudaErrorInvalidValue;
  KernelRecord* const record = kernel_named(*library, name);
  return record ? give(kernel, handle_of(record)) : cudaErrorSymbolNotFound;
}
VGPU_API(cudaLibraryGetKernelCount, (unsigned int* count, cudaLibrary_t handle), (count, handle)) {
  const std::lock_guard lock(registry().mutex);
  Library* const library = known(handle);
  if (!library) return cudaErrorInvalidResourceHandle;
  return give(count, entries_of(*library).size());
}
VGPU_API(cudaLibraryEnumerateKernels,
         (cudaKernel_t * kernels, unsigned int most, cudaLibrary_t handle),
         (kernels, most, handle)) {
  const std::lock_guard lock(registry().mutex);
  Library* const library = known(handle);
  if (!library) return cudaErrorInvalidResourceHandle;
  if (!kernels) return cudaErrorInvalidValue;
  const auto names = entries_of(*library);
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), most); ++i)
    kernels[i] = handle_of(kernel_named(*library, names[i]));
  return cudaSuccess;
}
VGPU_API(cudaLibraryGetGlobal,
         (void** address, size_t* bytes, cudaLibrary_t library, const char* name),
         (address, bytes, library, name)) {
  return symbol(address, bytes, library, name);
}
VGPU_API(cudaLibraryGetManaged,
         (void** address, size_t* bytes, cudaLibrary_t library, const char* name),
         (address, bytes, library, name)) {
  return symbol(address, bytes, library, name);
}
VGPU_API(cudaLibraryGetUnifiedFunction, (void** function, cudaLibrary_t handle, const char* name),
         (function, handle, name)) {
  const std::lock_guard lock(registry().mutex);
  if (!known(handle)) return cudaErrorInvalidResourceHandle;
  return function && name ? cudaErrorSymbolNotFound : cudaErrorInvalidValue;
}
VGPU_API(cudaKernelSetAttributeForDevice,
         (cudaKernel_t kernel, cudaFuncAttribute attribute, int value, int device),
         (kernel, attribute, value, device)) {
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  const OnDevice there(device);
  return set_function_attribute(record_of(kernel), attribute, value);
}
VGPU_API(cudaGetFuncBySymbol, (cudaFunction_t * function, const void* symbol_address),
         (function, symbol_address)) {
  return give(function, reinterpret_cast<cudaFunction_t>(&record_of(symbol_address)));
}
