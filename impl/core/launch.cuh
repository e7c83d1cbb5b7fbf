// launch.cuh - the one way to start a kernel: no stale error is inherited, a refusal names kernel
// and shape.
#pragma once

#include <utility>

#include "impl/core/cuda_error.h"
#include "impl/core/stream.h"

namespace plumb {

struct LaunchShape {
  dim3 grid, block;
  std::size_t shared_bytes = 0;
};

/// Queues `kernel` on `stream`. Throws CudaError "launch op/kernel<<<grid,block,shared>>>: ...". A
/// grid of 0 blocks is no work and launches nothing. With PLUMB_SYNC_LAUNCHES it waits, so that a
/// fault names its kernel.
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), const LaunchShape& shape,
            Stream stream, Arguments&&... arguments) {
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  PLUMB_CUDA(cudaPeekAtLastError());
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = stream.get();
  cudaError_t code = cudaLaunchKernelEx(
      &config, kernel, static_cast<Parameters>(std::forward<Arguments>(arguments))...);
#ifdef PLUMB_SYNC_LAUNCHES
  if (code == cudaSuccess) code = cudaStreamSynchronize(stream.get());
#endif
  if (code == cudaSuccess) return;
  const std::string text =
      format_message("launch {}<<<({},{},{}),({},{},{}),{}>>>", name, shape.grid.x, shape.grid.y,
                     shape.grid.z, shape.block.x, shape.block.y, shape.block.z, shape.shared_bytes);
  throw_cuda_error(code, text.c_str(), __FILE__, __LINE__);
}

}  // namespace plumb
