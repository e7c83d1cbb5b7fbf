#include "bench/vgpu/host_loops.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace plumb::bench {
namespace {

constexpr int kRuns = 15;

/// The fastest of kRuns calls, in seconds.
template <class Call>
double fastest(Call call) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; ++run) {
    const auto start = Clock::now();
    call();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

void traffic(float* __restrict p, float* __restrict m, float* __restrict v,
             const float* __restrict g, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    p[i] += g[i];
    m[i] += g[i];
    v[i] += g[i];
  }
}

}  // namespace

AdamOptions adam_options(int t) {
  AdamOptions o;
  o.step_size = static_cast<float>(1e-3 / (1 - std::pow(0.9, t)));
  o.bias_correction2_root = static_cast<float>(std::sqrt(1 - std::pow(0.999, t)));
  return o;
}

void adam_loop(const AdamArrays& arrays, std::int64_t count, const AdamOptions& options) {
  const AdamArrays a = arrays;
  const AdamOptions o = options;
#pragma GCC ivdep  // the four arrays do not overlap
  for (std::int64_t i = 0; i < count; ++i) adam_element(a, i, o);
}

void divergent_scalar(const std::uint32_t* seeds, const int* trip_counts, std::uint32_t* out,
                      int count) {
  for (int i = 0; i < count; ++i) {
    std::uint32_t value = seeds[i];
    for (int trip = 0; trip < trip_counts[i]; ++trip) value = turn(value);
    out[i] = value;
  }
}

double adam_traffic_seconds(std::int64_t count) {
  std::vector<float> p(count, 1), m(count, 1), v(count, 1), g(count, 1);
  return fastest([&] {
    traffic(p.data(), m.data(), v.data(), g.data(), count);
    asm volatile("" : : "r"(p.data()) : "memory");
  });
}

}  // namespace plumb::bench
