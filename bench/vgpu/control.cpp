// control.cpp - lanes that part and warps that meet: a loop with a trip count for each lane, and a
// block's barrier.
#include <algorithm>
#include <cstdio>

#include "bench/vgpu/kernels.h"
#include "bench/vgpu/rows.h"
#include "impl/core/cuda_error.h"
#include "impl/core/tensor.h"

namespace plumb::bench {
namespace {

constexpr int kWarp = 32;
constexpr int kThreads = 512 * kWarp;
constexpr int kMostTrips = 512;
constexpr int kBlockThreads = 256;
constexpr int kBarriers = 20000;

/// Words lie in i32 tensors: the same bits.
struct Divergence {
  std::vector<std::int32_t> trips = std::vector<std::int32_t>(kThreads);
  std::vector<std::uint32_t> seeds = std::vector<std::uint32_t>(kThreads), host_out = seeds;
  Tensor device_trips, device_seeds, device_out;
  double warp_iterations = 0, lane_iterations = 0;

  Divergence() {
    std::uint32_t word = 1;
    for (std::size_t i = 0; i < kThreads; ++i) {
      word = word * 1664525u + 1013904223u;
      trips[i] = 1 + static_cast<std::int32_t>((word >> 16) % kMostTrips);
      seeds[i] = word;
      lane_iterations += trips[i];
    }
    for (auto warp = trips.begin(); warp != trips.end(); warp += kWarp)
      warp_iterations += *std::max_element(warp, warp + kWarp);
    device_trips = Tensor::from_host(trips, {kThreads});
    device_seeds =
        Tensor::from_host(std::vector<std::int32_t>(seeds.begin(), seeds.end()), {kThreads});
    device_out = Tensor::zeros({kThreads}, Dtype::i32);
  }
  void on_device() {
    divergent_loop(static_cast<const std::uint32_t*>(device_seeds.data()),
                   device_trips.data_as<int>(), static_cast<std::uint32_t*>(device_out.data()),
                   kThreads);
    PLUMB_CUDA(cudaDeviceSynchronize());
  }
  void on_host() { divergent_scalar(seeds.data(), trips.data(), host_out.data(), kThreads); }
};

void run_divergent(benchmark::State& state, Row& row) {
  Divergence problem;
  problem.on_device();
  problem.on_host();
  const auto got = problem.device_out.to_host<std::int32_t>();
  for (std::size_t i = 0; i < kThreads; ++i)
    if (static_cast<std::uint32_t>(got[i]) != problem.host_out[i])
      throw WrongResult(row.id + ": thread " + std::to_string(i) + " ends at another word");
  const auto nanoseconds = [&](double seconds) { return 1e9 * seconds / problem.warp_iterations; };
  const Timed peer = timed([&] {
    problem.on_host();
    asm volatile("" : : "r"(problem.host_out.data()) : "memory");
  });
  measure(state, row, timed([&] { problem.on_device(); }), peer, nanoseconds);
  char text[80];
  std::snprintf(text, sizeof text, "instructions: 6 for %.1f of 32 lanes",
                problem.lane_iterations / problem.warp_iterations);
  row.bound = text;
}

void run_barrier(benchmark::State& state, Row& row) {
  const Tensor out = Tensor::zeros({kBlockThreads}, Dtype::i32);
  const auto pass = [&] {
    pass_barriers(1, kBarriers, out.data_as<int>());
    PLUMB_CUDA(cudaDeviceSynchronize());
  };
  pass();
  for (const std::int32_t passed : out.to_host<std::int32_t>())
    if (passed != kBarriers)
      throw WrongResult(row.id + ": a thread passed " + std::to_string(passed) +
                        " barriers, want " + std::to_string(kBarriers));
  measure(state, row, timed(pass), {}, [](double seconds) { return 1e9 * seconds / kBarriers; });
  row.bound = "latency: leaves and enters the code of 8 warps";
}

}  // namespace

void add_control_rows(Rows& rows) {
  Row divergent;
  divergent.id = "divergent_loop/t16384/trips512";
  divergent.unit = "ns a warp iteration";
  divergent.peer = "plain C++, lane after lane";
  divergent.goal = {10, 12};
  rows.add(divergent, run_divergent);
  Row barrier;
  barrier.id = "barrier/t256";
  barrier.unit = "ns a barrier";
  barrier.goal = {100, 100};
  rows.add(barrier, run_barrier);
}

}  // namespace plumb::bench
