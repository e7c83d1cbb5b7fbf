// Kernels whose PTX holds what nvcc emits in practice; parser_test reads it at several
// architectures. Never run.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>

#undef NDEBUG
#include <cassert>
#include <cstdio>

namespace cg = cooperative_groups;

__constant__ float coefficients[16] = {1.f, 2.f, 3.5f};
__device__ int table[4] = {1, 2, 3, 4};
__device__ int* pointers[3] = {table, table + 2, nullptr};
__managed__ int managed_value = 5;

struct Record {
  int a;
  double b;
  const char* text;
};
__device__ Record record = {3, 2.5, "hello"};

__device__ __noinline__ float with_local_array(float x, int n) {
  float values[8];
  for (int i = 0; i < 8; ++i) values[i] = x * i;
  return values[n & 7];
}
__device__ int recursive(int n) { return n < 2 ? n : recursive(n - 1) + recursive(n - 2); }
__device__ int plus_one(int x) { return x + 1; }
__device__ int twice(int x) { return x * 2; }
__device__ int (*functions[2])(int) = {plus_one, twice};

template <class Scalar>
__global__ void __launch_bounds__(256, 2) shared_kernel(Scalar* p, int n) {
  extern __shared__ __align__(16) unsigned char raw[];
  __shared__ Scalar fixed[32];
  Scalar* dynamic = reinterpret_cast<Scalar*>(raw);
  const int i = threadIdx.x;
  dynamic[i] = p[i];
  fixed[i & 31] = dynamic[i];
  __syncthreads();
  if (i < n) p[i] = dynamic[n - i] + fixed[(i + 1) & 31];
}
template __global__ void shared_kernel<float>(float*, int);
template __global__ void shared_kernel<double>(double*, int);

__global__ void calls_kernel(float* p, Record r, int n) {
  p[0] = with_local_array(p[1], n) + recursive(n) + functions[n & 1](n) + coefficients[n] +
         *pointers[n & 1] + r.b + record.b + managed_value;
  printf("x %d %f\n", n, p[0]);
  assert(n < 5);
}

__global__ void cub_kernel(float* p) {
  using Reduce = cub::BlockReduce<float, 128>;
  using Scan = cub::BlockScan<int, 128>;
  __shared__ typename Reduce::TempStorage reduce;
  __shared__ typename Scan::TempStorage scan;
  const float total = Reduce(reduce).Sum(p[threadIdx.x]);
  int prefix;
  Scan(scan).ExclusiveSum(static_cast<int>(total), prefix);
  p[threadIdx.x] = prefix;
}

__global__ void grid_kernel(float* p) {
  const auto warp = cg::tiled_partition<32>(cg::this_thread_block());
  const float sum = cg::reduce(warp, p[threadIdx.x], cg::plus<float>());
  cg::this_grid().sync();
  p[threadIdx.x] = sum;
}

__global__ void matrix_kernel(half* a, half* b, float* c) {
  using namespace nvcuda;
  wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> fa;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::col_major> fb;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> fc;
  wmma::fill_fragment(fc, 0.f);
  wmma::load_matrix_sync(fa, a, 16);
  wmma::load_matrix_sync(fb, b, 16);
  wmma::mma_sync(fc, fa, fb, fc);
  wmma::store_matrix_sync(c, fc, 16, wmma::mem_row_major);
}

__global__ void inline_kernel(half* a, half2* b, __nv_bfloat16* c, float4* f, int n) {
  a[0] = __hfma(a[1], a[2], a[3]);
  b[0] = __hadd2(b[1], b[2]);
  c[0] = __float2bfloat16(f[0].x);
  f[1] = f[2];
  int v;
  asm volatile(
      "{ .reg .pred p; .reg .b32 t;\n setp.ne.s32 p, %1, 0; @!p mov.u32 t, 3; mov.u32 %0, t; }"
      : "=r"(v)
      : "r"(n));
  f[3].x = v + __shfl_sync(~0u, n, 1) + __match_any_sync(~0u, n) + __popc(__ballot_sync(~0u, n));
  atomicAdd(&f[1].x, __shfl_up_sync(~0u, n, 1));
  atomicCAS(reinterpret_cast<int*>(f), 1, 2);
}

__global__ void switch_kernel(int* p) {
  switch (p[0]) {
    case 0:
      p[1] = sinf(p[2]);
      break;
    case 1:
      p[2] = 4;
      break;
    case 2:
      p[3] = tanf(p[2]);
      break;
    case 3:
      p[4] = 2;
      break;
    case 4:
      p[7] = 3;
      break;
    case 5:
      p[11] = p[3] * 2;
      break;
    case 6:
      __trap();
  }
}

__global__ void wide_kernel(long long* p, unsigned char* q) {
  if (p[1] > 3) p[0] = static_cast<long long>(sin(static_cast<double>(p[1])) * 1e300);
  q[1] = q[2] + 1;
  p[5] = clock64();
  p[6] = p[5] / p[2];
}

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
__global__ void __cluster_dims__(2, 1, 1) cluster_kernel(int* p) { p[0] = 1; }
#endif
