// peers.h - which device may reach whose memory, as the program said.
#pragma once

namespace vgpu::runtime {

inline constexpr int kFirstBus = 1;  // PCI bus of device 0

/// cudaDeviceReset: the current device's access to others, and theirs to it.
void forget_peers();

}  // namespace vgpu::runtime
