#include "bench/common/limits.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <thread>
#include <type_traits>

namespace plumb::bench {
namespace {

constexpr int kRuns = 15;

/// Seconds of the fastest of kRuns runs, in each of which every thread does its work at once.
double fastest_together(int threads, const std::function<void(int thread)>& work) {
  using Clock = std::chrono::steady_clock;
  std::barrier meet(threads);
  const auto run = [&](int thread) {
    meet.arrive_and_wait();
    const auto start = Clock::now();
    work(thread);
    meet.arrive_and_wait();
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  std::vector<std::jthread> others;
  for (int thread = 1; thread < threads; ++thread)
    others.emplace_back([&, thread] {
      for (int i = 0; i < kRuns; ++i) run(thread);
    });
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kRuns; ++i) best = std::min(best, run(0));
  return best;
}

constexpr int kChains = 12, kTurns = 200000;  // 12 chains hide an fma's latency
// The widest register: a wider vector would live in memory, and asm's "v" could not hold it.
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

typedef float Floats __attribute__((vector_size(kVectorBytes)));
typedef double Doubles __attribute__((vector_size(kVectorBytes)));

template <class Number>
void multiply_and_add() {
  using Vector = std::conditional_t<std::is_same_v<Number, float>, Floats, Doubles>;
  Vector chains[kChains];
  for (int c = 0; c < kChains; ++c) chains[c] = Vector{} + static_cast<Number>(c);
  Vector factor = Vector{} + static_cast<Number>(0.999), term = Vector{} + static_cast<Number>(0.5);
  asm volatile("" : "+v"(factor), "+v"(term));  // not constants
  for (int turns = 0; turns < kTurns; ++turns)
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) chains[c] = chains[c] * factor + term;
  for (const Vector& chain : chains) asm volatile("" : : "m"(chain));
}

void copy(float* __restrict out, const float* __restrict in, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) out[i] = in[i];
  asm volatile("" : : "r"(out) : "memory");
}

/// Of one copy that moves `bytes` in all.
double copy_seconds(std::size_t bytes, int threads) {
  constexpr std::size_t kBytesOfARun = std::size_t{64} << 20;
  const std::size_t count = bytes / 2 / sizeof(float) / static_cast<std::size_t>(threads);
  const std::size_t repeats = std::max<std::size_t>(1, kBytesOfARun / bytes);
  std::vector<std::vector<float>> in(threads, std::vector<float>(count, 1)), out = in;
  const double seconds = fastest_together(threads, [&](int thread) {
    for (std::size_t i = 0; i < repeats; ++i) copy(out[thread].data(), in[thread].data(), count);
  });
  return seconds / static_cast<double>(repeats);
}

}  // namespace

template <class Number>
double fma_gflops(int threads) {
  static std::map<int, double> known;
  if (const auto found = known.find(threads); found != known.end()) return found->second;
  const double seconds = fastest_together(threads, [](int) { multiply_and_add<Number>(); });
  const double flops = 2.0 * (kVectorBytes / sizeof(Number)) * kChains * kTurns * threads;
  return known[threads] = flops / seconds / 1e9;
}
template double fma_gflops<float>(int threads);
template double fma_gflops<double>(int threads);

MoveTime::MoveTime(std::vector<std::pair<double, double>> points) : points_(std::move(points)) {
  if (points_.empty()) throw std::invalid_argument("MoveTime: no points");
}

double MoveTime::seconds(double bytes) const {
  const auto above = std::find_if(points_.begin(), points_.end(),
                                  [&](const auto& point) { return point.first >= bytes; });
  if (above == points_.begin() || above == points_.end()) {
    const auto& [outer_bytes, outer_seconds] =
        above == points_.end() ? points_.back() : points_.front();
    return outer_seconds * bytes / outer_bytes;
  }
  const auto& [low, low_seconds] = *std::prev(above);
  const double place = std::log(bytes / low) / std::log(above->first / low);
  return low_seconds * std::pow(above->second / low_seconds, place);
}

MoveTime measure_copy(int threads) {
  std::vector<std::pair<double, double>> points;
  for (std::size_t bytes = std::size_t{16} << 10; bytes <= std::size_t{256} << 20; bytes *= 4)
    points.emplace_back(static_cast<double>(bytes), copy_seconds(bytes, threads));
  return MoveTime(std::move(points));
}

}  // namespace plumb::bench
