// profile.h - what a virtual device claims to be: limits and properties of real GPUs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vgpu {

struct Profile {
  std::string id;    // "h100"
  std::string name;  // cudaDeviceProp::name, says that it is virtual: "vgpu H100"
  int major, minor;  // compute capability
  int sm_count;
  std::size_t memory_bytes;
  std::size_t shared_per_block, shared_per_block_optin, shared_per_sm;
  int registers_per_sm;
  int max_threads_per_sm, max_blocks_per_sm;
  std::size_t l2_bytes;
  int clock_khz, memory_clock_khz, memory_bus_bits;
};

/// t4, a100, h100, h200, b200. Throws std::invalid_argument naming what is allowed.
const Profile& profile(const std::string& id);
const std::vector<Profile>& profiles();

}  // namespace vgpu
