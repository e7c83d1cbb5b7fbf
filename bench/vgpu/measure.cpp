#include "bench/vgpu/measure.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <future>
#include <map>
#include <thread>

#include "bench/vgpu/host_loops.h"
#include "vgpu/machine/machine.h"

namespace plumb::bench {
namespace {

constexpr double kRoundSeconds = 0.01;
constexpr std::int64_t kMostRepeats = 10000;
/// Threads of a peer may spin for a while after their work; they would take the core from ours.
constexpr auto kPauseAfterPeer = std::chrono::milliseconds(10);

std::int64_t repeats_for(double seconds) {
  const double wanted = std::ceil(kRoundSeconds / std::max(seconds, 1e-9));
  return std::clamp(static_cast<std::int64_t>(wanted), std::int64_t{1}, kMostRepeats);
}

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

/// What so many cores do at once: on a shared machine less than that many times one core's.
double peak_of(int threads) {
  static std::map<int, double> known;
  if (const auto found = known.find(threads); found != known.end()) return found->second;
  std::vector<std::future<double>> cores;
  for (int i = 0; i < threads; ++i)
    cores.push_back(std::async(std::launch::async, [] { return peak_gflops(); }));
  double sum = 0;
  for (auto& core : cores) sum += core.get();
  return known[threads] = sum;
}

}  // namespace

Timed timed(std::function<void()> body) {
  return [body = std::move(body)](std::int64_t repeats) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    for (std::int64_t i = 0; i < repeats; ++i) body();
    return std::chrono::duration<double>(Clock::now() - start).count() /
           static_cast<double>(repeats);
  };
}

void measure(benchmark::State& state, Row& row, const Timed& ours, const Timed& peer,
             const std::function<double(double seconds)>& figure_of) {
  std::vector<double> our_seconds, peer_seconds, ratios;
  const auto run_peer = [&](std::int64_t repeats) {
    const double seconds = peer(repeats);
    std::this_thread::sleep_for(kPauseAfterPeer);
    return seconds;
  };
  ours(1);
  const std::int64_t our_repeats = repeats_for(ours(1));
  std::int64_t peer_repeats = 1;
  if (peer) run_peer(1), peer_repeats = repeats_for(run_peer(1));
  bool peer_first = false;
  for ([[maybe_unused]] auto _ : state) {
    double theirs = 0;
    if (peer && peer_first) theirs = run_peer(peer_repeats);
    const double mine = ours(our_repeats);
    if (peer && !peer_first) theirs = run_peer(peer_repeats);
    peer_first = !peer_first;
    state.SetIterationTime(mine);
    our_seconds.push_back(mine);
    if (peer) peer_seconds.push_back(theirs), ratios.push_back(mine / theirs);
  }
  row.rounds = static_cast<int>(our_seconds.size());
  row.figure = figures_of(our_seconds, figure_of);
  if (peer) row.peer_figure = figures_of(peer_seconds, figure_of), row.ratio = spread_of(ratios);
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
  const double peak = peak_of(row.threads);
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
