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

TEST(PerThreadStreams, TheNullStreamIsTheThreadsOwn) {
  unsigned long long own = 0, null = 0, legacy = 0;
  ASSERT_EQ(cudaStreamGetId(cudaStreamPerThread, &own), cudaSuccess);
  ASSERT_EQ(cudaStreamGetId(nullptr, &null), cudaSuccess);
  ASSERT_EQ(cudaStreamGetId(cudaStreamLegacy, &legacy), cudaSuccess);

  EXPECT_EQ(null, own);
  EXPECT_NE(null, legacy);
}

TEST(PerThreadStreams, TheNullStreamCanBeCaptured) {
  int *device = nullptr, host[32] = {};
  ASSERT_EQ(cudaMalloc(&device, sizeof host), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal), cudaSuccess);
  number_kernel<<<1, 32>>>(device);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(nullptr, &graph), cudaSuccess) << vgpu::runtime::last_fault();
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);

  ASSERT_EQ(cudaGraphLaunch(exec, nullptr), cudaSuccess);

  ASSERT_EQ(cudaMemcpy(host, device, sizeof host, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(host[31], 32);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
  cudaFree(device);
}

}  // namespace
