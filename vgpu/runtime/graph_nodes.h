// graph_nodes.h - a node's work from what CUDA's structures say, and back.
#pragma once

#include "vgpu/runtime/graph.h"

namespace vgpu::runtime {

/// The places of a kernel's arguments inside one buffer.
std::vector<void*> argument_places(const KernelInfo& info, std::uint8_t* buffer);

/// `out` gets the work that the parameters describe. Throws ApiError for a kernel that is none;
/// else the code says what is wrong.
cudaError_t work_of(const cudaKernelNodeParams* parameters, Work* out);
cudaError_t work_of(const cudaMemcpy3DParms* parameters, Work* out);
cudaError_t work_of(const cudaMemsetParams* parameters, Work* out);
cudaError_t work_of(const cudaHostNodeParams* parameters, Work* out);
cudaError_t work_of(cudaMemAllocNodeParams* parameters, Work* out);
cudaError_t work_of_child(cudaGraph_t child, Work* out);
cudaError_t work_of_event(cudaEvent_t event, bool is_record, Work* out);
cudaError_t work_to_symbol(const void* symbol, const void* from, std::size_t bytes,
                           std::size_t offset, cudaMemcpyKind kind, Work* out);
cudaError_t work_from_symbol(void* to, const void* symbol, std::size_t bytes, std::size_t offset,
                             cudaMemcpyKind kind, Work* out);
cudaError_t work_of_copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                         Work* out);
cudaError_t work_of_any(cudaGraphNodeParams* parameters, Work* out);

/// Adds the node when `code` says that its work is right.
cudaError_t add(cudaGraphNode_t* out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                std::size_t count, cudaError_t code, Work work);

/// Whether a node's work may become another: the same type; a free, an allocation and a child that
/// has another form may not.
cudaError_t change(Node* node, cudaError_t code, Work work);

}  // namespace vgpu::runtime
