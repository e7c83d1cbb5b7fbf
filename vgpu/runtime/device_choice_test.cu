// choose_device, several devices, the memory budget, and which of several PTX is taken. One
// process, so one choice: the tests build on each other in this order. Compiled for compute_75, 80
// and 90.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "vgpu/runtime/device.h"

namespace {

using vgpu::runtime::choose_device;
using vgpu::runtime::DeviceChoice;

__global__ void architecture_kernel(int* out) {
#ifdef __CUDA_ARCH__
  *out = __CUDA_ARCH__;
#endif
}

DeviceChoice choice(const char* profile, int count) {
  DeviceChoice out;
  out.profile = profile;
  out.count = count;
  out.memory_bytes = 1 << 20;
  return out;
}

TEST(DeviceChoice, WrongOnesAreRefusedInOneLine) {
  EXPECT_THROW(choose_device(choice("h900", 1)), std::invalid_argument);
  EXPECT_THROW(choose_device(choice("a100", 0)), std::invalid_argument);
}

TEST(DeviceChoice, HoldsFromTheFirstCallOn) {
  choose_device(choice("h100", 1));
  choose_device(choice("a100", 2));

  int count = 0;
  ASSERT_EQ(cudaGetDeviceCount(&count), cudaSuccess);

  EXPECT_EQ(count, 2);
  EXPECT_THROW(choose_device(choice("h100", 1)), std::logic_error);
  EXPECT_EQ(vgpu::runtime::device_choice().profile, "a100");
}

TEST(DeviceChoice, EveryDeviceHasItsOwnBudget) {
  std::size_t free = 0, total = 0;
  void *first = nullptr, *second = nullptr, *more = nullptr;
  ASSERT_EQ(cudaMalloc(&first, 1 << 20), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&more, 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);

  ASSERT_EQ(cudaMalloc(&second, 1 << 19), cudaSuccess);

  ASSERT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  EXPECT_EQ(free, 1u << 19);
  EXPECT_EQ(total, 1u << 20);
  cudaPointerAttributes attributes;
  cudaPointerGetAttributes(&attributes, second);
  EXPECT_EQ(attributes.device, 1);
  ASSERT_EQ(cudaMemset(first, 1, 1 << 20), cudaSuccess);
  ASSERT_EQ(cudaMemcpyPeer(second, 1, first, 0, 1 << 19), cudaSuccess);
  EXPECT_EQ(cudaFree(first), cudaSuccess) << "from any device";
  EXPECT_EQ(cudaFree(second), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(2), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
}

TEST(DeviceChoice, ThePtxNearestBelowTheCapabilityRuns) {
  cudaDeviceProp properties;
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  ASSERT_EQ(properties.major, 8);
  int* out = nullptr;
  ASSERT_EQ(cudaMallocManaged(&out, sizeof *out), cudaSuccess);

  architecture_kernel<<<1, 1>>>(out);

  EXPECT_EQ(*out, 800) << vgpu::runtime::last_fault();
  cudaFree(out);
}

}  // namespace
