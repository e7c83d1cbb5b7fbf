// streams.h - streams and events: every piece of work is done when its call returns, in the order
// of the calls.
#pragma once

#include <cuda_runtime_api.h>

namespace vgpu::runtime {

/// Throws Fault (invalid_configuration) for a handle that is no stream.
void check_stream(cudaStream_t stream);

}  // namespace vgpu::runtime
