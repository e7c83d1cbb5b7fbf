// answer.h - what LibTorch says an output is: in f64 on inputs that the tested dtype holds, and how
// far its own run in the dtype is from that.
#pragma once

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/cases/host_array.h"

namespace plumb::golden {

/// One output. Of a large one a sample of the elements is kept (sample_of).
struct Expected {
  Shape shape;
  Dtype dtype = Dtype::f32;         // of our output
  std::vector<std::size_t> sample;  // places of `want`; empty: all, in order
  std::vector<double> want;
  /// Magnitudes g(K) S: rounding may move an element by 4 u times as much. Empty: no rounding.
  std::vector<double> magnitude;
  double floor = 0;  // of gate G3 in f32, verdicts b.3
  /// Relative L2 error of LibTorch's own run: in the tested dtype, and in f32 on the same inputs,
  /// with everything on and in the recording set-up. NaN: unknown.
  double own = kUnknown, f32_stock = kUnknown, f32_recording = kUnknown;

  static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::size_t place(std::size_t k) const { return sample.empty() ? k : sample[k]; }
};

struct Answer {
  std::map<std::string, Expected> outputs;
  nlohmann::json versions;  // of the LibTorch that answered
};

/// Places of the elements that are kept of an output: all of them up to kMostKept, else the first
/// and the last 64 and others drawn from the case's id, ascending.
std::vector<std::size_t> sample_of(const std::string& id, const std::string& output,
                                   std::size_t count);
inline constexpr std::size_t kMostKept = 2048;

}  // namespace plumb::golden
