// registry.h - the program's fat binaries, kernels and variables, as its start-up code registers
// them.
#pragma once

#include <cstddef>

#include "vgpu/machine/machine.h"

namespace vgpu::runtime {

/// The profile of the virtual device.
const Profile& current_profile();

/// cudaSetDevice's choice of this thread.
int current_device();

/// The kernel behind a host function or a cudaKernel_t. Its module is loaded at the first question.
/// Throws ApiError for an address that is no kernel and when no PTX in the binary suits the device,
/// Fault for PTX that is not understood.
Kernel& kernel_of(const void* function);
/// Bytes of dynamic shared memory that cudaFuncSetAttribute allowed a kernel; else 48 KiB less its
/// static memory.
std::size_t dynamic_shared_limit(const void* function);
/// The host function behind a cudaKernel_t of ours: what the real runtime knows it by.
const void* host_function(const void* kernel);
/// The address of a __device__ or __constant__ variable from its host shadow; null when there is
/// none.
void* variable_address(const void* symbol, std::size_t* bytes);

}  // namespace vgpu::runtime
