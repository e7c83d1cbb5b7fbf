// error_texts.h - names and texts of CUDA's error codes.
#pragma once

#include <cuda_runtime_api.h>

namespace vgpu::runtime {

/// As cudaGetErrorName and cudaGetErrorString say them.
const char* error_name(cudaError_t code);
const char* error_text(cudaError_t code);

}  // namespace vgpu::runtime
