// launch.cpp - kernel launches: arguments gathered as the kernel's .param space has them.
#include <cstring>
#include <vector>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/checked_memory.h"
#include "vgpu/runtime/functions.h"
#include "vgpu/runtime/registry.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

/// The translated code may read whole vectors at the end of the parameters.
constexpr std::size_t kBeyondParameters = 64;

struct Configuration {
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
};

std::vector<Configuration>& configurations() {
  thread_local std::vector<Configuration> stack;
  return stack;
}

/// Whether a launch may have dependents that start before its end, and the like: hints alone.
void read_attributes(const cudaLaunchConfig_t& config, bool* cooperative) {
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const auto& attribute = config.attrs[i];
    const auto& d = attribute.val.clusterDim;
    if (attribute.id == cudaLaunchAttributeCooperative)
      *cooperative = attribute.val.cooperative != 0;
    if (attribute.id == cudaLaunchAttributeClusterDimension && (d.x > 1 || d.y > 1 || d.z > 1))
      throw ApiError(
          cudaErrorNotSupported,
          "cudaLaunchKernelExC: thread block clusters are not supported by the virtual GPU");
  }
}

/// Events that a launch records by its attributes.
cudaError_t record_attributes(const cudaLaunchConfig_t& config) {
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const auto& attribute = config.attrs[i];
    const cudaEvent_t event = attribute.id == cudaLaunchAttributeProgrammaticEvent
                                  ? attribute.val.programmaticEvent.event
                              : attribute.id == cudaLaunchAttributeLaunchCompletionEvent
                                  ? attribute.val.launchCompletionEvent.event
                                  : nullptr;
    if (!event) continue;
    if (const cudaError_t code = record_event(event, config.stream); code != cudaSuccess)
      return code;
  }
  return cudaSuccess;
}

/// All blocks of a cooperative grid must be on the device at once.
void check_residency(const KernelWork& work, const KernelInfo& info) {
  const std::uint64_t threads = std::uint64_t{work.block.x} * work.block.y * work.block.z,
                      blocks = std::uint64_t{work.grid.x} * work.grid.y * work.grid.z;
  if (threads > kMostThreads) return;  // refused as any launch of it
  const std::uint64_t most =
      static_cast<std::uint64_t>(blocks_per_sm(info, static_cast<int>(threads), work.shared)) *
      static_cast<std::uint64_t>(current_profile().sm_count);
  if (blocks > most)
    throw ApiError(cudaErrorCooperativeLaunchTooLarge,
                   "kernel " + info.name + ": a cooperative launch of " + std::to_string(blocks) +
                       " blocks, allowed: " + std::to_string(most));
}

/// What the checks found in a launch, also in one that faults.
struct TellsAtEnd {
  ~TellsAtEnd() { checked::tell(); }
};

cudaError_t start(const void* function, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                  cudaStream_t stream, bool cooperative) {
  (void)stream_of(stream);
  return submit(stream, kernel_work(function, grid, block, arguments, shared, cooperative));
}

}  // namespace

KernelWork kernel_work(const void* function, dim3 grid, dim3 block, void** arguments,
                       std::size_t shared, bool cooperative) {
  KernelWork work{&record_of(function), grid, block, shared, cooperative, {}};
  const KernelInfo& info = kernel_info(kernel_of(function));
  if (shared > dynamic_shared_limit(function))
    throw ApiError(cudaErrorInvalidValue, "kernel " + info.name + ": " + std::to_string(shared) +
                                              " bytes of dynamic shared memory, allowed: " +
                                              std::to_string(dynamic_shared_limit(function)) +
                                              " (cudaFuncSetAttribute can raise it)");
  work.parameters.resize(info.parameter_bytes + kBeyondParameters);
  for (std::size_t i = 0; i < info.parameters.size(); ++i)
    std::memcpy(work.parameters.data() + info.parameters[i].offset, arguments[i],
                info.parameters[i].bytes);
  return work;
}

cudaError_t run_kernel(const KernelWork& work) {
  Kernel& kernel = kernel_of(work.record);
  if (work.cooperative) check_residency(work, kernel_info(kernel));
  const TellsAtEnd told;
  launch({&kernel,
          {work.grid.x, work.grid.y, work.grid.z},
          {work.block.x, work.block.y, work.block.z},
          work.shared,
          work.parameters.data(),
          work.cooperative},
         current_profile());
  return cudaSuccess;
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_HOOK(unsigned int, __cudaPushCallConfiguration,
          (dim3 grid, dim3 block, size_t shared, CUstream_st* stream)) {
  configurations().push_back({grid, block, shared, stream});
  return 0;
}
VGPU_HOOK(cudaError_t, __cudaPopCallConfiguration,
          (dim3 * grid, dim3* block, size_t* shared, void* stream)) {
  if (configurations().empty()) return cudaErrorMissingConfiguration;
  const Configuration c = configurations().back();
  configurations().pop_back();
  *grid = c.grid;
  *block = c.block;
  *shared = c.shared;
  *static_cast<cudaStream_t*>(stream) = c.stream;
  return cudaSuccess;
}

#ifndef VGPU_SHARED
extern "C" cudaError_t __real_cudaLaunchKernel(const void*, dim3, dim3, void**, size_t,
                                               cudaStream_t);
#endif

VGPU_HOOK(cudaError_t, __cudaLaunchKernel,
          (cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, size_t shared,
           cudaStream_t stream)) {
#ifndef VGPU_SHARED
  if (!on_virtual_device())
    return __real_cudaLaunchKernel(host_function(kernel), grid, block, arguments, shared, stream);
#endif
  return answer_launch(
      [&] { return start(kernel, grid, block, arguments, shared, stream, false); });
}
VGPU_HOOK(cudaError_t, __cudaLaunchKernel_ptsz,
          (cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, size_t shared,
           cudaStream_t stream)) {
#ifndef VGPU_SHARED
  if (!on_virtual_device())
    return __real___cudaLaunchKernel_ptsz(
        reinterpret_cast<cudaKernel_t>(const_cast<void*>(host_function(kernel))), grid, block,
        arguments, shared, stream);
#endif
  const PerThreadDefault own_stream;
  return answer_launch(
      [&] { return start(kernel, grid, block, arguments, shared, stream, false); });
}
VGPU_API(cudaLaunchKernel,
         (const void* function, dim3 grid, dim3 block, void** arguments, size_t shared,
          cudaStream_t stream),
         (function, grid, block, arguments, shared, stream)) {
  return start(function, grid, block, arguments, shared, stream, false);
}
VGPU_API(cudaLaunchCooperativeKernel,
         (const void* function, dim3 grid, dim3 block, void** arguments, size_t shared,
          cudaStream_t stream),
         (function, grid, block, arguments, shared, stream)) {
  return start(function, grid, block, arguments, shared, stream, true);
}
VGPU_API(cudaLaunchKernelExC,
         (const cudaLaunchConfig_t* config, const void* function, void** arguments),
         (config, function, arguments)) {
  if (!config || (config->numAttrs && !config->attrs)) return cudaErrorInvalidValue;
  bool cooperative = false;
  read_attributes(*config, &cooperative);
  const cudaError_t code = start(function, config->gridDim, config->blockDim, arguments,
                                 config->dynamicSmemBytes, config->stream, cooperative);
  return code != cudaSuccess ? code : record_attributes(*config);
}
