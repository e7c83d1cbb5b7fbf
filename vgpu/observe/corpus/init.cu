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

/// Sums that stay in registers.
template <bool kFixed>
__global__ void four_sums(const float* x, float* y, int n) {
  float sums[4];
  if constexpr (kFixed)
    for (float& sum : sums) sum = 0;
  for (int i = 0; i < n; ++i)
#pragma unroll
    for (int k = 0; k < 4; ++k) sums[k] += x[4 * i + k];
  y[threadIdx.x] = sums[0] + sums[1] * sums[2] + sums[3];
}

void sums_without_zero(bool fixed) {
  const Buffer<float> x(kCount), y(32);
  PLUMB_TWINS(four_sums, fixed, 1, 32, 0, x, y, kCount / 4);
}

/// The compiler compares with `best` before anything is in it, and does not use the outcome.
__global__ void best_above_zero(const float* x, float* y, int n) {
  float best;
#pragma unroll 1
  for (int i = 0; i < n; ++i)
    if (i == 0 ? x[i] > 0 : x[i] > best) best = x[i];
  y[threadIdx.x] = best;
}

void nothing_was_best(bool fixed) {
  const std::vector<float> host(kCount, fixed ? 1.f : -1.f);
  const Buffer<float> x(kCount), y(32);
  cudaMemcpy(x, host.data(), kCount * sizeof(float), cudaMemcpyHostToDevice);
  best_above_zero<<<1, 32>>>(x, y, kCount);
}

template <bool kFixed>
__global__ void place_of_seven(const int* x, int* y, int n) {
  int at;
  if constexpr (kFixed) at = 0;
#pragma unroll 1
  for (int i = 0; i < n; ++i)
    if (x[i] == 7 + static_cast<int>(threadIdx.x)) at = i;
  atomicAdd(&y[at & 31], 1);
}

void index_of_what_is_not_there(bool fixed) {
  const Buffer<int> x(kCount), y(32);
  PLUMB_TWINS(place_of_seven, fixed, 1, 32, 0, x, y, kCount);
}

/// HeCBench's filter: what is beyond the end is not read, though the compiler asks for both halves
/// of the condition.
template <bool kFixed>
__global__ void keep_positive(const int* x, int* y, int* kept, int n) {
  const int i = threadIdx.x;
  int value, at;
  if (i < n) {
    value = x[i];
    if (value > 0) at = atomicAdd(kept, 1);
  }
  __syncthreads();
  if ((i < n || !kFixed) && value > 0) y[at] = value;
}

void kept_beyond_the_end(bool fixed) {
  const std::vector<int> host(64, 1);
  const Buffer<int> x(64), y(64), kept(1);
  cudaMemcpy(x, host.data(), 64 * sizeof(int), cudaMemcpyHostToDevice);
  PLUMB_TWINS(keep_positive, fixed, 1, 64, 0, x, y, kept, 40);
}

/// A tile's tail is moved with the rest, and not used.
template <bool kFixed>
__global__ void reverse_in_a_tile(const float* x, float* y, int n) {
  __shared__ float tile[64];
  const int t = threadIdx.x;
  float value;
  if (t < n) value = x[t];
  tile[t] = value;
  __syncthreads();
  if constexpr (kFixed) {
    if (t < n) y[t] = tile[n - 1 - t];
  } else {
    y[t] = value;
  }
}

void moved_behind_the_end(bool fixed) {
  const Buffer<float> x(64), y(64);
  PLUMB_TWINS(reverse_in_a_tile, fixed, 1, 64, 0, x, y, 40);
}

/// Lanes that have nothing take what lane 0 has.
template <bool kFixed>
__global__ void take_the_first(const float* x, float* y, int n) {
  const int t = threadIdx.x;
  float value;
  if (t < n) value = x[t];
  const float first = __shfl_sync(0xffffffffu, value, 0);
  y[t] = kFixed ? first : value;
}

void lanes_with_nothing(bool fixed) {
  const Buffer<float> x(32), y(32);
  PLUMB_TWINS(take_the_first, fixed, 1, 32, 0, x, y, 20);
}

/// Both halves of a condition are asked for: one that fails settles it.
template <bool kFixed>
__global__ void count_inside(int* y) {
  const int t = threadIdx.x, end = kFixed ? 20 : 32;
  asm volatile(
      "{ .reg .pred p, q; .reg .s32 mode; setp.lt.s32 p, %1, 20; @p mov.s32 mode, 7; "
      "setp.lt.s32 p, %1, %2; setp.gt.s32 q, mode, 5; and.pred p, p, q; "
      "@p red.global.add.u32 [%0], 1; }" ::"l"(y),
      "r"(t), "r"(end)
      : "memory");
}

void half_of_a_condition(bool fixed) {
  const Buffer<int> y(1);
  PLUMB_TWINS(count_inside, fixed, 1, 32, 0, y);
}

/// Some lanes set it, the others are asked for it all the same. As the compiler would not have it.
template <bool kFixed>
__global__ void count_by_mode(int* y) {
  const int t = threadIdx.x;
  if constexpr (kFixed)
    asm volatile(
        "{ .reg .pred p; .reg .s32 mode; setp.lt.s32 p, %1, 20; mov.s32 mode, 3; "
        "@p mov.s32 mode, 7; setp.gt.s32 p, mode, 5; @p red.global.add.u32 [%0], 1; }" ::"l"(y),
        "r"(t)
        : "memory");
  else
    asm volatile(
        "{ .reg .pred p; .reg .s32 mode; setp.lt.s32 p, %1, 20; "
        "@p mov.s32 mode, 7; setp.gt.s32 p, mode, 5; @p red.global.add.u32 [%0], 1; }" ::"l"(y),
        "r"(t)
        : "memory");
}

void guard_on_nothing(bool fixed) {
  const Buffer<int> y(1);
  PLUMB_TWINS(count_by_mode, fixed, 1, 32, 0, y);
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
      {"sums_without_zero", Kind::uninitialised, "four sums in registers that begin with nothing",
       sums_without_zero},
      {"nothing_was_best", Kind::uninitialised, "the best of values none of which was taken",
       nothing_was_best},
      {"index_of_what_is_not_there", Kind::uninitialised, "an index set only when it is found",
       index_of_what_is_not_there},
      {"kept_beyond_the_end", Kind::uninitialised, "a value that only a part of the block has read",
       kept_beyond_the_end},
      {"moved_behind_the_end", Kind::uninitialised, "a tile's tail that is not loaded, and stored",
       moved_behind_the_end},
      {"lanes_with_nothing", Kind::uninitialised, "lanes without a value that store one",
       lanes_with_nothing},
      {"half_of_a_condition", Kind::uninitialised, "a condition half of which nobody computed",
       half_of_a_condition},
      {"guard_on_nothing", Kind::uninitialised, "a guard that some lanes never set",
       guard_on_nothing},
      {"one_byte", Kind::uninitialised, "a single byte between two fills", one_byte},
  };
}

}  // namespace vgpu::observe::corpus
