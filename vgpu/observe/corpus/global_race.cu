// Blocks of one launch, or threads of one block, that meet in global memory.
#include <cooperative_groups.h>

#include "vgpu/observe/corpus/corpus.h"

namespace vgpu::observe::corpus {
namespace {

constexpr int kThreads = 64, kBlocks = 8;

template <bool kFixed>
__global__ void write_results(float* y) {
  const int i = kFixed ? blockIdx.x * blockDim.x + threadIdx.x : threadIdx.x;
  y[i] = static_cast<float>(blockIdx.x);
}

void blocks_write_one_place(bool fixed) {
  const Buffer<float> y(kThreads * kBlocks);
  PLUMB_TWINS(write_results, fixed, kBlocks, kThreads, 0, y);
}

template <bool kFixed>
__global__ void add_up(const float* x, float* sum) {
  const float value = x[blockIdx.x * blockDim.x + threadIdx.x];
  if constexpr (kFixed)
    atomicAdd(sum, value);
  else
    *sum += value;
}

void sum_without_atomics(bool fixed) {
  const Buffer<float> x(kThreads * kBlocks), sum(1);
  PLUMB_TWINS(add_up, fixed, kBlocks, kThreads, 0, x, sum);
}

template <bool kFixed>
__global__ void smooth(const float* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  float* const to = kFixed ? y : const_cast<float*>(x);
  if (i > 0 && i < n - 1) to[i] = 0.5f * (x[i - 1] + x[i + 1]);
}

void stencil_in_place(bool fixed) {
  const Buffer<float> x(kThreads * kBlocks), y(kThreads * kBlocks);
  PLUMB_TWINS(smooth, fixed, kBlocks, kThreads, 0, x, y, kThreads * kBlocks);
}

__device__ unsigned arrived;

template <bool kFixed>
__global__ void last_block(const float* x, float* partial, float* sum) {
  __shared__ bool is_last;
  const int t = threadIdx.x;
  if (t == 0) {
    float own = 0;
    for (int i = 0; i < kThreads; ++i) own += x[blockIdx.x * kThreads + i];
    partial[blockIdx.x] = own;
    if constexpr (kFixed) __threadfence();
    is_last = atomicInc(&arrived, gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!is_last || t != 0) return;
  float all = 0;
  for (unsigned b = 0; b < gridDim.x; ++b) all += partial[b];
  *sum = all;
}

void last_block_without_fence(bool fixed) {
  const Buffer<float> x(kThreads * kBlocks), partial(kBlocks), sum(1);
  PLUMB_TWINS(last_block, fixed, kBlocks, kThreads, 0, x, partial, sum);
}

__device__ unsigned announced;

/// A fence orders what comes before it, and the count is raised after it: the sum lies between.
template <bool kFixed>
__global__ void announce(const float* x, float* partial, float* sum) {
  if (threadIdx.x != 0) return;
  if constexpr (!kFixed) __threadfence();
  partial[blockIdx.x] = x[blockIdx.x];
  if constexpr (kFixed) __threadfence();
  if (atomicInc(&announced, gridDim.x - 1) != gridDim.x - 1) return;
  float all = 0;
  for (unsigned b = 0; b < gridDim.x; ++b) all += partial[b];
  *sum = all;
}

void fence_before_the_write(bool fixed) {
  const Buffer<float> x(kBlocks), partial(kBlocks), sum(1);
  PLUMB_TWINS(announce, fixed, kBlocks, 32, 0, x, partial, sum);
}

template <bool kFixed>
__global__ void flag_of_the_left(int* values, int* flags) {
  if (threadIdx.x != 0) return;
  const int b = blockIdx.x;
  int sum = b;
  if (b > 0) {
    if constexpr (kFixed) {
      while (atomicAdd(&flags[b - 1], 0) == 0) {
      }
      __threadfence();
    }
    sum += values[b - 1];
  }
  values[b] = sum;
  __threadfence();
  atomicExch(&flags[b], 1);
}

void look_back_without_flag(bool fixed) {
  const Buffer<int> values(kBlocks), flags(kBlocks);
  PLUMB_TWINS(flag_of_the_left, fixed, kBlocks, 32, 0, values, flags);
}

template <bool kFixed>
__global__ void two_phases(float* x, float* y) {
  const int count = gridDim.x * blockDim.x, i = blockIdx.x * blockDim.x + threadIdx.x;
  x[i] = static_cast<float>(i);
  if constexpr (kFixed)
    cooperative_groups::this_grid().sync();
  else
    __syncthreads();
  y[i] = x[count - 1 - i];
}

void block_barrier_for_a_grid(bool fixed) {
  const Buffer<float> x(kThreads * kBlocks), y(kThreads * kBlocks);
  float *px = x, *py = y;
  void* arguments[] = {&px, &py};
  cudaLaunchCooperativeKernel(fixed ? reinterpret_cast<const void*>(two_phases<true>)
                                    : reinterpret_cast<const void*>(two_phases<false>),
                              dim3(kBlocks), dim3(kThreads), arguments, 0, nullptr);
}

template <bool kFixed>
__global__ void transpose(const float* x, float* y, int n) {
  const int column = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  float* const to = kFixed ? y : const_cast<float*>(x);
  if (column < n) to[column * n + row] = x[row * n + column];
}

void transposition_in_place(bool fixed) {
  constexpr int kSide = 32;
  const Buffer<float> x(kSide * kSide), y(kSide * kSide);
  PLUMB_TWINS(transpose, fixed, dim3(1, kSide), 32, 0, x, y, kSide);
}

template <bool kFixed>
__global__ void exchange_in_block(float* x) {
  const int base = blockIdx.x * blockDim.x, t = threadIdx.x;
  x[base + t] = static_cast<float>(t);
  if constexpr (kFixed) __syncthreads();
  const float other = x[base + (t + 1) % kThreads];
  __syncthreads();
  x[base + t] = other;
}

void threads_of_a_block(bool fixed) {
  const Buffer<float> x(kThreads * kBlocks);
  PLUMB_TWINS(exchange_in_block, fixed, kBlocks, kThreads, 0, x);
}

template <bool kFixed>
__global__ void take_tickets(int* ticket, int* y) {
  const int got = kFixed ? atomicAdd(ticket, 1) : (*ticket)++;
  y[got % (kThreads * kBlocks)] = 1;
}

void tickets_without_atomics(bool fixed) {
  const Buffer<int> ticket(1), y(kThreads * kBlocks);
  PLUMB_TWINS(take_tickets, fixed, kBlocks, kThreads, 0, ticket, y);
}

}  // namespace

std::vector<Seeded> global_races() {
  return {
      {"blocks_write_one_place", Kind::race_global, "an index without blockIdx",
       blocks_write_one_place},
      {"sum_without_atomics", Kind::race_global, "sum += by every thread", sum_without_atomics},
      {"stencil_in_place", Kind::race_global, "a stencil that overwrites its input",
       stencil_in_place},
      {"last_block_without_fence", Kind::race_global,
       "the last block reads the others' sums: __threadfence is missing", last_block_without_fence},
      {"fence_before_the_write", Kind::race_global,
       "a fence that comes before what it should order", fence_before_the_write},
      {"look_back_without_flag", Kind::race_global, "the left block's value read before its flag",
       look_back_without_flag},
      {"block_barrier_for_a_grid", Kind::race_global, "__syncthreads where grid.sync is needed",
       block_barrier_for_a_grid},
      {"transposition_in_place", Kind::race_global, "a transposition that overwrites its input",
       transposition_in_place},
      {"threads_of_a_block", Kind::race_global, "a block's threads exchange without a barrier",
       threads_of_a_block},
      {"tickets_without_atomics", Kind::race_global, "ticket++ by every thread",
       tickets_without_atomics},
  };
}

}  // namespace vgpu::observe::corpus
