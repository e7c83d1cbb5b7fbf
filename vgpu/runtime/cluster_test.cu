// A kernel that asks for clusters in its own text; compiled for compute_90.
#include <gtest/gtest.h>

#include "vgpu/runtime/device.h"

namespace {

__global__ void __cluster_dims__(2, 1, 1) pair_kernel(int* out) { *out = 1; }
__global__ void __cluster_dims__(1, 1, 1) single_kernel(int* out) { *out = 1; }

TEST(Clusters, OfSeveralBlocksAreRefusedByName) {
  pair_kernel<<<2, 1>>>(nullptr);

  EXPECT_EQ(cudaGetLastError(), cudaErrorNotSupported);
  EXPECT_NE(vgpu::runtime::last_fault().find("pair_kernel"), std::string::npos)
      << vgpu::runtime::last_fault();
}

TEST(Clusters, OfOneBlockAreNone) {
  int* out = nullptr;
  ASSERT_EQ(cudaMallocManaged(&out, sizeof *out), cudaSuccess);

  single_kernel<<<2, 1>>>(out);

  EXPECT_EQ(*out, 1) << vgpu::runtime::last_fault();
  cudaFree(out);
}

}  // namespace
