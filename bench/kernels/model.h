// model.h - the time that a GPU would need for what a launch did, were one of its units alone busy.
//
// A lower bound, modelled and never measured: no launch, no latency, no cache that misses. Each
// byte of global memory moves once.
#pragma once

#include <string>

#include "vgpu/machine/profile.h"
#include "vgpu/observe/counters.h"

namespace plumb::bench {

struct Modelled {
  double seconds = 0;
  std::string bound;  // "dram", "issue", "f32", "f64", "special", "l1", "shared"
};

/// Of all launches together. Blocks that are fewer than the SMs keep the others idle.
Modelled modelled_time(const vgpu::Profile& device, const vgpu::observe::Counters& counters);

}  // namespace plumb::bench
