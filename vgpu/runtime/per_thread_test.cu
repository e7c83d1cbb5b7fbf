// Compiled with --default-stream per-thread: the program calls the _ptsz and _ptds names.
#include <gtest/gtest.h>

#include "vgpu/runtime/device.h"

namespace {

__global__ void number_kernel(int* out) { out[threadIdx.x] = threadIdx.x + 1; }

TEST(PerThreadStreams, LaunchesCopiesAndFillsWork) {
  int *device = nullptr, host[32] = {};
  ASSERT_EQ(cudaMalloc(&device, sizeof host), cudaSuccess);
  ASSERT_EQ(cudaMemset(device, 0, sizeof host), cudaSuccess);

  number_kernel<<<1, 32>>>(device);
  ASSERT_EQ(cudaMemcpyAsync(host, device, sizeof host, cudaMemcpyDeviceToHost), cudaSuccess);
  ASSERT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);

  for (int i = 0; i < 32; ++i) EXPECT_EQ(host[i], i + 1);
  cudaFree(device);
}

TEST(PerThreadStreams, RefusalsNameTheFunction) {
  EXPECT_EQ(cudaGraphLaunch(nullptr, nullptr), cudaErrorNotSupported);
  EXPECT_EQ(vgpu::runtime::last_fault(), "cudaGraphLaunch is not supported by the virtual GPU");
}

}  // namespace
