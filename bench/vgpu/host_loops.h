// host_loops.h - what a CPU program would do: the plain C++ loops that kernels are timed against.
// host_loops.cpp is compiled for this very processor.
#pragma once

#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define PLUMB_BENCH_BOTH __host__ __device__
#else
#define PLUMB_BENCH_BOTH
#endif

namespace plumb::bench {

struct AdamOptions {
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
  float step_size = 1e-3f;                // lr / (1 - beta1^t)
  float bias_correction2_root = 0.0316f;  // sqrt(1 - beta2^t)
};

/// Of step t (from 1) with lr 0.001.
AdamOptions adam_options(int t);

struct AdamArrays {
  float *param, *exp_avg, *exp_avg_sq;
  const float* grad;
};

/// m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
/// p = p - step_size m / (sqrt(v) / bias_correction2_root + eps)
PLUMB_BENCH_BOTH inline void adam_element(const AdamArrays& a, std::int64_t i,
                                          const AdamOptions& o) {
  const float g = a.grad[i];
  const float m = o.beta1 * a.exp_avg[i] + (1 - o.beta1) * g;
  const float v = o.beta2 * a.exp_avg_sq[i] + (1 - o.beta2) * g * g;
  a.exp_avg[i] = m;
  a.exp_avg_sq[i] = v;
  a.param[i] -= o.step_size * m / (sqrtf(v) / o.bias_correction2_root + o.eps);
}

/// Six instructions a warp iteration with the loop's own counter, compare and branch.
PLUMB_BENCH_BOTH inline std::uint32_t turn(std::uint32_t value) {
  return (value * 1664525u + 1013904223u) ^ (value >> 7);
}

/// One Adam step over `count` elements, on one thread.
void adam_loop(const AdamArrays& arrays, std::int64_t count, const AdamOptions& options);

/// The divergent loop, one element after the other.
void divergent_scalar(const std::uint32_t* seeds, const int* trip_counts, std::uint32_t* out,
                      int count);

/// Seconds that Adam's memory traffic alone takes on one core: reads 4 arrays of `count` floats and
/// writes 3 of them, one addition each. The fastest of several runs.
double adam_traffic_seconds(std::int64_t count);

}  // namespace plumb::bench
