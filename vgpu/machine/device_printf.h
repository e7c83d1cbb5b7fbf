// device_printf.h - printf in a kernel: the format and the packed arguments that vprintf receives.
#pragma once

#include <cstdint>

namespace vgpu {

/// Prints to stdout as one piece. `values`: each argument at its natural alignment (int 4, double,
/// pointer and 64-bit integers 8 bytes). Returns the number of arguments printed, as CUDA does, or
/// -1 for a format that is null.
int device_printf(const char* format, const std::uint8_t* values);

}  // namespace vgpu
