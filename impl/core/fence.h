// fence.h - guard words behind an allocation: a write past its end is found and named.
#pragma once

#include <cstddef>
#include <string>

#include "impl/core/stream.h"

namespace plumb {

inline constexpr std::size_t kFenceWords = 16;
inline constexpr std::size_t kFenceBytes = kFenceWords * 4;

/// Fills the `bytes` at `memory` with 0xff (a NaN in every floating dtype) and the kFenceBytes
/// behind them with 0xfeedface. Queued on `stream`. Throws CudaError.
void raise_fence(void* memory, std::size_t bytes, Stream stream);

/// "guard word 0 of 16 is 0x3f800000, want 0xfeedface" for the first word that was written, or
/// nothing. Waits for the device, so that work on any stream has been seen. Throws CudaError.
std::string fence_damage(const void* memory, std::size_t bytes);

}  // namespace plumb
