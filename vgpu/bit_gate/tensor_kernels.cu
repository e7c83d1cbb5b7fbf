// Matrix units and asynchronous copies as NVIDIA's own headers reach them: nvcuda::wmma, ldmatrix
// and mma by inline assembly, cuda_pipeline.h, cuda::barrier, cuda::pipeline, cooperative groups.
#include <cooperative_groups.h>
#include <cooperative_groups/memcpy_async.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_pipeline.h>
#include <mma.h>

#include <cuda/barrier>
#include <cuda/pipeline>

#include "vgpu/bit_gate/tensor_gate.h"

#pragma nv_diag_suppress static_var_with_dynamic_init

namespace {

namespace cg = cooperative_groups;
namespace wmma = nvcuda::wmma;
using namespace vgpu::gate;

/// d = a b + c: a row by row, b column by column, a warp a tile, each tile's k in steps of `k`.
template <class T, int m, int n, int k, class Stored, class Sum>
__device__ void multiply(const Stored* a, const Stored* b, const Sum* c, Sum* d, int columns,
                         int depth) {
  const int row = static_cast<int>(blockIdx.y) * m, column = static_cast<int>(blockIdx.x) * n;
  wmma::fragment<wmma::matrix_a, m, n, k, T, wmma::row_major> left;
  wmma::fragment<wmma::matrix_b, m, n, k, T, wmma::col_major> right;
  wmma::fragment<wmma::accumulator, m, n, k, Sum> sum;
  wmma::load_matrix_sync(sum, c + row * columns + column, columns, wmma::mem_row_major);
  for (int at = 0; at < depth; at += k) {
    wmma::load_matrix_sync(left, a + row * depth + at, depth);
    wmma::load_matrix_sync(right, b + column * depth + at, depth);
    wmma::mma_sync(sum, left, right, sum);
  }
  for (int i = 0; i < sum.num_elements; ++i) sum.x[i] = sum.x[i] + sum.x[i];
  wmma::store_matrix_sync(d + row * columns + column, sum, columns, wmma::mem_row_major);
}

__device__ std::uint32_t shared_address(const void* p) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(p));
}

}  // namespace

extern "C" {

#define MULTIPLY(name, T, m, n, k, Stored, Sum)                                             \
  __global__ void name(const Stored* a, const Stored* b, const Sum* c, Sum* d, int columns, \
                       int depth) {                                                         \
    multiply<T, m, n, k>(a, b, c, d, columns, depth);                                       \
  }
MULTIPLY(wmma_f16_f32, __half, 16, 16, 16, __half, float)
MULTIPLY(wmma_f16_f32_tall, __half, 32, 8, 16, __half, float)
MULTIPLY(wmma_f16_f32_wide, __half, 8, 32, 16, __half, float)
MULTIPLY(wmma_f16_f16, __half, 16, 16, 16, __half, __half)
MULTIPLY(wmma_bf16_f32, __nv_bfloat16, 16, 16, 16, __nv_bfloat16, float)
MULTIPLY(wmma_tf32_f32, wmma::precision::tf32, 16, 16, 8, float, float)
MULTIPLY(wmma_f64, double, 8, 8, 4, double, double)
MULTIPLY(wmma_s8, signed char, 16, 16, 16, signed char, int)
MULTIPLY(wmma_u8, unsigned char, 32, 8, 16, unsigned char, int)

/// A tile of 16 x 8 a warp: a through ldmatrix.x4, b (row by row) through ldmatrix.x2.trans.
__global__ void mma_f16(const __half* a, const __half* b, float* d, int columns, int depth) {
  __shared__ alignas(16) __half left[16][16];
  __shared__ alignas(16) __half right[16][8];
  const int lane = static_cast<int>(threadIdx.x);
  const int row = static_cast<int>(blockIdx.y) * 16, column = static_cast<int>(blockIdx.x) * 8;
  float sum[4] = {};
  for (int at = 0; at < depth; at += 16) {
    for (int i = lane; i < 256; i += 32)
      left[i / 16][i % 16] = a[(row + i / 16) * depth + at + i % 16];
    for (int i = lane; i < 128; i += 32)
      right[i / 8][i % 8] = b[(at + i / 8) * columns + column + i % 8];
    __syncwarp();
    unsigned x[4], y[2];
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(shared_address(&left[lane % 16][lane / 16 * 8])));
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(y[0]), "=r"(y[1])
                 : "r"(shared_address(&right[lane % 16][0])));
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
        : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
    __syncwarp();
  }
  for (int i = 0; i < 4; ++i)
    d[(row + lane / 4 + i / 2 * 8) * columns + column + lane % 4 * 2 + i % 2] = sum[i];
}

/// Two stages of cp.async: out[i] is the sum of a chunk's neighbours.
__global__ void pipeline_primitives(const float4* in, float4* out, int chunks) {
  __shared__ float4 stage[2][kAsyncThreads];
  const unsigned t = threadIdx.x;
  const auto fetch = [&](int chunk) {
    if (chunk < chunks)
      __pipeline_memcpy_async(&stage[chunk % 2][t], &in[chunk * kAsyncThreads + t], sizeof(float4),
                              t % 4 == 3 ? 8 : 0);  // every fourth: its last 8 bytes are zeros
    __pipeline_commit();
  };
  fetch(0);
  for (int chunk = 0; chunk < chunks; ++chunk) {
    fetch(chunk + 1);
    __pipeline_wait_prior(1);
    __syncthreads();
    const float4 mine = stage[chunk % 2][t], next = stage[chunk % 2][(t + 1) % kAsyncThreads];
    out[chunk * kAsyncThreads + t] =
        make_float4(mine.x + next.x, mine.y + next.y, mine.z + next.z, mine.w + next.w);
    __syncthreads();
  }
}

/// A chunk at a time through shared memory, reversed; `barrier` tells when it has come.
__global__ void barrier_copies(const float* in, float* out, int chunks) {
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  __shared__ alignas(16) float chunk[kAsyncChunk];
  const auto block = cg::this_thread_block();
  if (threadIdx.x == 0) init(&barrier, blockDim.x);
  block.sync();
  for (int i = 0; i < chunks; ++i) {
    cuda::memcpy_async(block, chunk, in + i * kAsyncChunk,
                       cuda::aligned_size_t<16>(sizeof(float) * kAsyncChunk), barrier);
    barrier.arrive_and_wait();
    for (unsigned at = threadIdx.x; at < kAsyncChunk; at += blockDim.x)
      out[i * kAsyncChunk + at] = chunk[kAsyncChunk - 1 - at];
    auto token = barrier.arrive();
    barrier.wait(std::move(token));
  }
}

/// Half of the block fetches, the other half adds up what has come.
__global__ void pipeline_roles(const float* in, float* out, int chunks) {
  constexpr int kStages = 2;
  __shared__ cuda::pipeline_shared_state<cuda::thread_scope_block, kStages> state;
  __shared__ alignas(16) float stage[kStages][kAsyncChunk];
  const auto block = cg::this_thread_block();
  const bool fetches = threadIdx.x < blockDim.x / 2;
  auto pipe = cuda::make_pipeline(block, &state, blockDim.x / 2);
  const unsigned each = blockDim.x / 2, rank = threadIdx.x % each;
  float total = 0;
  for (int i = 0; i < chunks; ++i) {
    if (fetches) {
      pipe.producer_acquire();
      for (unsigned at = rank; at < kAsyncChunk; at += each)
        cuda::memcpy_async(&stage[i % kStages][at], &in[i * kAsyncChunk + at], sizeof(float), pipe);
      pipe.producer_commit();
    } else {
      pipe.consumer_wait();
      for (unsigned at = rank; at < kAsyncChunk; at += each)
        total += stage[i % kStages][kAsyncChunk - 1 - at];
      pipe.consumer_release();
    }
  }
  if (!fetches) out[rank] = total;
}

__global__ void group_copies(const float* in, float* out, int count) {
  extern __shared__ float room[];
  const auto block = cg::this_thread_block();
  cg::memcpy_async(block, room, in, sizeof(float) * static_cast<std::size_t>(count));
  cg::wait(block);
  for (int at = static_cast<int>(threadIdx.x); at < count; at += static_cast<int>(blockDim.x))
    out[at] = room[count - 1 - at];
}

#if __CUDA_ARCH__ >= 900
/// One thread asks for a whole chunk (cp.async.bulk); all wait for its bytes. stmatrix puts a tile
/// back transposed.
__global__ void bulk_copies(const float* in, float* out, int chunks) {
  __shared__ cuda::barrier<cuda::thread_scope_block> barrier;
  __shared__ alignas(16) float chunk[kAsyncChunk];
  if (threadIdx.x == 0) init(&barrier, blockDim.x);
  __syncthreads();
  for (int i = 0; i < chunks; ++i) {
    cuda::barrier<cuda::thread_scope_block>::arrival_token token;
    if (threadIdx.x == 0) {
      cuda::device::memcpy_async_tx(chunk, in + i * kAsyncChunk,
                                    cuda::aligned_size_t<16>(sizeof(chunk)), barrier);
      token = cuda::device::barrier_arrive_tx(barrier, 1, sizeof(chunk));
    } else {
      token = barrier.arrive();
    }
    barrier.wait(std::move(token));
    for (unsigned at = threadIdx.x; at < kAsyncChunk; at += blockDim.x)
      out[i * kAsyncChunk + at] = chunk[kAsyncChunk - 1 - at];
    __syncthreads();
  }
}

__global__ void transpose_tile(const std::uint16_t* in, std::uint16_t* out) {
  __shared__ alignas(16) std::uint16_t tile[8][8];
  const unsigned lane = threadIdx.x;
  const unsigned pair = in[2 * lane] | static_cast<unsigned>(in[2 * lane + 1]) << 16;
  asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};" ::"r"(
                   shared_address(&tile[lane % 8][0])),
               "r"(pair)
               : "memory");
  __syncwarp();
  for (unsigned i = lane; i < 64; i += 32) out[i] = tile[i / 8][i % 8];
}
#endif
}
