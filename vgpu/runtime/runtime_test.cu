// An ordinary CUDA program on the virtual GPU: launches, memory, symbols, streams, errors, CUB,
// printf, assert.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <gtest/gtest.h>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/device/device_reduce.cuh>

#undef NDEBUG
#include <cassert>
#include <cstdio>
#include <numeric>
#include <vector>

#include "vgpu/runtime/device.h"

namespace {

constexpr int kThreads = 128;

template <class T>
__global__ void add_kernel(const T* a, const T* b, T* out, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = a[i] + b[i];
}

template <class T>
class Device {
 public:
  explicit Device(const std::vector<T>& host) : count_(host.size()) {
    cudaMalloc(&data_, count_ * sizeof(T));
    cudaMemcpy(data_, host.data(), count_ * sizeof(T), cudaMemcpyHostToDevice);
  }
  ~Device() { cudaFree(data_); }
  T* get() { return data_; }
  std::vector<T> host() const {
    std::vector<T> out(count_);
    cudaMemcpy(out.data(), data_, count_ * sizeof(T), cudaMemcpyDeviceToHost);
    return out;
  }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

TEST(Runtime, TemplateKernelsRunForEveryType) {
  const int n = 1001;
  std::vector<float> a(n), b(n, 0.5f);
  std::iota(a.begin(), a.end(), 0.f);
  Device<float> da(a), db(b), out(b);

  add_kernel<float><<<(n + kThreads - 1) / kThreads, kThreads>>>(da.get(), db.get(), out.get(), n);

  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess) << vgpu::runtime::last_fault();
  const auto result = out.host();
  for (int i = 0; i < n; ++i) ASSERT_EQ(result[i], i + 0.5f);
  std::vector<double> c(n, 1e300);
  Device<double> dc(c), dd(c);
  add_kernel<double><<<(n + kThreads - 1) / kThreads, kThreads>>>(dc.get(), dc.get(), dd.get(), n);
  EXPECT_EQ(dd.host()[n - 1], 2e300);
}

__global__ void half_kernel(const float* x, float* out) {
  const int i = threadIdx.x;
  const __half h = __float2half(x[i]);
  const __nv_bfloat16 b = __float2bfloat16(x[i]);
  out[2 * i] = __half2float(__hfma(h, h, h));
  out[2 * i + 1] = __bfloat162float(b);
}

TEST(Runtime, HalvesRoundOnce) {
  std::vector<float> x = {1.f, 0.1f, 65504.f, 1e-8f}, out(8);
  Device<float> dx(x), dout(out);

  half_kernel<<<1, 4>>>(dx.get(), dout.get());

  const auto r = dout.host();
  EXPECT_EQ(r[0], 2.f);
  EXPECT_EQ(r[2], 1802 * 0x1p-14f);  // 0.0999755859375^2 + 0.0999755859375 = 1801.76 units of 2^-14
  EXPECT_TRUE(std::isinf(r[4]));
  EXPECT_EQ(r[6], 0.f);
  EXPECT_EQ(r[3], 0.10009765625f);
}

__constant__ float table[4] = {1, 2, 3, 4};
__device__ int counter = 5;

__global__ void symbol_kernel(float* out) {
  out[threadIdx.x] = table[threadIdx.x & 3];
  atomicAdd(&counter, 1);
}

TEST(Runtime, SymbolsAreReadAndWrittenFromTheHost) {
  std::vector<float> out(32);
  Device<float> dout(out);
  const float other[2] = {7, 8};
  ASSERT_EQ(cudaMemcpyToSymbol(table, other, sizeof other, sizeof other), cudaSuccess);

  symbol_kernel<<<1, 32>>>(dout.get());

  int count = 0;
  ASSERT_EQ(cudaMemcpyFromSymbol(&count, counter, sizeof count), cudaSuccess);
  EXPECT_EQ(count, 5 + 32);
  EXPECT_EQ(dout.host()[1], 2);
  EXPECT_EQ(dout.host()[3], 8);
  void* address = nullptr;
  EXPECT_EQ(cudaGetSymbolAddress(&address, counter), cudaSuccess);
  std::size_t bytes = 0;
  EXPECT_EQ(cudaGetSymbolSize(&bytes, table), cudaSuccess);
  EXPECT_EQ(bytes, sizeof table);
  EXPECT_EQ(cudaMemcpyToSymbol(table, other, sizeof other, sizeof table), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

__global__ void reverse_kernel(const int* in, int* out) {
  extern __shared__ int buffer[];
  buffer[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = buffer[blockDim.x - 1 - threadIdx.x];
}

TEST(Runtime, DynamicSharedMemoryNeedsLeaveBeyond48KiB) {
  std::vector<int> in(1000), out(1000);
  std::iota(in.begin(), in.end(), 0);
  Device<int> din(in), dout(out);

  reverse_kernel<<<1, 1000, 4000>>>(din.get(), dout.get());

  ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(dout.host()[0], 999);
  reverse_kernel<<<1, 1000, 100000>>>(din.get(), dout.get());
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
  ASSERT_EQ(
      cudaFuncSetAttribute(reverse_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 100000),
      cudaSuccess);
  reverse_kernel<<<1, 1000, 100000>>>(din.get(), dout.get());
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(
      cudaFuncSetAttribute(reverse_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 1 << 20),
      cudaErrorInvalidValue);
  cudaGetLastError();
}

__global__ void block_kernel(const int* in, int* sum, int* scan, int* sorted) {
  using Reduce = cub::BlockReduce<int, kThreads>;
  using Scan = cub::BlockScan<int, kThreads>;
  using Sort = cub::BlockRadixSort<int, kThreads, 4>;
  __shared__ union {
    Reduce::TempStorage reduce;
    Scan::TempStorage scan;
    Sort::TempStorage sort;
  } shared;
  int keys[4];
  for (int k = 0; k < 4; ++k) keys[k] = in[threadIdx.x * 4 + k];
  const int total = Reduce(shared.reduce).Sum(keys[0]);
  if (threadIdx.x == 0) *sum = total;
  __syncthreads();
  int prefix = 0;
  Scan(shared.scan).ExclusiveSum(keys[0], prefix);
  scan[threadIdx.x] = prefix;
  __syncthreads();
  Sort(shared.sort).Sort(keys);
  for (int k = 0; k < 4; ++k) sorted[threadIdx.x * 4 + k] = keys[k];
}

TEST(Runtime, CubBlockPrimitivesAreRight) {
  std::vector<int> in(4 * kThreads);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int>((i * 7919) % 1009) - 500;
  std::vector<int> zeros(kThreads);
  Device<int> din(in), sum(zeros), scan(zeros), sorted(in);

  block_kernel<<<1, kThreads>>>(din.get(), sum.get(), scan.get(), sorted.get());

  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess) << vgpu::runtime::last_fault();
  int expected = 0;
  const auto prefixes = scan.host();
  for (int i = 0; i < kThreads; ++i) {
    ASSERT_EQ(prefixes[i], expected) << i;
    expected += in[i * 4];
  }
  EXPECT_EQ(sum.host()[0], expected);
  std::sort(in.begin(), in.end());
  EXPECT_EQ(sorted.host(), in);
}

TEST(Runtime, CubDeviceReduceIsRight) {
  std::vector<int> in(100000);
  std::iota(in.begin(), in.end(), -70000);
  Device<int> din(in), sum({0});
  std::size_t bytes = 0;
  ASSERT_EQ(
      cub::DeviceReduce::Sum(nullptr, bytes, din.get(), sum.get(), static_cast<int>(in.size())),
      cudaSuccess)
      << vgpu::runtime::last_fault();
  void* scratch = nullptr;
  ASSERT_EQ(cudaMalloc(&scratch, bytes), cudaSuccess);

  ASSERT_EQ(
      cub::DeviceReduce::Sum(scratch, bytes, din.get(), sum.get(), static_cast<int>(in.size())),
      cudaSuccess)
      << vgpu::runtime::last_fault();

  EXPECT_EQ(sum.host()[0], std::accumulate(in.begin(), in.end(), 0ll));
  cudaFree(scratch);
}

TEST(Runtime, LaunchKernelExAndEventsWork) {
  std::vector<float> a(64, 1.f);
  Device<float> da(a), out(a);
  cudaStream_t stream;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  cudaEvent_t before, after;
  cudaEventCreate(&before);
  cudaEventCreate(&after);
  cudaLaunchConfig_t config{};
  config.gridDim = 1;
  config.blockDim = 64;
  config.stream = stream;

  cudaEventRecord(before, stream);
  ASSERT_EQ(cudaLaunchKernelEx(&config, add_kernel<float>, static_cast<const float*>(da.get()),
                               static_cast<const float*>(da.get()), out.get(), 64),
            cudaSuccess);
  cudaEventRecord(after, stream);

  float milliseconds = -1;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, before, after), cudaSuccess);
  EXPECT_GE(milliseconds, 0);
  EXPECT_EQ(out.host()[63], 2);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
  cudaEventDestroy(before);
  cudaEventDestroy(after);
}

TEST(Runtime, MemoryIsCountedAndRefusedBeyondTheLimit) {
  std::size_t free_before = 0, free_during = 0, total = 0;
  ASSERT_EQ(cudaMemGetInfo(&free_before, &total), cudaSuccess);
  void *p = nullptr, *q = nullptr;

  ASSERT_EQ(cudaMalloc(&p, 1 << 20), cudaSuccess);
  cudaMemGetInfo(&free_during, &total);

  EXPECT_EQ(free_before - free_during, 1u << 20);
  EXPECT_EQ(cudaMalloc(&q, total), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMemcpy(static_cast<char*>(p) + (1 << 20) - 4, &total, 8, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(&total), cudaErrorInvalidValue);
  cudaGetLastError();
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
}

TEST(Runtime, FreshMemoryReadsAsNaN) {
  float *p = nullptr, value = 0;
  ASSERT_EQ(cudaMalloc(&p, 4), cudaSuccess);
  cudaMemcpy(&value, p, 4, cudaMemcpyDeviceToHost);
  EXPECT_TRUE(std::isnan(value));
  cudaFree(p);
}

__global__ void print_kernel() {
  printf("thread %d of %s: %5.2f %lld\n", threadIdx.x, "print_kernel", 1.5 * threadIdx.x,
         1ll << 40);
}

TEST(Runtime, KernelsPrint) {
  testing::internal::CaptureStdout();

  print_kernel<<<1, 3>>>();
  cudaDeviceSynchronize();

  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "thread 0 of print_kernel:  0.00 1099511627776\nthread 1 of print_kernel:  1.50 "
            "1099511627776\n"
            "thread 2 of print_kernel:  3.00 1099511627776\n");
}

TEST(Runtime, BadLaunchesAreRefusedAndTheNextWorks) {
  add_kernel<float><<<1, 1025>>>(nullptr, nullptr, nullptr, 0);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidConfiguration);

  add_kernel<float><<<1, 32>>>(nullptr, nullptr, nullptr, 0);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

__global__ void wild_kernel(int* out) { out[1] = 1; }
__global__ void assert_kernel(int n) { assert(n < 0); }

TEST(RuntimeFaults, SticksUntilTheDeviceIsReset) {
  wild_kernel<<<1, 1>>>(nullptr);

  EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
  EXPECT_NE(vgpu::runtime::last_fault().find("wild_kernel"), std::string::npos)
      << vgpu::runtime::last_fault();
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
  void* p = nullptr;
  EXPECT_EQ(cudaMalloc(&p, 16), cudaErrorIllegalAddress);
  EXPECT_EQ(cudaDeviceReset(), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&p, 16), cudaSuccess);
  cudaFree(p);
}

TEST(RuntimeFaults, DeviceAssertionsNameTheirCondition) {
  assert_kernel<<<1, 2>>>(3);

  EXPECT_EQ(cudaGetLastError(), cudaErrorAssert);
  EXPECT_NE(vgpu::runtime::last_fault().find("Assertion `n < 0` failed"), std::string::npos)
      << vgpu::runtime::last_fault();
  cudaDeviceReset();
}

TEST(RuntimeProperties, ComeFromTheProfile) {
  cudaDeviceProp prop;
  ASSERT_EQ(cudaGetDeviceProperties(&prop, 0), cudaSuccess);
  EXPECT_STREQ(prop.name, "vgpu H100");
  EXPECT_EQ(prop.multiProcessorCount, 132);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  cudaGetLastError();
  int blocks = 0;
  ASSERT_EQ(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, add_kernel<float>, 256, 0),
            cudaSuccess);
  EXPECT_EQ(blocks, 8);
}

}  // namespace
