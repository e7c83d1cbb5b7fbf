// distributions.h - LibTorch's CPU distributions: the same numbers, bit by bit, from the same
// generator.
//
// Each function draws what a contiguous tensor of `count` elements and the given dtype would hold
// after LibTorch's call; every value is returned as a double, which holds each dtype's exactly.
// Errors: ValueError with LibTorch's text, but for dtypes, in ours. LibTorch's x86 kernels come in
// two forms that round differently (Kernels). f64 logarithms and sines are the C library's, as in
// LibTorch. Source: PyTorch ATen/native/cpu/DistributionTemplates.h,
// ATen/core/DistributionsHelper.h, ATen/native/Distributions.cpp, ATen/native/cpu/avx_mathfun.h.
#pragma once

#include <cstdint>
#include <vector>

#include "impl/core/dtype.h"
#include "impl/random/mt19937.h"

namespace plumb::random {

/// at::get_cpu_capability(): "DEFAULT", or "AVX2" and "AVX512", which agree.
enum class Kernels { standard, avx2 };

/// As a tensor of the floating dtype holds it; halves by way of f32, as in LibTorch.
double rounded(double value, Dtype dtype);

/// Tensor.uniform_(from, to): u (to - from) + from, where u has 24 bits of a word (f32 and less) or
/// 53 of two (f64). A result equal to `to` becomes `from`.
std::vector<double> uniform(Mt19937& generator, std::int64_t count, double from, double to,
                            Dtype dtype, Kernels kernels = Kernels::avx2);

/// Tensor.normal_(mean, std). From 16 elements on in blocks of 16, each by Box and Muller, the last
/// one drawn anew over those before it; fewer, or `contiguous` false, one by one in f64.
std::vector<double> normal(Mt19937& generator, std::int64_t count, double mean, double std,
                           Dtype dtype, Kernels kernels = Kernels::avx2, bool contiguous = true);

/// Tensor.bernoulli_(p): 1 where 53 bits are below p, in any dtype.
std::vector<double> bernoulli(Mt19937& generator, std::int64_t count, double p);
/// torch.bernoulli(p): 24 bits are held to p of f32 and less, 53 to p of f64.
std::vector<double> bernoulli(Mt19937& generator, const std::vector<double>& p, Dtype dtype);
/// What dropout multiplies by: bernoulli(1 - p) / (1 - p), divided in the dtype. p = 1: zeros, p =
/// 0: ones, neither of which draws.
std::vector<double> dropout_noise(Mt19937& generator, std::int64_t count, double p, Dtype dtype);

/// Tensor.random_(from, to), torch.randint(from, to): a word mod the range, or two of them from a
/// range of 2^32 on. Integral dtypes, and floating ones whose bounds are exact in them.
std::vector<std::int64_t> random(Mt19937& generator, std::int64_t count, std::int64_t from,
                                 std::int64_t to, Dtype dtype);
/// Tensor.random_(): all non-negative integers that the dtype holds exactly; bool: both.
std::vector<std::int64_t> random(Mt19937& generator, std::int64_t count, Dtype dtype);
/// torch.randperm(n).
std::vector<std::int64_t> randperm(Mt19937& generator, std::int64_t n);

/// Tensor.exponential_(lambda), geometric_(p), cauchy_(median, sigma), log_normal_(mean, std), in
/// f64 and then rounded.
std::vector<double> exponential(Mt19937& generator, std::int64_t count, double lambda, Dtype dtype);
std::vector<double> geometric(Mt19937& generator, std::int64_t count, double p, Dtype dtype);
std::vector<double> cauchy(Mt19937& generator, std::int64_t count, double median, double sigma,
                           Dtype dtype);
std::vector<double> log_normal(Mt19937& generator, std::int64_t count, double mean, double std,
                               Dtype dtype, Kernels kernels = Kernels::avx2);

/// torch.multinomial(weights, count, replacement) of one distribution, weights in the dtype (f32 or
/// f64).
std::vector<std::int64_t> multinomial(Mt19937& generator, const std::vector<double>& weights,
                                      std::int64_t count, bool replacement, Dtype dtype);

}  // namespace plumb::random
