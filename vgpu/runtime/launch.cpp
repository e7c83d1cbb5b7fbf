// launch.cpp - kernel launches: arguments gathered as the kernel's .param space has them.
#include <cstring>
#include <vector>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/registry.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

struct Configuration {
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
};

std::vector<Configuration>& configurations() {
  thread_local std::vector<Configuration> stack;
  return stack;
}

cudaError_t start(const void* function, dim3 grid, dim3 block, void** arguments, std::size_t shared,
                  cudaStream_t stream, bool cooperative) {
  check_stream(stream);
  Kernel& kernel = kernel_of(function);
  const KernelInfo& info = kernel_info(kernel);
  if (shared > dynamic_shared_limit(function)) {
    report("kernel " + info.name + ": " + std::to_string(shared) +
           " bytes of dynamic shared memory, allowed: " +
           std::to_string(dynamic_shared_limit(function)) + " (cudaFuncSetAttribute can raise it)");
    return cudaErrorInvalidValue;
  }
  std::vector<std::uint8_t> parameters(info.parameter_bytes + 64);
  for (std::size_t i = 0; i < info.parameters.size(); ++i)
    std::memcpy(parameters.data() + info.parameters[i].offset, arguments[i],
                info.parameters[i].bytes);
  launch({&kernel,
          {grid.x, grid.y, grid.z},
          {block.x, block.y, block.z},
          shared,
          parameters.data(),
          cooperative},
         current_profile());
  return cudaSuccess;
}

}  // namespace
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
  return answer("cudaLaunchKernel",
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
  return answer("cudaLaunchKernel",
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
  bool cooperative = false;
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    const auto& attribute = config->attrs[i];
    if (attribute.id == cudaLaunchAttributeCooperative)
      cooperative = attribute.val.cooperative != 0;
    if (attribute.id == cudaLaunchAttributeClusterDimension &&
        (attribute.val.clusterDim.x > 1 || attribute.val.clusterDim.y > 1 ||
         attribute.val.clusterDim.z > 1)) {
      report("cudaLaunchKernelExC: thread block clusters are not supported by the virtual GPU");
      return cudaErrorNotSupported;
    }
  }
  return start(function, config->gridDim, config->blockDim, arguments, config->dynamicSmemBytes,
               config->stream, cooperative);
}
