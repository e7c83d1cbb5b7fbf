// memory.h - device memory: host memory that the virtual device owns, counted against its limit.
#pragma once

#include <cstddef>

namespace vgpu::runtime {

/// Bytes that the device may hand out: DeviceChoice::memory_bytes, else the profile's.
std::size_t memory_limit();

/// cudaDeviceReset.
void free_everything();

/// Makes a module's variable known to the pointer queries and the checks of copies.
void note_variable(void* address, std::size_t bytes);

}  // namespace vgpu::runtime
