// Reads of what nobody wrote.
#include <cuda_fp16.h>
#include <mma.h>

#include "vgpu/observe/corpus/corpus.h"

namespace vgpu::observe::corpus {
namespace {

constexpr int kCount = 256;

__global__ void copy(const float* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = x[i];
}

void never_filled(bool fixed) {
  const Buffer<float> x(kCount, fixed), y(kCount);
  copy<<<1, kCount>>>(x, y, kCount);
}

void short_memset(bool fixed) {
  const Buffer<float> x(kCount, false), y(kCount);
  cudaMemset(x, 0, fixed ? kCount * sizeof(float) : kCount);
  copy<<<1, kCount>>>(x, y, kCount);
}

void short_copy(bool fixed) {
  const std::vector<float> host(kCount, 1.f);
  const Buffer<float> x(kCount, false), y(kCount);
  cudaMemcpy(x, host.data(), (fixed ? kCount : kCount - 1) * sizeof(float), cudaMemcpyHostToDevice);
  copy<<<1, kCount>>>(x, y, kCount);
}

void copied_from_what_was_not(bool fixed) {
  const Buffer<float> x(kCount, fixed), between(kCount), y(kCount);
  cudaMemcpy(between, x, kCount * sizeof(float), cudaMemcpyDeviceToDevice);
  copy<<<1, kCount>>>(between, y, kCount);
}

template <bool kFixed>
__global__ void write_every_second(float* x, int n) {
  const int i = threadIdx.x * (kFixed ? 1 : 2);
  if (i < n) x[i] = 1.f;
}

void holes(bool fixed) {
  const Buffer<float> x(kCount, false), y(kCount);
  PLUMB_TWINS(write_every_second, fixed, 1, kCount, 0, x, kCount);
  copy<<<1, kCount>>>(x, y, kCount);
}

template <bool kFixed>
__global__ void sum_of_tile(const float* x, float* y, int n) {
  __shared__ float tile[kCount];
  const int t = threadIdx.x;
  if (t < n)
    tile[t] = x[t];
  else if (kFixed)
    tile[t] = 0.f;
  __syncthreads();
  float sum = 0;
  for (int i = 0; i < kCount; ++i) sum += tile[(t + i) % kCount];
  y[t] = sum;
}

void tile_not_full(bool fixed) {
  const Buffer<float> x(kCount), y(kCount);
  PLUMB_TWINS(sum_of_tile, fixed, 1, kCount, 0, x, y, kCount - 10);
}

template <bool kFixed>
__global__ void shared_counter(int* y) {
  __shared__ int count;
  if (kFixed && threadIdx.x == 0) count = 0;
  __syncthreads();
  atomicAdd(&count, 1);
  __syncthreads();
  y[threadIdx.x] = count;
}

void shared_counter_without_zero(bool fixed) {
  const Buffer<int> y(kCount);
  PLUMB_TWINS(shared_counter, fixed, 1, kCount, 0, y);
}

__global__ void add_up(const float* x, float* sum) { atomicAdd(sum, x[threadIdx.x]); }

void sum_without_zero(bool fixed) {
  const Buffer<float> x(kCount), sum(1, fixed);
  add_up<<<1, kCount>>>(x, sum);
}

template <bool kFixed>
__global__ void count_digits(const int* x, int* y) {
  int counts[10];
  if (kFixed)
    for (int i = 0; i < 10; ++i) counts[i] = 0;
  for (int i = 0; i < 4; ++i) counts[(x[i] + i) % 10] = i;
  y[threadIdx.x] = counts[(x[threadIdx.x] + static_cast<int>(threadIdx.x)) % 10];
}

void local_array_not_filled(bool fixed) {
  const Buffer<int> x(32), y(32);
  PLUMB_TWINS(count_digits, fixed, 1, 32, 0, x, y);
}

/// The product fills 16 of 24 columns.
template <bool kFixed>
__global__ void tile_of_a_product(const __half* a, float* y) {
  using namespace nvcuda::wmma;
  __shared__ float tile[16 * 24];
  fragment<matrix_a, 16, 16, 16, __half, row_major> left;
  fragment<matrix_b, 16, 16, 16, __half, col_major> right;
  fragment<accumulator, 16, 16, 16, float> sums;
  load_matrix_sync(left, a, 16);
  load_matrix_sync(right, a, 16);
  fill_fragment(sums, 0.f);
  mma_sync(sums, left, right, sums);
  store_matrix_sync(tile, sums, 24, mem_row_major);
  __syncwarp();
  y[threadIdx.x] = tile[24 * (threadIdx.x % 16) + (kFixed ? 15 : 16)];
}

void beside_a_product(bool fixed) {
  const Buffer<__half> a(256);
  const Buffer<float> y(32);
  PLUMB_TWINS(tile_of_a_product, fixed, 1, 32, 0, a, y);
}

void product_of_what_was_not(bool fixed) {
  const Buffer<__half> a(256, fixed);
  const Buffer<float> y(32);
  PLUMB_TWINS(tile_of_a_product, true, 1, 32, 0, a, y);
}

__global__ void copy_bytes(const unsigned char* x, unsigned char* y) {
  y[threadIdx.x] = x[threadIdx.x];
}

void one_byte(bool fixed) {
  const Buffer<unsigned char> x(64, false), y(64);
  cudaMemset(x, 0, 31);
  cudaMemset(x + (fixed ? 31 : 32), 0, fixed ? 33 : 32);
  copy_bytes<<<1, 64>>>(x, y);
}

}  // namespace

std::vector<Seeded> init_bugs() {
  return {
      {"never_filled", Kind::uninitialised, "cudaMalloc does not zero", never_filled},
      {"short_memset", Kind::uninitialised, "cudaMemset of a count, not of bytes", short_memset},
      {"short_copy", Kind::uninitialised, "a copy that lacks the last element", short_copy},
      {"copied_from_what_was_not", Kind::uninitialised, "a copy of memory that nobody wrote",
       copied_from_what_was_not},
      {"holes", Kind::uninitialised, "a kernel that writes every second element", holes},
      {"tile_not_full", Kind::uninitialised, "a tile's tail in shared memory", tile_not_full},
      {"shared_counter_without_zero", Kind::uninitialised, "atomicAdd on fresh shared memory",
       shared_counter_without_zero},
      {"sum_without_zero", Kind::uninitialised, "atomicAdd on fresh global memory",
       sum_without_zero},
      {"local_array_not_filled", Kind::uninitialised, "a thread's array filled in places",
       local_array_not_filled},
      {"beside_a_product", Kind::uninitialised, "columns that wmma's store leaves out",
       beside_a_product},
      {"product_of_what_was_not", Kind::uninitialised, "wmma's load of fresh memory",
       product_of_what_was_not},
      {"one_byte", Kind::uninitialised, "a single byte between two fills", one_byte},
  };
}

}  // namespace vgpu::observe::corpus
