// tensor_gate.h - sizes that the tensor core kernels and their test share.
#pragma once

#include <cstdint>

namespace vgpu::gate {

constexpr unsigned kAsyncThreads = 128;  // of pipeline_primitives
constexpr unsigned kAsyncChunk = 1024;   // floats

}  // namespace vgpu::gate
