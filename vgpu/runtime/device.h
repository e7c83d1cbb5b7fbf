// device.h - which device the CUDA calls of this process go to. The one header of vgpu that a
// program includes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace vgpu::runtime {

inline constexpr int kMostDevices = 64;

struct DeviceChoice {
  bool is_virtual = true;        // false: every call goes to the real CUDA runtime
  std::string profile = "h100";  // see vgpu/machine/profile.h
  int count = 1;                 // virtual devices, at most kMostDevices
  std::size_t memory_bytes = 0;  // 0: the profile's
};

/// Chooses before the process's first CUDA call; throws std::logic_error after it and
/// std::invalid_argument (one line, naming what is allowed) for a profile that does not exist or a
/// count out of range. Without a call: PLUMBLINE_DEVICE ("vgpu:0", "vgpu:0:a100", "cuda:0"), else
/// vgpu:0; PLUMBLINE_VGPU_DEVICES says how many virtual ones there are. A preloaded library reads
/// the same.
void choose_device(const DeviceChoice& choice);

const DeviceChoice& device_choice();

/// The PTX of the program that a device of this compute capability (90) would run, one text for
/// each fat binary. Throws for a binary that has none.
std::vector<std::string> program_ptx(int capability);

/// What stopped the last call or launch that failed on a virtual device: kernel, instruction,
/// place. Empty: nothing yet.
std::string last_fault();

}  // namespace vgpu::runtime
