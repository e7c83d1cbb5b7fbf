// divergence.cu - lanes and blocks that go ways of their own, wait for each other and meet again.
#include <cooperative_groups.h>

#include "vgpu/bit_gate/divergence.h"

using namespace vgpu::gate;
namespace cg = cooperative_groups;

namespace {

__device__ unsigned thread_number() { return blockIdx.x * blockDim.x + threadIdx.x; }

}  // namespace

extern "C" {

#define GATE_KERNEL(name)                                     \
  __global__ void name(const Word* x, Word* out, int count) { \
    const unsigned i = thread_number();                       \
    if (i < count) out[i] = vgpu::gate::name(x[i]);           \
  }

GATE_KERNEL(nested_branches)
GATE_KERNEL(loop_with_exits)
GATE_KERNEL(early_return)
GATE_KERNEL(many_cases)
GATE_KERNEL(state_machine)

__global__ void recursion(const Word* x, Word* out, int count) {
  const unsigned i = thread_number();
  if (i < count) out[i] = ackermann(x[i] % 3, x[i] / 3 % 5);
}

/// Warp functions among the lanes that are there: each odd element's lanes sum up, count and elect.
__global__ void partial_warps(const Word* x, Word* out, int count) {
  const unsigned i = thread_number();
  if (i >= count) return;
  Word value = x[i];
  const unsigned odd = __ballot_sync(__activemask(), value & 1);
  out[i] = 0;
  if (value & 1) {
    Word sum = value;
    for (int step = 16; step > 0; step /= 2) {
      const Word other = __shfl_xor_sync(odd, sum, step);
      if (odd >> ((threadIdx.x & 31) ^ step) & 1) sum += other;
    }
    const cg::coalesced_group group = cg::coalesced_threads();
    out[i] = sum + group.size() + 1000 * group.thread_rank();
    if (__any_sync(odd, value % 8 == 7)) out[i] += 1000000;
  }
  __syncwarp(__activemask());
}

/// A lock that lanes of a warp, warps and blocks take from each other.
__global__ void spin_lock(int* lock, Word* counter, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    bool done = false;
    while (!done) {
      if (atomicCAS(lock, 0, 1) == 0) {
        __threadfence();
        *reinterpret_cast<volatile Word*>(counter) += 1;
        __threadfence();
        atomicExch(lock, 0);
        done = true;
      }
    }
  }
}

/// The block that ends last adds up what the others left.
__global__ void last_block(const Word* x, Word* partial, unsigned* finished, Word* total,
                           int count) {
  __shared__ Word sum;
  __shared__ bool last;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  for (unsigned i = thread_number(); i < count; i += gridDim.x * blockDim.x) atomicAdd(&sum, x[i]);
  __syncthreads();
  if (threadIdx.x == 0) {
    partial[blockIdx.x] = sum;
    __threadfence();
    last = atomicAdd(finished, 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last) return;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  for (unsigned b = threadIdx.x; b < gridDim.x; b += blockDim.x)
    atomicAdd(&sum, *reinterpret_cast<volatile Word*>(partial + b));
  __syncthreads();
  if (threadIdx.x == 0) *total = sum;
}

/// Each block waits for the one before it: decoupled look-back over a chain of blocks.
__global__ void chained_scan(const Word* x, Word* out, Word* prefix, int* ready, int count) {
  __shared__ Word before, values[256];
  const unsigned i = thread_number();
  values[threadIdx.x] = i < count ? x[i] : 0;
  __syncthreads();
  for (unsigned step = 1; step < blockDim.x; step *= 2) {
    const Word left = threadIdx.x >= step ? values[threadIdx.x - step] : 0;
    __syncthreads();
    values[threadIdx.x] += left;
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    before = 0;
    if (blockIdx.x > 0) {
      while (atomicAdd(&ready[blockIdx.x - 1], 0) == 0) {
      }
      __threadfence();
      before = prefix[blockIdx.x - 1];
    }
    prefix[blockIdx.x] = before + values[blockDim.x - 1];
    __threadfence();
    atomicExch(&ready[blockIdx.x], 1);
  }
  __syncthreads();
  if (i < count) out[i] = before + values[threadIdx.x];
}

}  // extern "C"
