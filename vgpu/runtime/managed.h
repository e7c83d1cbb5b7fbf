// managed.h - what cudaMemAdvise and cudaMemPrefetchAsync said of a range.
#pragma once

#include <cstddef>

namespace vgpu::runtime {

/// The range is freed: what lies there next has no hints.
void forget_hints(const void* p, std::size_t bytes);

}  // namespace vgpu::runtime
