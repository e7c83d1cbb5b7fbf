// limits.h - what cores of this machine can do at most, measured with plain C++ compiled for this
// very processor.
#pragma once

#include <utility>
#include <vector>

namespace plumb::bench {

/// GFLOP/s of fma in registers over so many cores at once: on a shared machine less than that many
/// times one core's. The fastest of several runs, measured at the first call. `Number`: float or
/// double.
template <class Number>
double fma_gflops(int threads);

/// How long it takes to move bytes, by their number: straight between points in logarithms, at the
/// outer points' rate beyond them.
class MoveTime {
 public:
  /// Bytes and seconds, both above 0, bytes ascending; throws std::invalid_argument for no point.
  explicit MoveTime(std::vector<std::pair<double, double>> points);
  double seconds(double bytes) const;
  const std::vector<std::pair<double, double>>& points() const { return points_; }

 private:
  std::vector<std::pair<double, double>> points_;
};

/// Of a copy out[i] = in[i] over so many cores at once; half of the bytes are read, half written.
/// The same arrays are copied again and again: what fits into a cache moves at its speed. From 16
/// KiB to 256 MiB; the fastest of several runs.
MoveTime measure_copy(int threads);

}  // namespace plumb::bench
