// checked_memory.h - what the runtime tells the observers of its memory, while something is
// checked; nothing otherwise.
#pragma once

#include <cstddef>

#include "vgpu/runtime/memory.h"

namespace vgpu::runtime::checked {

/// Whether allocations need room around them, and stay for a while once they are freed.
bool memory();

/// Bytes before and behind an allocation that belong to none.
inline constexpr std::size_t kRoom = 4096;

void allocated(const void* address, std::size_t bytes, MemoryKind kind);
/// The allocation is over; accesses to it are found out for as long as it is not forgotten.
void freed(const void* address);
/// Nothing lies here any more.
void forgotten(const void* address);
/// cudaFree and its kin of what is no allocation.
void refused_free(const void* address);

void copied(const void* to, const void* from, std::size_t bytes);
void filled(const void* to, std::size_t bytes);
/// A texture object may read it.
void bound(const void* memory, std::size_t bytes);

/// Says what the checks found since the last time.
void tell();

}  // namespace vgpu::runtime::checked
