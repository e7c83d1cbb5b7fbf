// matmul.cpp - the product of two 512 x 512 matrices, f32: with the op linear's kernel, with the
// tile of a first CUDA lesson, and over two cores.
#include "bench/vgpu/kernels.h"
#include "bench/vgpu/rows.h"
#include "impl/core/cuda_error.h"
#include "impl/ops/linear.h"

namespace plumb::bench {
namespace {

constexpr int kEdge = 512;
constexpr double kFlops = 2.0 * kEdge * kEdge * kEdge;
constexpr std::size_t kElements = std::size_t{kEdge} * kEdge;

double gflops(double seconds) { return kFlops / seconds / 1e9; }

struct Problem {
  std::vector<float> host_a = std::vector<float>(kElements), host_b = host_a;
  Tensor a, b, c;
  bool tile16;

  explicit Problem(bool naive_tile) : tile16(naive_tile) {
    for (std::size_t i = 0; i < kElements; ++i) {
      host_a[i] = static_cast<float>(i * 7 % 31) / 16 - 1;  // dyadic: every sum is exact
      host_b[i] = static_cast<float>(i * 11 % 29) / 16 - 1;
    }
    a = Tensor::from_host(host_a, {kEdge, kEdge});
    b = Tensor::from_host(host_b, {kEdge, kEdge});
    c = Tensor::empty({kEdge, kEdge}, Dtype::f32);
  }
  /// a b for the tile, a b^T for linear.
  void multiply() {
    if (tile16)
      multiply_tile16(a.data_as<float>(), b.data_as<float>(), c.data_as<float>(), kEdge);
    else
      c = linear_forward(a, b, nullptr);
    PLUMB_CUDA(cudaDeviceSynchronize());
  }
  std::vector<float> expected() const {
    std::vector<float> out(kElements);
    for (std::size_t i = 0; i < kEdge; ++i)
      for (std::size_t k = 0; k < kEdge; ++k)
        for (std::size_t j = 0; j < kEdge; ++j)
          out[i * kEdge + j] +=
              host_a[i * kEdge + k] * (tile16 ? host_b[k * kEdge + j] : host_b[j * kEdge + k]);
    return out;
  }
};

void run_against_libtorch(benchmark::State& state, Row& row, bool tile16) {
  Problem problem(tile16);
  problem.multiply();
  require_close(row, problem.c.to_host<float>(), problem.expected(), 0);
  set_peer(row, "sgemm");
  const Timed peer =
      LibTorch::get().timing("time.mm", {{"m", kEdge}, {"n", kEdge}, {"k", kEdge}}, row.threads);
  measure(state, row, timed([&] { problem.multiply(); }), peer, gflops);
  set_fma_bound(row, row.figure->median);
}

/// Two threads against one.
void run_scaling(benchmark::State& state, Row& row) {
  Problem problem(false);
  problem.multiply();
  require_close(row, problem.c.to_host<float>(), problem.expected(), 0);
  const Timed one = [&](std::int64_t repeats) {
    const DeviceThreads threads(1);
    return timed([&] { problem.multiply(); })(repeats);
  };
  measure(state, row, timed([&] { problem.multiply(); }), one, gflops);
  set_fma_bound(row, row.figure->median);
}

}  // namespace

void add_matmul_rows(Rows& rows) {
  for (const int threads : {1, 2}) {
    Row linear;
    linear.id = "linear/forward/f32/r512_i512_o512";
    linear.threads = threads;
    linear.unit = "GFLOP/s";
    linear.judged = Judged::speed_ratio;
    linear.goal = {0.2, 0.15, /*at_most=*/false};
    rows.add(linear,
             [](benchmark::State& state, Row& row) { run_against_libtorch(state, row, false); });
  }
  Row scaling;
  scaling.id = "linear/forward/f32/r512_i512_o512/scaling";
  scaling.threads = 2;
  scaling.unit = "GFLOP/s";
  scaling.peer = "the same on 1 thread";
  scaling.judged = Judged::speed_ratio;
  scaling.goal = {1.85, 1.8, /*at_most=*/false};
  rows.add(scaling, run_scaling);
  for (const int threads : {1, 2}) {
    Row tile;
    tile.id = "tile16_matmul/f32/n512";
    tile.threads = threads;
    tile.unit = "GFLOP/s";
    if (threads == 1) tile.goal = {15, 15, /*at_most=*/false};
    rows.add(tile,
             [](benchmark::State& state, Row& row) { run_against_libtorch(state, row, true); });
  }
}

}  // namespace plumb::bench
