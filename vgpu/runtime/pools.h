// pools.h - stream-ordered memory and the pool that it came from.
#pragma once

namespace vgpu::runtime {

/// Memory was freed; that of no pool is nothing.
void left_pool(const void* memory);
/// All of a device's memory was.
void forget_pieces(int device);

}  // namespace vgpu::runtime
