// graph_memory.h - memory of a graph's allocation nodes: its address stands from the node on, it is
// in use between the node's run and a free.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace vgpu::runtime {

class GraphMemory {
 public:
  /// On the current device. Throws ApiError (cudaErrorMemoryAllocation).
  explicit GraphMemory(std::size_t bytes);
  /// What is still in use stays until the program frees it.
  ~GraphMemory();
  GraphMemory(const GraphMemory&) = delete;
  GraphMemory& operator=(const GraphMemory&) = delete;

  void* address() const { return address_; }
  std::size_t bytes() const { return bytes_; }
  bool in_use() const;
  /// cudaErrorInvalidValue when it is in use already, cudaErrorMemoryAllocation beyond the limit.
  cudaError_t begin();

 private:
  void* address_ = nullptr;
  std::size_t bytes_;
};

}  // namespace vgpu::runtime
