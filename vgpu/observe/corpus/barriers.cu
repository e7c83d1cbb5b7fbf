// Barriers that threads miss, and lanes that name or read lanes which are not there.
#include "vgpu/observe/corpus/corpus.h"

namespace vgpu::observe::corpus {
namespace {

constexpr int kThreads = 128;

template <bool kFixed>
__global__ void barrier_in_a_branch(float* x, int n) {
  __shared__ float tile[kThreads];
  const int t = threadIdx.x;
  tile[t] = x[t];
  if constexpr (kFixed) __syncthreads();
  if (t < n) {
    if constexpr (!kFixed) __syncthreads();
    x[t] = tile[n - 1 - t];
  }
}

void in_a_divergent_branch(bool fixed) {
  const Buffer<float> x(kThreads);
  PLUMB_TWINS(barrier_in_a_branch, fixed, 1, kThreads, 0, x, 100);
}

template <bool kFixed>
__global__ void leave_early(float* x, int n) {
  __shared__ float tile[kThreads];
  const int t = threadIdx.x;
  if (!kFixed && t >= n) return;
  if (t < n) tile[t] = x[t];
  __syncthreads();
  if (t < n) x[t] = tile[n - 1 - t];
}

void return_before_the_barrier(bool fixed) {
  const Buffer<float> x(kThreads);
  PLUMB_TWINS(leave_early, fixed, 1, kThreads, 0, x, 100);
}

template <bool kFixed>
__global__ void jump_past(float* x, int n) {
  __shared__ float tile[kThreads];
  const int t = threadIdx.x;
  tile[t] = x[t];
  if (!kFixed && t >= n) goto end;
  __syncthreads();
  if (t < n) x[t] = tile[n - 1 - t];
end:
  __syncthreads();
  if (t == 0) x[0] += tile[1];
}

void goto_past_a_barrier(bool fixed) {
  const Buffer<float> x(kThreads);
  PLUMB_TWINS(jump_past, fixed, 1, kThreads, 0, x, 64);
}

template <bool kFixed>
__global__ void barrier_in_both(float* x) {
  __shared__ float tile[kThreads];
  const int t = threadIdx.x;
  tile[t] = x[t];
  if (t < 64) {
    if constexpr (!kFixed) {
      asm volatile("// one way" ::: "memory");
      __syncthreads();
    }
    tile[t] += 1.f;
  } else {
    if constexpr (!kFixed) {
      asm volatile("// the other" ::: "memory");
      __syncthreads();
    }
    tile[t] -= 1.f;
  }
  __syncthreads();
  x[t] = tile[kThreads - 1 - t];
}

void a_barrier_in_each_branch(bool fixed) {
  const Buffer<float> x(kThreads);
  PLUMB_TWINS(barrier_in_both, fixed, 1, kThreads, 0, x);
}

template <bool kFixed>
__global__ void trips_of_a_loop(float* x, const int* trips) {
  __shared__ float tile[kThreads];
  const int t = threadIdx.x;
  tile[t] = x[t];
  const int mine = kFixed ? trips[0] : trips[t / 32];
#pragma unroll 1
  for (int i = 0; i < mine; ++i) {
    __syncthreads();
    const float next = tile[(t + 1) % kThreads];
    __syncthreads();
    tile[t] = next;
  }
  x[t] = tile[t];
}

void barrier_in_an_uneven_loop(bool fixed) {
  const Buffer<float> x(kThreads);
  const Buffer<int> trips(4);
  const int host[4] = {2, 2, 2, 1};
  cudaMemcpy(trips, host, sizeof host, cudaMemcpyHostToDevice);
  PLUMB_TWINS(trips_of_a_loop, fixed, 1, kThreads, 0, x, trips);
}

template <bool kFixed>
__global__ void mask_of_some(int* y) {
  __shared__ int slots[32];
  const unsigned t = threadIdx.x;
  slots[t] = static_cast<int>(t);
  const unsigned mask = __ballot_sync(0xffffffffu, t < 16);
  if (kFixed ? t < 16 : t <= 16) {
    __syncwarp(mask);
    y[t] = slots[15 - t % 16];
  }
}

void mask_without_the_caller(bool fixed) {
  const Buffer<int> y(32);
  PLUMB_TWINS(mask_of_some, fixed, 1, 32, 0, y);
}

template <bool kFixed>
__global__ void sync_after_exit(int* y) {
  __shared__ int slots[32], sums[32];
  const int t = threadIdx.x;
  slots[t] = y[t];
  __syncwarp();
  if (t >= 24) return;
  sums[t] = slots[t + 8];
  __syncwarp(kFixed ? 0x00ffffffu : 0xffffffffu);
  y[t] = sums[23 - t];
}

void mask_names_the_exited(bool fixed) {
  const Buffer<int> y(32);
  PLUMB_TWINS(sync_after_exit, fixed, 1, 32, 0, y);
}

template <bool kFixed>
__global__ void shuffle_some(const int* x, int* y) {
  const int t = threadIdx.x;
  int value = x[t];
  if (t < 16) value += __shfl_down_sync(0x0000ffffu, value, 8, kFixed ? 16 : 32);
  y[t] = value;
}

void shuffle_from_an_inactive_lane(bool fixed) {
  const Buffer<int> x(32), y(32);
  PLUMB_TWINS(shuffle_some, fixed, 1, 32, 0, x, y);
}

template <bool kFixed>
__global__ void vote_in_a_branch(const int* x, int* y) {
  const int t = threadIdx.x;
  if (t < 16)
    y[t] = static_cast<int>(__ballot_sync(kFixed ? 0x0000ffffu : 0xffffffffu, x[t] == 0));
  else
    y[t] = static_cast<int>(__ballot_sync(kFixed ? 0xffff0000u : 0x0000ffffu, x[t] != 0));
}

void vote_that_names_the_other_branch(bool fixed) {
  const Buffer<int> x(32), y(32);
  PLUMB_TWINS(vote_in_a_branch, fixed, 1, 32, 0, x, y);
}

}  // namespace

std::vector<Seeded> barrier_bugs() {
  return {
      {"in_a_divergent_branch", Kind::barrier_exited, "__syncthreads under if (t < n)",
       in_a_divergent_branch},
      {"return_before_the_barrier", Kind::barrier_exited,
       "threads without work return before __syncthreads (FBGEMM #5831)",
       return_before_the_barrier},
      {"goto_past_a_barrier", Kind::barrier_divergence, "goto past a barrier (numba #2655)",
       goto_past_a_barrier},
      {"a_barrier_in_each_branch", Kind::barrier_divergence, "one barrier for each way",
       a_barrier_in_each_branch},
      {"barrier_in_an_uneven_loop", Kind::barrier_exited,
       "a barrier in a loop whose trips differ by thread", barrier_in_an_uneven_loop},
      {"mask_without_the_caller", Kind::warp_mask, "__syncwarp by a lane that its mask lacks",
       mask_without_the_caller},
      {"mask_names_the_exited", Kind::warp_mask, "__syncwarp() after lanes have returned",
       mask_names_the_exited},
      {"shuffle_from_an_inactive_lane", Kind::inactive_lane, "__shfl_down_sync without a width",
       shuffle_from_an_inactive_lane},
      {"vote_that_names_the_other_branch", Kind::warp_mask, "__ballot_sync with the other's mask",
       vote_that_names_the_other_branch},
  };
}

}  // namespace vgpu::observe::corpus
