// device_probes.h - kernels that show what the device can do at most.
#pragma once

#include "bench/common/limits.h"

namespace plumb::bench {

/// Of a kernel of one block that does nothing, many queued at once; the fastest of several runs.
double launch_seconds();

/// Of a copy from the device's memory to the device's memory, as measure_copy has it. For GPUs: on
/// the virtual one it is the C library's.
MoveTime measure_device_copy();

/// GFLOP/s of fma in registers, all multiprocessors full. The fastest of several runs. `Number`:
/// float or double.
template <class Number>
double device_fma_gflops();

}  // namespace plumb::bench
