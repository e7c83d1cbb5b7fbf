// device_limits.h - what the device can do at most, measured in the same run: bytes, operations,
// launches; and which of them a call is held by.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/common/limits.h"
#include "impl/core/dtype.h"

namespace plumb::bench {

struct DeviceLimits {
  MoveTime move;          // of a copy
  double gflops_f32 = 0;  // of fma; halves are summed in f32 too
  double gflops_f64 = 0;
  double launch_seconds = 0;  // of a kernel that does nothing
};

/// Of the virtual GPU: what `threads` cores do in plain C++ compiled for this very processor, and
/// a launch of its own. Of a GPU: copies on the device, kernels of fma, launches one after another.
DeviceLimits measure_limits(bool is_virtual, int threads);

nlohmann::ordered_json to_json(const DeviceLimits& limits);

/// The least seconds of a call by each limit.
struct Floors {
  double bytes = 0, flops = 0, launch = 0;

  /// The largest of them and its name: "bytes", "flops" or "launch".
  double seconds() const;
  const char* limit() const;
};
Floors floors_of(const DeviceLimits& limits, Dtype dtype, double bytes, double flops,
                 double launches);

}  // namespace plumb::bench
