// memory.h - device memory: host memory that a virtual device owns, counted against its limit.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>

namespace vgpu::runtime {

enum class MemoryKind { device, managed, host, registered, variable };

/// Bytes that a device may hand out: DeviceChoice::memory_bytes, else the profile's.
std::size_t memory_limit();

/// Memory of the current device, poisoned. 0 bytes give a null pointer. Device and managed memory
/// count.
cudaError_t allocate(void** out, std::size_t bytes, MemoryKind kind);
/// Gives back what allocate() gave; null is nothing.
cudaError_t release(void* memory, bool host);
/// Rows of a pitched allocation are this many bytes apart.
std::size_t pitch_of(std::size_t width);
/// width * height * depth, or SIZE_MAX when that is larger.
std::size_t saturated_bytes(std::size_t width, std::size_t height, std::size_t depth);

/// Bytes of the current device in use now, and at most since reset_peak_use().
std::uint64_t memory_in_use();
std::uint64_t peak_memory_in_use();
void reset_peak_use();

/// Whether [address, address + bytes) lies inside one allocation. Memory that is not known passes
/// as the host's unless `must_be_device`.
bool is_inside_one_allocation(const void* address, std::size_t bytes, bool must_be_device);

/// cudaDeviceReset.
void free_everything();

/// Makes a module's variable known to the pointer queries and the checks of copies.
void note_variable(void* address, std::size_t bytes);
/// The module is gone and its memory with it; null is nothing.
void forget_variable(const void* address);

}  // namespace vgpu::runtime
