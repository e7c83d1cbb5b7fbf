// normal_block.h - Tensor.normal_() of 16 elements and more, as LibTorch's CPU kernels do it:
// blocks of 16 uniform numbers, the first eight with the last eight by Box and Muller.
#pragma once

#include <vector>

#include "impl/random/distributions.h"

namespace plumb::random {

/// `count` of at least 16 elements in f64; the same in f32, for f32 tensors; and in f32 for halves,
/// which draw nothing for elements behind the last full block but the tail's own 16.
std::vector<double> normal_blocks(Mt19937& generator, std::int64_t count, double mean, double std);
std::vector<float> normal_blocks(Mt19937& generator, std::int64_t count, float mean, float std,
                                 Kernels kernels, bool halves);

}  // namespace plumb::random
