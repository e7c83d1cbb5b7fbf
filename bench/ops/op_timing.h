// op_timing.h - times a call of an op beside LibTorch's, after it was found right.
#pragma once

#include <benchmark/benchmark.h>

#include <stdexcept>
#include <string>

#include "bench/ops/op_row.h"
#include "golden/harness/libtorch.h"

namespace plumb::bench {

/// A result was wrong: nothing is timed then.
struct WrongResult : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What all rows of a run share.
struct OpRun {
  std::string device;          // "vgpu:0"
  bool emulated;               // a virtual GPU
  int threads;                 // of the virtual GPU and of LibTorch
  bool with_peer;              // LibTorch is timed too
  golden::LibTorch& libtorch;  // says what is right
  DeviceLimits limits;
};

/// The outcome of the call that prepare() returns, judged as `plumbline verify` judges the case,
/// against LibTorch asked now. Throws WrongResult with the failure's text and a line that repeats
/// it, and client::Error.
std::string require_right(const golden::Case& c, const OpRun& run);

/// require_right, then one round an iteration of `state`.
OpRow time_case(const BenchCase& bench, std::int64_t batch, const OpRun& run,
                benchmark::State& state);

}  // namespace plumb::bench
