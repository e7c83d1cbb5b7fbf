// kernels.cu - what the bit gate runs: arithmetic that the host can repeat operation by operation.
// Compiled with -fmad=false at every architecture of the gate; host.cpp has the same loops.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>

#include "vgpu/bit_gate/gate.h"

using vgpu::gate::AdamFactors;
using vgpu::gate::kBlock;
using vgpu::gate::kLargeTile;
using vgpu::gate::kSmallTile;

namespace {

__device__ int thread_number() { return blockIdx.x * blockDim.x + threadIdx.x; }

}  // namespace

extern "C" {

__global__ void vector_add(const float* a, const float* b, float* out, int count) {
  const int i = thread_number();
  if (i < count) out[i] = a[i] + b[i];
}

__global__ void adam(float* p, float* m, float* v, const float* g, int count, AdamFactors f) {
  const int i = thread_number();
  if (i >= count) return;
  m[i] = f.beta1 * m[i] + (1 - f.beta1) * g[i];
  v[i] = f.beta2 * v[i] + (1 - f.beta2) * g[i] * g[i];
  p[i] -= f.step * m[i] / (sqrtf(v[i]) / f.root + f.eps);
}

/// One sum a block: within a warp by shuffles, then the warps' sums by the first warp.
__global__ void block_sum(const float* x, float* out, int count) {
  __shared__ float of_warp[kBlock / 32];
  const int i = thread_number(), lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  float sum = i < count ? x[i] : 0;
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_down_sync(~0u, sum, offset);
  if (lane == 0) of_warp[warp] = sum;
  __syncthreads();
  if (warp != 0) return;
  sum = lane < kBlock / 32 ? of_warp[lane] : 0;
  for (int offset = kBlock / 64; offset > 0; offset /= 2) sum += __shfl_down_sync(~0u, sum, offset);
  if (lane == 0) out[blockIdx.x] = sum;
}

/// c [n, n] = a b in 16 x 16 tiles of static shared memory.
__global__ void matmul_static(const float* a, const float* b, float* c, int n) {
  __shared__ float a_tile[kSmallTile][kSmallTile], b_tile[kSmallTile][kSmallTile];
  const int x = threadIdx.x, y = threadIdx.y;
  const int row = blockIdx.y * kSmallTile + y, column = blockIdx.x * kSmallTile + x;
  float sum = 0;
  for (int begin = 0; begin < n; begin += kSmallTile) {
    a_tile[y][x] = row < n && begin + x < n ? a[row * n + begin + x] : 0;
    b_tile[y][x] = begin + y < n && column < n ? b[(begin + y) * n + column] : 0;
    __syncthreads();
    for (int k = 0; k < kSmallTile; ++k) sum += a_tile[y][k] * b_tile[k][x];
    __syncthreads();
  }
  if (row < n && column < n) c[row * n + column] = sum;
}

/// The same in 32 x 32 tiles of dynamic shared memory, four rows a thread.
__global__ void matmul_dynamic(const float* a, const float* b, float* c, int n) {
  extern __shared__ float memory[];
  float* a_tile = memory;
  float* b_tile = memory + kLargeTile * kLargeTile;
  constexpr int kRows = 4;
  const int x = threadIdx.x, y = threadIdx.y * kRows;
  const int row = blockIdx.y * kLargeTile + y, column = blockIdx.x * kLargeTile + x;
  float sums[kRows] = {};
  for (int begin = 0; begin < n; begin += kLargeTile) {
    for (int r = 0; r < kRows; ++r) {
      a_tile[(y + r) * kLargeTile + x] =
          row + r < n && begin + x < n ? a[(row + r) * n + begin + x] : 0;
      b_tile[(y + r) * kLargeTile + x] =
          begin + y + r < n && column < n ? b[(begin + y + r) * n + column] : 0;
    }
    __syncthreads();
    for (int k = 0; k < kLargeTile; ++k)
      for (int r = 0; r < kRows; ++r)
        sums[r] += a_tile[(y + r) * kLargeTile + k] * b_tile[k * kLargeTile + x];
    __syncthreads();
  }
  for (int r = 0; r < kRows; ++r)
    if (row + r < n && column < n) c[(row + r) * n + column] = sums[r];
}

/// 2 x 2 windows of x [n, n]; a NaN wins, of equal numbers the first.
__global__ void max_pool(const float* x, float* out, int* index, int n) {
  const int i = thread_number(), half = n / 2;
  if (i >= half * half) return;
  const int top = i / half * 2, left = i % half * 2;
  int best = top * n + left;
  for (int r = 0; r < 2; ++r)
    for (int c = 0; c < 2; ++c) {
      const int at = (top + r) * n + left + c;
      if (x[at] > x[best] || isnan(x[at])) best = at;
    }
  out[i] = x[best];
  index[i] = best;
}

__global__ void half_conversions(const float* x, __half* halves, __nv_bfloat16* bfloats,
                                 float* of_halves, float* of_bfloats, int count) {
  const int i = thread_number();
  if (i >= count) return;
  halves[i] = __float2half_rn(x[i]);
  bfloats[i] = __float2bfloat16_rn(x[i]);
  of_halves[i] = __half2float(halves[i]);
  of_bfloats[i] = __bfloat162float(bfloats[i]);
}

/// out: sums, products, a b + a in one rounding; `count` pairs each.
__global__ void packed_halves(const __half2* a, const __half2* b, __half2* out, int count) {
  const int i = thread_number();
  if (i >= count) return;
  out[i] = __hadd2(a[i], b[i]);
  out[count + i] = __hmul2_rn(a[i], b[i]);
  out[2 * count + i] = __hfma2(a[i], b[i], a[i]);
}

/// Of each warp: ballot; and, or and count of the predicate; highest lane that holds it.
__global__ void votes(const int* x, unsigned* out, int limit) {
  const int i = thread_number();
  const bool holds = x[i] < limit;
  const unsigned ballot = __ballot_sync(~0u, holds);
  const bool all = __all_sync(~0u, holds), any = __any_sync(~0u, holds);
  if (threadIdx.x % 32 != 0) return;
  unsigned* row = out + i / 32 * 4;
  row[0] = ballot;
  row[1] = all + 2 * any;
  row[2] = __popc(ballot);
  row[3] = __clz(ballot);
}

/// CUB over one block: the sum, the running sums, the numbers in order (4 a thread).
__global__ void cub_block(const int* x, int* sum, int* running, unsigned* sorted) {
  constexpr int kItems = 4;
  using Reduce = cub::BlockReduce<int, kBlock>;
  using Scan = cub::BlockScan<int, kBlock>;
  using Sort = cub::BlockRadixSort<unsigned, kBlock, kItems>;
  __shared__ union {
    typename Reduce::TempStorage reduce;
    typename Scan::TempStorage scan;
    typename Sort::TempStorage sort;
  } memory;
  int values[kItems], sums[kItems];
  unsigned keys[kItems];
  for (int k = 0; k < kItems; ++k) {
    values[k] = x[threadIdx.x * kItems + k];
    keys[k] = static_cast<unsigned>(values[k]);
  }
  const int total = Reduce(memory.reduce).Sum(values);
  if (threadIdx.x == 0) *sum = total;
  __syncthreads();
  Scan(memory.scan).InclusiveSum(values, sums);
  __syncthreads();
  Sort(memory.sort).Sort(keys);
  for (int k = 0; k < kItems; ++k) {
    running[threadIdx.x * kItems + k] = sums[k];
    sorted[threadIdx.x * kItems + k] = keys[k];
  }
}

}  // extern "C"
