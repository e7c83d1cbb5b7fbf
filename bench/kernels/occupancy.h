// occupancy.h - how many blocks of a kernel an SM holds, and what keeps it from more: NVIDIA's own
// calculator (cuda_occupancy.h), which needs no GPU.
#pragma once

#include <cstdint>
#include <string>

#include "bench/kernels/machine_code.h"
#include "vgpu/machine/profile.h"

namespace plumb::bench {

struct Occupancy {
  int blocks_per_sm = 0;   // 0: the kernel cannot run there
  double warps_share = 0;  // of the warps that an SM can hold
  std::string limits;      // "registers", "warps, shared memory"
};

/// Throws plumb::Error for a device that the calculator does not know.
Occupancy occupancy(const vgpu::Profile& device, const MachineCode& code, int threads,
                    std::uint64_t dynamic_shared_bytes);

}  // namespace plumb::bench
