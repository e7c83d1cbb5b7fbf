// kernels.h - the CUDA kernels that the virtual GPU is timed on, behind host functions.
//
// Each function queues one launch on the default stream and does not synchronize. Pointers are
// device memory, contiguous. Throws CudaError.
#pragma once

#include <cstdint>

#include "bench/vgpu/host_loops.h"

namespace plumb::bench {

/// One Adam step: the formula of host_loops.h, one thread an element.
void adam_step(const AdamArrays& arrays, std::int64_t count, const AdamOptions& options);

/// c = a b, all [n, n] row-major, n a multiple of 16: a block of 16 x 16 threads a tile, both
/// operands' tiles in shared memory, two barriers each 16 of k. What a first CUDA lesson writes.
void multiply_tile16(const float* a, const float* b, float* c, int n);

/// Thread i turns seeds[i] trip_counts[i] times (turn() of host_loops.h) and writes the result.
/// `count` is a multiple of 256.
void divergent_loop(const std::uint32_t* seeds, const int* trip_counts, std::uint32_t* out,
                    int count);

/// `blocks` blocks of 256 threads pass `barriers` barriers; out[thread] counts them, [256 blocks].
void pass_barriers(int blocks, int barriers, int* out);

}  // namespace plumb::bench
