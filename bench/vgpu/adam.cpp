// adam.cpp - one Adam step over 1,048,576 elements, f32.
#include "bench/vgpu/kernels.h"
#include "bench/vgpu/rows.h"
#include "impl/core/cuda_error.h"
#include "impl/core/tensor.h"

namespace plumb::bench {
namespace {

constexpr std::int64_t kCount = 1 << 20;
constexpr const char* kId = "adam/step/f32/n1048576";

/// Parameter, gradient and moments: on the device, and on the host for the plain loop.
struct Problem {
  Tensor param = Tensor::full({kCount}, 1, Dtype::f32);
  Tensor grad, exp_avg = Tensor::zeros({kCount}, Dtype::f32),
               exp_avg_sq = Tensor::zeros({kCount}, Dtype::f32);
  std::vector<float> host_param, host_grad, host_exp_avg, host_exp_avg_sq;
  int device_steps = 0, host_steps = 0;

  Problem()
      : host_param(kCount, 1), host_grad(kCount), host_exp_avg(kCount), host_exp_avg_sq(kCount) {
    for (std::int64_t i = 0; i < kCount; ++i)
      host_grad[static_cast<std::size_t>(i)] = static_cast<float>(i % 1021 - 510) / 512;
    grad = Tensor::from_host(host_grad, {kCount});
  }
  void device_step() {
    adam_step({param.data_as<float>(), exp_avg.data_as<float>(), exp_avg_sq.data_as<float>(),
               grad.data_as<float>()},
              kCount, adam_options(++device_steps));
    PLUMB_CUDA(cudaDeviceSynchronize());
  }
  void host_step() {
    adam_loop({host_param.data(), host_exp_avg.data(), host_exp_avg_sq.data(), host_grad.data()},
              kCount, adam_options(++host_steps));
  }
};

/// Both start from the same and go 3 steps; the compilers may contract differently.
void verify(const Row& row) {
  Problem problem;
  for (int step = 0; step < 3; ++step) problem.device_step(), problem.host_step();
  require_close(row, problem.param.to_host<float>(), problem.host_param, 1e-6);
  require_close(row, problem.exp_avg_sq.to_host<float>(), problem.host_exp_avg_sq, 1e-6);
}

void run(benchmark::State& state, Row& row, bool against_loop) {
  verify(row);
  Problem problem;
  Timed peer;
  if (against_loop) {
    peer = timed([&] { problem.host_step(); });
  } else {
    set_peer(row, "fused Adam");
    peer = LibTorch::get().timing("time.adam", {{"count", kCount}}, row.threads);
  }
  const double bound = adam_traffic_seconds(kCount) / row.threads;
  row.bound =
      "7 arrays of 4 MiB through one core" + std::string(row.threads > 1 ? ", times 2" : "");
  measure(state, row, timed([&] { problem.device_step(); }), peer,
          [](double seconds) { return 1e3 * seconds; });
  row.bound_share = 1e3 * bound / row.figure->median;
}

}  // namespace

void add_adam_rows(Rows& rows) {
  Row loop;
  loop.id = std::string(kId) + "/peer_cpp";
  loop.unit = "ms";
  loop.peer = "plain C++ loop";
  loop.judged = Judged::time_ratio;
  loop.goal = {1.3, 1.5};
  rows.add(loop, [](benchmark::State& state, Row& row) { run(state, row, true); });
  for (const int threads : {1, 2}) {
    Row torch = loop;
    torch.id = std::string(kId) + "/peer_libtorch";
    torch.threads = threads;
    torch.goal = {1.5, 1.5};
    rows.add(torch, [](benchmark::State& state, Row& row) { run(state, row, false); });
  }
}

}  // namespace plumb::bench
