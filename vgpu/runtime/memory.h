// memory.h - device memory: host memory that a virtual device owns, counted against its limit.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace vgpu::runtime {

/// `graph`: of an allocation node, whose graph owns it (graph_memory.h).
enum class MemoryKind { device, managed, host, registered, variable, managed_variable, graph };

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

/// What is known of the allocation that holds an address.
struct MemoryInfo {
  void* start;
  std::size_t bytes;
  MemoryKind kind;
  int device;
  unsigned flags;  // of host memory, as its allocation or registration gave them
};
std::optional<MemoryInfo> memory_info(const void* address);
cudaMemoryType memory_type(MemoryKind kind);

cudaError_t allocate_host(void** out, std::size_t bytes, unsigned flags);
cudaError_t register_host(void* memory, std::size_t bytes, unsigned flags);
cudaError_t unregister_host(void* memory);

/// Bytes of the current device in use now, and at most since reset_peak_use().
std::uint64_t memory_in_use();
std::uint64_t peak_memory_in_use();
void reset_peak_use();

/// Whether [address, address + bytes) lies inside one allocation. Memory that is not known passes
/// as the host's unless `must_be_device`.
bool is_inside_one_allocation(const void* address, std::size_t bytes, bool must_be_device);

/// cudaDeviceReset.
void free_everything();

/// Memory of a graph (graph_memory.h): an allocation that counts only while it is in use.
cudaError_t begin_graph_memory(void* memory);
bool is_in_use(const void* memory);
/// Its graph is gone: it goes too, at once or when the program frees it.
void abandon_graph_memory(void* memory);
struct GraphMemoryUse {
  std::uint64_t used = 0, used_high = 0, reserved = 0, reserved_high = 0;
};
GraphMemoryUse graph_memory_use(int device);
void reset_graph_memory_high(int device);

/// Makes a module's variable known to the pointer queries and the checks of copies.
void note_variable(void* address, std::size_t bytes, MemoryKind kind, int device);
/// The module is gone and its memory with it; null is nothing.
void forget_variable(const void* address);

}  // namespace vgpu::runtime
