#include "bench/vgpu/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/common/limits.h"
#include "vgpu/machine/machine.h"

namespace plumb::bench {
namespace {

Spread figures_of(const std::vector<double>& seconds,
                  const std::function<double(double)>& figure_of) {
  std::vector<double> figures;
  for (const double s : seconds) figures.push_back(figure_of(s));
  return spread_of(figures);
}

void add_counters(benchmark::State& state, const Row& row) {
  state.counters["figure"] = row.figure->median;
  state.counters["goal"] = row.goal.goal;
  state.counters["limit"] = row.goal.limit;
  if (row.peer_figure) state.counters["peer"] = row.peer_figure->median;
  if (const auto value = judged_value(row)) state.counters["judged"] = *value;
  if (row.ratio) {
    state.counters["time_ratio"] = row.ratio->median;
    state.counters["time_ratio_low"] = row.ratio->low;
    state.counters["time_ratio_high"] = row.ratio->high;
  }
}

}  // namespace

void set_peer(Row& row, const std::string& operation) {
  row.peer = "LibTorch's " + operation;
  if (!LibTorch::get().available()) row.no_peer = LibTorch::get().reason();
}

void measure(benchmark::State& state, Row& row, const Timed& ours, const Timed& peer,
             const std::function<double(double seconds)>& figure_of) {
  Alternation rounds(ours, peer);
  for ([[maybe_unused]] auto _ : state) state.SetIterationTime(rounds.round());
  row.rounds = static_cast<int>(rounds.ours().size());
  row.figure = figures_of(rounds.ours(), figure_of);
  if (peer) {
    row.peer_figure = figures_of(rounds.peers(), figure_of);
    row.ratio = spread_of(rounds.ratios());
  }
  add_counters(state, row);
}

void measure_once_a_round(benchmark::State& state, Row& row, const std::function<double()>& ours,
                          const std::function<double(double seconds)>& figure_of) {
  std::vector<double> seconds;
  for ([[maybe_unused]] auto _ : state) {
    seconds.push_back(ours());
    state.SetIterationTime(seconds.back());
  }
  row.rounds = static_cast<int>(seconds.size());
  row.figure = figures_of(seconds, figure_of);
  add_counters(state, row);
}

void set_fma_bound(Row& row, double gflops) {
  const double peak = fma_gflops<float>(row.threads);
  row.bound = fmt::format("{:.0f} GFLOP/s of fma", peak);
  row.bound_share = gflops / peak;
}

DeviceThreads::DeviceThreads(int threads) : before_(vgpu::settings().threads) {
  vgpu::settings().threads = threads;
}

DeviceThreads::~DeviceThreads() { vgpu::settings().threads = before_; }

void require_close(const Row& row, const std::vector<float>& got, const std::vector<float>& want,
                   double tolerance) {
  if (got.size() != want.size())
    throw WrongResult(fmt::format("{}: {} results, want {}", row.id, got.size(), want.size()));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(double{got[i]} - double{want[i]});
    const double magnitude = std::max(std::fabs(got[i]), std::fabs(want[i]));
    if (difference <= tolerance * magnitude) continue;  // false for a NaN
    throw WrongResult(
        fmt::format("{}: element {} is {}, want {}: not timed", row.id, i, got[i], want[i]));
  }
}

}  // namespace plumb::bench
