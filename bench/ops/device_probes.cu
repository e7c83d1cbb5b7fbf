#include "bench/ops/device_probes.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "impl/core/launch.cuh"
#include "impl/core/tensor.h"

namespace plumb::bench {
namespace {

constexpr int kRuns = 6;
constexpr double kRunSeconds = 0.01;
constexpr int kThreads = 256, kBlocksPerSm = 8;
constexpr int kChains = 8, kTurns = 1024;  // 8 chains hide an fma's latency

// --- kernels ---

__global__ void empty_kernel() {}

template <class Number>
__global__ void fma_kernel(Number factor, Number term, Number* out) {
  Number chains[kChains];
#pragma unroll
  for (int c = 0; c < kChains; ++c) chains[c] = static_cast<Number>(threadIdx.x + c);
#pragma unroll 4
  for (int turn = 0; turn < kTurns; ++turn)
#pragma unroll
    for (int c = 0; c < kChains; ++c) chains[c] = fma(chains[c], factor, term);
  Number sum = 0;
#pragma unroll
  for (int c = 0; c < kChains; ++c) sum += chains[c];
  if (sum == Number(-1)) *out = sum;  // never; keeps the chains
}

// --- launchers ---

/// Mean of `repeats` pieces of work that are queued at once.
template <class Queue>
double seconds_of(int repeats, Queue queue) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  for (int i = 0; i < repeats; ++i) queue();
  PLUMB_CUDA(cudaDeviceSynchronize());
  return std::chrono::duration<double>(Clock::now() - start).count() / repeats;
}

/// Seconds of one piece of work in the fastest run; as many are queued at once as last a while.
template <class Queue>
double fastest(Queue queue) {
  seconds_of(1, queue);
  const double repeats = std::ceil(kRunSeconds / seconds_of(1, queue));
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; ++run)
    best = std::min(best, seconds_of(static_cast<int>(std::min(repeats, 1000.0)), queue));
  return best;
}

}  // namespace

// --- public functions ---

double launch_seconds() {
  return fastest([] { launch("bench/empty", empty_kernel, {1, 32}, {}); });
}

MoveTime measure_device_copy() {
  std::vector<std::pair<double, double>> points;
  for (std::int64_t bytes = std::int64_t{16} << 10; bytes <= std::int64_t{256} << 20; bytes *= 4) {
    const Tensor from = Tensor::zeros({bytes / 2}, Dtype::u8),
                 to = Tensor::zeros({bytes / 2}, Dtype::u8);
    const double seconds = fastest([&] {
      PLUMB_CUDA(cudaMemcpyAsync(to.data(), from.data(), static_cast<std::size_t>(bytes / 2),
                                 cudaMemcpyDeviceToDevice));
    });
    points.emplace_back(static_cast<double>(bytes), seconds);
  }
  return MoveTime(std::move(points));
}

template <class Number>
double device_fma_gflops() {
  int multiprocessors = 0;
  PLUMB_CUDA(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0));
  const Tensor out = Tensor::zeros({1}, sizeof(Number) == 4 ? Dtype::f32 : Dtype::f64);
  const auto blocks = static_cast<unsigned>(multiprocessors * kBlocksPerSm);
  const double seconds = fastest([&] {
    launch("bench/fma", fma_kernel<Number>, {blocks, kThreads}, {}, Number(0.999), Number(0.5),
           out.data_as<Number>());
  });
  return 2.0 * kChains * kTurns * kThreads * blocks / seconds / 1e9;
}
template double device_fma_gflops<float>();
template double device_fma_gflops<double>();

}  // namespace plumb::bench
