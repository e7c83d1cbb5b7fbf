// fence.h - guard words behind an allocation: a write past its end is found and named.
#pragma once

#include <cstddef>
#include <string>

#include "impl/core/stream.h"

namespace plumb {

inline constexpr std::size_t kFenceWords = 16;
inline constexpr std::size_t kFenceBytes = kFenceWords * 4;

/// What new memory is filled with, byte by byte: a NaN in every floating dtype, or a large number.
enum class Poison : unsigned char { nan = 0xff, large = 0x77 };

/// Fills the `bytes` at `memory` with the poison and the kFenceBytes behind them with 0xfeedface.
/// Queued on `stream`. Throws CudaError.
void raise_fence(void* memory, std::size_t bytes, Poison poison, Stream stream);

/// "guard word 0 of 16 is 0x3f800000, want 0xfeedface" for the first word that was written, or
/// nothing. Waits for the device, so that work on any stream has been seen. Throws CudaError.
std::string fence_damage(const void* memory, std::size_t bytes);

}  // namespace plumb
