// measure.h - times ours and a peer in alternating rounds and fills a row.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>

#include "bench/common/alternation.h"
#include "bench/common/peer.h"
#include "bench/vgpu/row.h"

namespace plumb::bench {

/// Names LibTorch as the row's peer, or says why it is missing.
void set_peer(Row& row, const std::string& operation);

/// One round of an Alternation is one iteration of `state` and counts our time alone. `figure_of`
/// turns seconds of one piece of work into the row's unit. `peer` may be empty. Fills figure,
/// peer_figure, ratio and rounds of the row, and the counters of `state`.
void measure(benchmark::State& state, Row& row, const Timed& ours, const Timed& peer,
             const std::function<double(double seconds)>& figure_of);

/// The same without repeats or warm-up: each call of `ours` is a round.
void measure_once_a_round(benchmark::State& state, Row& row, const std::function<double()>& ours,
                          const std::function<double(double seconds)>& figure_of);

/// Says how far from the fma that the row's cores could do `gflops` is.
void set_fma_bound(Row& row, double gflops);

/// Threads of the virtual GPU while it lives.
class DeviceThreads {
 public:
  explicit DeviceThreads(int threads);
  DeviceThreads(const DeviceThreads&) = delete;
  DeviceThreads& operator=(const DeviceThreads&) = delete;
  ~DeviceThreads();

 private:
  int before_;
};

/// A result was wrong: nothing is timed then.
struct WrongResult : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws WrongResult naming the row and the first element that is further than `tolerance` times
/// the larger magnitude from what it should be, or is not finite.
void require_close(const Row& row, const std::vector<float>& got, const std::vector<float>& want,
                   double tolerance);

}  // namespace plumb::bench
