// functions.h - limits of a kernel on a device.
#pragma once

#include <cuda_runtime_api.h>

#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {

inline constexpr int kMostThreads = 1024, kRegistersOfABlock = 65536;

/// Bytes of shared memory that the system keeps of each block's.
inline std::size_t reserved_shared(const Profile& p) { return p.major >= 8 ? 1024 : 0; }

/// Blocks of a kernel that fit on an SM at once; 0: none does.
int blocks_per_sm(const KernelInfo& info, int threads, std::size_t dynamic_shared);

/// cudaFuncSetAttribute on the current device.
cudaError_t set_function_attribute(KernelRecord& record, cudaFuncAttribute attribute, int value);

}  // namespace vgpu::runtime
