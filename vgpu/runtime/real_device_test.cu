// Run with PLUMBLINE_DEVICE=cuda:0: every call goes to the real runtime. Without a GPU that is its
// own refusal.
#include <gtest/gtest.h>

#include "vgpu/runtime/device.h"

namespace {

__global__ void one_kernel(int* out) { *out = 1; }

bool has_gpu() {
  int count = 0;
  const bool found = cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  cudaGetLastError();
  return found;
}

TEST(RealDevice, IsNotTheVirtualOne) { EXPECT_FALSE(vgpu::runtime::device_choice().is_virtual); }

TEST(RealDevice, WithoutAGpuEveryCallIsRefusedByTheRealRuntime) {
  if (has_gpu()) GTEST_SKIP() << "this machine has a GPU";
  void* p = nullptr;

  const cudaError_t code = cudaMalloc(&p, 16);

  EXPECT_TRUE(code == cudaErrorInsufficientDriver || code == cudaErrorNoDevice)
      << cudaGetErrorName(code);
  EXPECT_EQ(p, nullptr);
  one_kernel<<<1, 1>>>(nullptr);
  EXPECT_EQ(cudaGetLastError(), code);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaGraphCreate(&graph, 0), code)
      << "functions that vgpu lacks go to the real runtime too";
  EXPECT_EQ(vgpu::runtime::last_fault(), "");
}

TEST(RealDevice, WithAGpuKernelsRun) {
  if (!has_gpu()) GTEST_SKIP() << "needs a GPU";
  int *device = nullptr, host = 0;
  ASSERT_EQ(cudaMalloc(&device, sizeof host), cudaSuccess);

  one_kernel<<<1, 1>>>(device);
  ASSERT_EQ(cudaMemcpy(&host, device, sizeof host, cudaMemcpyDeviceToHost), cudaSuccess);

  EXPECT_EQ(host, 1);
  cudaFree(device);
}

}  // namespace
