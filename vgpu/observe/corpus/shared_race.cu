// Threads of one block that meet in shared memory without a barrier between.
#include "vgpu/observe/corpus/corpus.h"

namespace vgpu::observe::corpus {
namespace {

constexpr int kThreads = 128;

template <bool kFixed>
__global__ void first_sums(const float* x, float* y) {
  __shared__ float tile[kThreads];
  tile[threadIdx.x] = x[threadIdx.x];
  if constexpr (kFixed) __syncthreads();
  if (threadIdx.x != 0) return;
  float sum = 0;
#pragma unroll 1
  for (int i = 0; i < kThreads; ++i) sum += tile[i];
  y[0] = sum;
}

void no_barrier_before_the_sum(bool fixed) {
  const Buffer<float> x(kThreads), y(1);
  PLUMB_TWINS(first_sums, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void tree(const float* x, float* y) {
  __shared__ float sums[kThreads];
  const int t = threadIdx.x;
  sums[t] = x[t];
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (t < half) sums[t] += sums[t + half];
    if constexpr (kFixed) __syncthreads();
  }
  if (t == 0) y[0] = sums[0];
}

void no_barrier_in_the_tree(bool fixed) {
  const Buffer<float> x(kThreads), y(1);
  PLUMB_TWINS(tree, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void reuse_tile(const float* x, float* y, int tiles) {
  __shared__ float tile[kThreads];
  const int t = threadIdx.x;
  float sum = 0;
#pragma unroll 1
  for (int k = 0; k < tiles; ++k) {
    tile[t] = x[k * kThreads + t];
    __syncthreads();
    sum += tile[(t + 1) % kThreads];
    if constexpr (kFixed) __syncthreads();
  }
  y[t] = sum;
}

void next_tile_too_early(bool fixed) {
  const Buffer<float> x(4 * kThreads), y(kThreads);
  PLUMB_TWINS(reuse_tile, fixed, 1, kThreads, 0, x, y, 4);
}

/// The last warp writes: in the machine's order every read comes before, and none after tells.
template <bool kFixed>
__global__ void last_thread_replaces(const float* x, float* y) {
  __shared__ float first;
  const int t = threadIdx.x;
  if (t == 0) first = x[0];
  __syncthreads();
  y[t] = first;
  if constexpr (kFixed) __syncthreads();
  if (t == kThreads - 1) first = x[1];
}

void replaced_after_the_reads(bool fixed) {
  const Buffer<float> x(2), y(kThreads);
  PLUMB_TWINS(last_thread_replaces, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void lane_zero_tells(const int* x, int* y) {
  __shared__ int found[kThreads / 32];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  if (lane == 0) found[warp] = x[warp];
  if constexpr (kFixed) __syncwarp();
  y[threadIdx.x] = found[warp] + lane;
}

void no_warp_barrier(bool fixed) {
  const Buffer<int> x(4), y(kThreads);
  PLUMB_TWINS(lane_zero_tells, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void running_sum(const float* x, float* y) {
  __shared__ float sums[2][kThreads];
  const int t = threadIdx.x;
  int now = 0;
  sums[0][t] = x[t];
  __syncthreads();
#pragma unroll 1
  for (int step = 1; step < kThreads; step *= 2) {
    const int next = kFixed ? 1 - now : now;
    const float before = t >= step ? sums[now][t - step] : 0.f;
    sums[next][t] = sums[now][t] + before;
    __syncthreads();
    now = next;
  }
  y[t] = sums[now][t];
}

void cumulative_sum_in_place(bool fixed) {
  const Buffer<float> x(kThreads), y(kThreads);
  PLUMB_TWINS(running_sum, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void count_values(const int* x, int* y) {
  __shared__ int bins[8];
  const int t = threadIdx.x;
  if (t < 8) bins[t] = 0;
  __syncthreads();
  const int bin = (x[t] + t) % 8;
  if constexpr (kFixed)
    atomicAdd(&bins[bin], 1);
  else
    bins[bin] = bins[bin] + 1;
  __syncthreads();
  if (t < 8) y[t] = bins[t];
}

void bins_without_atomics(bool fixed) {
  const Buffer<int> x(kThreads), y(8);
  PLUMB_TWINS(count_values, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void last_warp(const float* x, float* y) {
  __shared__ float sums[64];
  const int t = threadIdx.x;
  sums[t] = x[t];
  sums[t + 32] = x[t + 32];
  __syncwarp();
#pragma unroll 1
  for (int half = 32; half > 0; half /= 2) {
    const float other = sums[t + half];
    if constexpr (kFixed) __syncwarp();
    if (t < half) sums[t] += other;
    if constexpr (kFixed) __syncwarp();
  }
  if (t == 0) y[0] = sums[0];
}

void warp_without_syncs(bool fixed) {
  const Buffer<float> x(64), y(1);
  PLUMB_TWINS(last_warp, fixed, 1, 32, 0, x, y);
}

template <bool kFixed>
__global__ void any_index(const int* x, int* y) {
  __shared__ int found;
  if (threadIdx.x == 0) found = -1;
  __syncthreads();
  if (x[threadIdx.x] == 0) {
    if constexpr (kFixed)
      atomicMax(&found, static_cast<int>(threadIdx.x));
    else
      found = static_cast<int>(threadIdx.x);
  }
  __syncthreads();
  y[threadIdx.x] = found;
}

void many_write_one(bool fixed) {
  const Buffer<int> x(kThreads), y(kThreads);
  PLUMB_TWINS(any_index, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void read_while_counting(const int* x, int* y) {
  __shared__ int count;
  if (threadIdx.x == 0) count = 0;
  __syncthreads();
  if (x[threadIdx.x] == 0) atomicAdd(&count, 1);
  if constexpr (kFixed) __syncthreads();
  y[threadIdx.x] = count;
}

void atomics_and_plain_reads(bool fixed) {
  const Buffer<int> x(kThreads), y(kThreads);
  PLUMB_TWINS(read_while_counting, fixed, 1, kThreads, 0, x, y);
}

/// Warps 0 and 1 make, warps 2 and 3 use; a barrier of all four of them.
template <bool kFixed>
__global__ void make_and_use(const float* x, float* y) {
  __shared__ float made[64];
  const int t = threadIdx.x;
  if (t < 64) {
    made[t] = x[t];
    if constexpr (kFixed) asm volatile("bar.arrive 1, 128;" ::: "memory");
  } else {
    if constexpr (kFixed) asm volatile("bar.sync 1, 128;" ::: "memory");
    y[t - 64] = made[127 - t];
  }
}

void makers_and_users(bool fixed) {
  const Buffer<float> x(64), y(64);
  PLUMB_TWINS(make_and_use, fixed, 1, 128, 0, x, y);
}

/// Warps 0 and 1 arrive at a barrier object when they have made; warps 2 and 3 wait for its phase.
template <bool kFixed>
__global__ void made_behind_an_object(const float* x, float* y) {
  __shared__ float made[64];
  __shared__ std::uint64_t object;
  const auto at = static_cast<unsigned>(__cvta_generic_to_shared(&object));
  const int t = threadIdx.x;
  if (t == 0) asm volatile("mbarrier.init.shared.b64 [%0], 64;" ::"r"(at) : "memory");
  __syncthreads();
  if (t < 64) {
    std::uint64_t state;
    made[t] = x[t];
    asm volatile("mbarrier.arrive.shared.b64 %0, [%1];" : "=l"(state) : "r"(at) : "memory");
  } else {
    unsigned over = kFixed ? 0 : 1;
    while (over == 0)
      asm volatile(
          "{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], 0; selp.u32 %0, 1, 0, p; }"
          : "=r"(over)
          : "r"(at)
          : "memory");
    y[t - 64] = made[127 - t];
  }
}

void object_that_nobody_waits_at(bool fixed) {
  const Buffer<float> x(64), y(64);
  PLUMB_TWINS(made_behind_an_object, fixed, 1, 128, 0, x, y);
}

/// Neighbouring bytes belong to neighbouring threads: no race, where a word of four would be one.
template <bool kFixed>
__global__ void set_flags(const int* x, unsigned char* y) {
  __shared__ unsigned words[kThreads / 4];
  const int t = threadIdx.x;
  if (t < kThreads / 4) words[t] = 0;
  __syncthreads();
  if constexpr (kFixed)
    reinterpret_cast<unsigned char*>(words)[t] = static_cast<unsigned char>(x[t] + 1);
  else
    words[t / 4] |= static_cast<unsigned>(x[t] + 1) << 8 * (t % 4);
  __syncthreads();
  y[t] = reinterpret_cast<unsigned char*>(words)[t];
}

void bytes_of_a_word(bool fixed) {
  const Buffer<int> x(kThreads);
  const Buffer<unsigned char> y(kThreads);
  PLUMB_TWINS(set_flags, fixed, 1, kThreads, 0, x, y);
}

template <bool kFixed>
__global__ void halves_of_a_warp(const int* x, int* y) {
  __shared__ int slots[32];
  const int t = threadIdx.x;
  slots[t] = x[t];
  if (t < 16) {
    __syncwarp(0x0000ffffu);
    y[t] = slots[kFixed ? 15 - t : 31 - t];
  } else {
    __syncwarp(0xffff0000u);
    y[t] = slots[kFixed ? 47 - t : 31 - t];
  }
}

void sync_of_the_wrong_half(bool fixed) {
  const Buffer<int> x(32), y(32);
  PLUMB_TWINS(halves_of_a_warp, fixed, 1, 32, 0, x, y);
}

}  // namespace

std::vector<Seeded> shared_races() {
  return {
      {"no_barrier_before_the_sum", Kind::race_shared, "thread 0 sums what others still write",
       no_barrier_before_the_sum},
      {"no_barrier_in_the_tree", Kind::race_shared, "a reduction tree without barriers",
       no_barrier_in_the_tree},
      {"next_tile_too_early", Kind::race_shared, "a tile overwritten while others read it",
       next_tile_too_early},
      {"replaced_after_the_reads", Kind::race_shared,
       "a value replaced by the last thread while others may still read it",
       replaced_after_the_reads},
      {"no_warp_barrier", Kind::race_shared,
       "lane 0 writes, its warp reads: a missing __syncwarp (HeCBench #221)", no_warp_barrier},
      {"cumulative_sum_in_place", Kind::race_shared,
       "a running sum that reads what its step writes (llama.cpp #18448)", cumulative_sum_in_place},
      {"bins_without_atomics", Kind::race_shared, "a histogram counted without atomics",
       bins_without_atomics},
      {"warp_without_syncs", Kind::race_shared, "the last warp of a reduction, as before Volta",
       warp_without_syncs},
      {"many_write_one", Kind::race_shared, "whoever writes last", many_write_one},
      {"atomics_and_plain_reads", Kind::race_shared, "a counter read while others count",
       atomics_and_plain_reads},
      {"makers_and_users", Kind::race_shared, "bar.arrive and bar.sync forgotten",
       makers_and_users},
      {"object_that_nobody_waits_at", Kind::race_shared, "mbarrier arrived at, and never waited at",
       object_that_nobody_waits_at},
      {"bytes_of_a_word", Kind::race_shared, "flags of four threads in one word", bytes_of_a_word},
      {"sync_of_the_wrong_half", Kind::race_shared, "__syncwarp of a half that is not the writer's",
       sync_of_the_wrong_half},
  };
}

}  // namespace vgpu::observe::corpus
