#include "bench/vgpu/kernels.h"

#include "impl/core/launch.cuh"

namespace plumb::bench {
namespace {

constexpr int kThreads = 256;
constexpr int kEdge = 16;

// --- kernels ---

__global__ void adam_kernel(AdamArrays arrays, std::int64_t count, AdamOptions options) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) adam_element(arrays, i, options);
}

__global__ void tile16_kernel(const float* a, const float* b, float* c, int n) {
  __shared__ float a_tile[kEdge][kEdge], b_tile[kEdge][kEdge];
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int row = static_cast<int>(blockIdx.y) * kEdge + y;
  const int column = static_cast<int>(blockIdx.x) * kEdge + x;
  float sum = 0;
  for (int begin = 0; begin < n; begin += kEdge) {
    a_tile[y][x] = a[row * n + begin + x];
    b_tile[y][x] = b[(begin + y) * n + column];
    __syncthreads();
#pragma unroll
    for (int k = 0; k < kEdge; ++k) sum += a_tile[y][k] * b_tile[k][x];
    __syncthreads();
  }
  c[row * n + column] = sum;
}

__global__ void divergent_kernel(const std::uint32_t* seeds, const int* trip_counts,
                                 std::uint32_t* out) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  const int trips = trip_counts[i];
  std::uint32_t value = seeds[i];
#pragma unroll 1
  for (int trip = 0; trip < trips; ++trip) value = turn(value);
  out[i] = value;
}

__global__ void barrier_kernel(int barriers, int* out) {
  int passed = 0;
#pragma unroll 1
  for (; passed < barriers; ++passed) __syncthreads();
  out[blockIdx.x * blockDim.x + threadIdx.x] = passed;
}

}  // namespace

// --- public functions ---

void adam_step(const AdamArrays& arrays, std::int64_t count, const AdamOptions& options) {
  const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
  launch("bench/adam", adam_kernel, {blocks, kThreads}, {}, arrays, count, options);
}

void multiply_tile16(const float* a, const float* b, float* c, int n) {
  const auto tiles = static_cast<unsigned>(n / kEdge);
  launch("bench/tile16", tile16_kernel, {dim3(tiles, tiles), dim3(kEdge, kEdge)}, {}, a, b, c, n);
}

void divergent_loop(const std::uint32_t* seeds, const int* trip_counts, std::uint32_t* out,
                    int count) {
  const auto blocks = static_cast<unsigned>(count / kThreads);
  launch("bench/divergent", divergent_kernel, {blocks, kThreads}, {}, seeds, trip_counts, out);
}

void pass_barriers(int blocks, int barriers, int* out) {
  launch("bench/barrier", barrier_kernel, {static_cast<unsigned>(blocks), kThreads}, {}, barriers,
         out);
}

}  // namespace plumb::bench
