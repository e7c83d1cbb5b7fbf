#include "bench/ops/op_timing.h"

#include <fmt/format.h>

#include <chrono>

#include "bench/common/peer.h"
#include "golden/harness/device_arrays.h"
#include "golden/harness/verdict.h"
#include "impl/core/cuda_error.h"

namespace plumb::bench {
namespace {

using golden::Case;
using golden::Outcome;

/// While it lives a case of the op runs the very call that is timed.
class JudgedAsTimed {
 public:
  explicit JudgedAsTimed(const Case& c) : name_(c.id.op), op_(golden::find_op(name_)) {
    const bool differs = c.id.direction == "backward" && find_bench(name_).backward != nullptr;
    if (!differs) return;
    op_.run = [](const Case& judged, const golden::Inputs& inputs) {
      return find_bench(judged.id.op).backward(judged, inputs)();
    };
    golden::replace_op(name_, &op_);
    replaced_ = true;
  }
  JudgedAsTimed(const JudgedAsTimed&) = delete;
  JudgedAsTimed& operator=(const JudgedAsTimed&) = delete;
  ~JudgedAsTimed() {
    if (replaced_) golden::replace_op(name_, nullptr);
  }

 private:
  std::string name_;
  golden::Op op_;
  bool replaced_ = false;
};

/// Mean seconds of calls that are queued one after another and waited for at the end.
Timed timed_call(const Call& call) {
  return [&call](std::int64_t repeats) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < repeats; ++i) call();
    PLUMB_CUDA(cudaDeviceSynchronize());
    return std::chrono::duration<double>(Clock::now() - start).count() /
           static_cast<double>(repeats);
  };
}

Timed peer_of(const Case& c, const OpRun& run) {
  if (!run.with_peer) return {};
  nlohmann::json recipes = nlohmann::json::array();
  for (const golden::Recipe& recipe : c.inputs) recipes.push_back(golden::to_json(recipe));
  return LibTorch::get().timing("op.time",
                                {{"op", c.id.op},
                                 {"direction", c.id.direction},
                                 {"dtype", c.id.dtype},
                                 {"attributes", c.attributes},
                                 {"inputs", recipes}},
                                run.threads);
}

/// What one call launches and holds.
void count_once(const Call& call, OpRow& row) {
  call();  // compiled and loaded
  PLUMB_CUDA(cudaDeviceSynchronize());
  Allocator::get().reset_peaks();
  const vgpu::LaunchStatistics before = vgpu::launch_statistics();
  call();
  PLUMB_CUDA(cudaDeviceSynchronize());
  const vgpu::LaunchStatistics after = vgpu::launch_statistics();
  row.peak_bytes = Allocator::get().figures().peak;
  if (!row.emulated) return;
  row.counts = vgpu::LaunchStatistics{after.launches - before.launches,
                                      after.blocks - before.blocks, after.threads - before.threads};
}

void add_counters(benchmark::State& state, const OpRow& row) {
  state.SetLabel(row.device + (row.emulated ? " (virtual GPU)" : ""));
  state.counters["GB/s"] = row.gb_per_s();
  state.counters["GFLOP/s"] = row.gflops();
  state.counters["share_of_limit"] = row.share();
  if (row.ratio) state.counters["time_ratio_to_libtorch"] = row.ratio->median;
}

}  // namespace

std::string require_right(const Case& c, const OpRun& run) {
  const golden::Answer answer = run.libtorch.answer(c);
  const JudgedAsTimed judged(c);
  const golden::CaseVerdict verdict = golden::judge(c, answer);
  Allocator::get().set_fences(false);
  if (verdict.outcome == Outcome::pass || verdict.outcome == Outcome::golden_degraded)
    return golden::name_of(verdict.outcome);
  throw WrongResult(fmt::format("{}: {}: {}: not timed", c.text, golden::name_of(verdict.outcome),
                                verdict.reason));
}

OpRow time_case(const BenchCase& bench, std::int64_t batch, const OpRun& run,
                benchmark::State& state) {
  const Case c = golden::make_case(bench.id);
  OpRow row;
  row.id = c.id;
  row.batch = batch;
  row.device = run.device;
  row.emulated = run.emulated;
  row.bytes = bench.bytes;
  row.flops = bench.flops;
  row.verdict = require_right(c, run);
  const golden::InputSet inputs(c);
  const Call call = prepare(c, inputs.tensors());
  count_once(call, row);
  Alternation rounds(timed_call(call), peer_of(c, run));
  for ([[maybe_unused]] auto _ : state) state.SetIterationTime(rounds.round());
  row.rounds = static_cast<int>(rounds.ours().size());
  row.seconds = spread_of(rounds.ours());
  if (run.with_peer) {
    row.libtorch_seconds = spread_of(rounds.peers());
    row.ratio = spread_of(rounds.ratios());
  }
  const double launches = row.counts ? static_cast<double>(row.counts->launches) : 1;
  row.floors = floors_of(run.limits, c.dtype, row.bytes, row.flops, launches);
  add_counters(state, row);
  return row;
}

}  // namespace plumb::bench
