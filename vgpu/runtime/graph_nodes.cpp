// graph_nodes.cpp - nodes of every type: made, read and changed.
#include "vgpu/runtime/graph_nodes.h"

#include <cstring>

#include "vgpu/runtime/api.h"

namespace vgpu::runtime {
namespace {

/// The node if it is of this kind.
template <class Kind>
Kind* work_in(cudaGraphNode_t handle) {
  Node* const node = node_of(handle);
  return node ? std::get_if<Kind>(&node->work) : nullptr;
}

/// The arguments are read through pointers that live as long as the node stays as it is.
cudaKernelNodeParams parameters_of(Node& node) {
  auto& work = std::get<KernelWork>(node.work);
  const OnDevice there(node.device);
  node.places = argument_places(kernel_info(kernel_of(work.record)), work.parameters.data());
  cudaKernelNodeParams out{};
  out.func = work.record->host ? const_cast<void*>(work.record->host) : work.record;
  out.gridDim = work.grid;
  out.blockDim = work.block;
  out.sharedMemBytes = static_cast<unsigned>(work.shared);
  out.kernelParams = node.places.data();
  return out;
}

bool is_one_attribute_of_kernels(int id) {
  return id == cudaLaunchAttributeAccessPolicyWindow || id == cudaLaunchAttributeCooperative ||
         id == cudaLaunchAttributePriority || id == cudaLaunchAttributeClusterDimension ||
         id == cudaLaunchAttributeClusterSchedulingPolicyPreference ||
         id == cudaLaunchAttributeMemSyncDomainMap || id == cudaLaunchAttributeMemSyncDomain ||
         id == cudaLaunchAttributePreferredSharedMemoryCarveout ||
         id == cudaLaunchAttributeDeviceUpdatableKernelNode ||
         id == cudaLaunchAttributeNvlinkUtilCentricScheduling;
}

cudaError_t set_attribute(cudaGraphNode_t handle, int id, const cudaKernelNodeAttrValue* value) {
  auto* const kernel = work_in<KernelWork>(handle);
  if (!kernel || !value || !is_one_attribute_of_kernels(id)) return cudaErrorInvalidValue;
  const auto& d = value->clusterDim;
  if (id == cudaLaunchAttributeClusterDimension && (d.x > 1 || d.y > 1 || d.z > 1))
    throw ApiError(cudaErrorNotSupported,
                   "a graph's kernel node: thread block clusters are not supported by the virtual "
                   "GPU");
  if (id == cudaLaunchAttributeCooperative) kernel->cooperative = value->cooperative != 0;
  node_of(handle)->attributes[id] = *value;
  return cudaSuccess;
}

template <class Event>
cudaError_t give_event(cudaGraphNode_t node, cudaEvent_t* out) {
  const auto* const work = work_in<Event>(node);
  return work ? give(out, work->event) : cudaErrorInvalidValue;
}

cudaError_t parameters_of_any(Node& node, cudaGraphNodeParams* out) {
  std::memset(static_cast<void*>(out), 0, sizeof *out);
  out->type = node.type();
  if (std::holds_alternative<KernelWork>(node.work)) {
    const cudaKernelNodeParams p = parameters_of(node);
    out->kernel.func = p.func;
    out->kernel.gridDim = p.gridDim;
    out->kernel.blockDim = p.blockDim;
    out->kernel.sharedMemBytes = p.sharedMemBytes;
    out->kernel.kernelParams = p.kernelParams;
  } else if (const auto* const copy = std::get_if<CopyWork>(&node.work)) {
    out->memcpy.copyParams = copy->box;
  } else if (const auto* const fill = std::get_if<FillWork>(&node.work)) {
    std::memcpy(&out->memset, &fill->rows, sizeof fill->rows);
  } else if (const auto* const host = std::get_if<HostWork>(&node.work)) {
    out->host.fn = host->function;
    out->host.userData = host->data;
  } else if (const auto* const child = std::get_if<ChildWork>(&node.work)) {
    out->graph.graph = handle_of(child->graph.get());
  } else if (const auto* const record = std::get_if<RecordWork>(&node.work)) {
    out->eventRecord.event = record->event;
  } else if (const auto* const wait = std::get_if<WaitWork>(&node.work)) {
    out->eventWait.event = wait->event;
  } else if (const auto* const memory = std::get_if<AllocateWork>(&node.work)) {
    std::memcpy(&out->alloc, &memory->asked, sizeof memory->asked);
  } else if (const auto* const free = std::get_if<FreeWork>(&node.work)) {
    out->free.dptr = free->memory;
  } else if (!std::holds_alternative<EmptyWork>(node.work)) {
    return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

}  // namespace

cudaError_t add(cudaGraphNode_t* out, cudaGraph_t handle, const cudaGraphNode_t* dependencies,
                std::size_t count, cudaError_t code, Work work) {
  Graph* const graph = graph_of(handle);
  std::vector<Node*> nodes;
  if (!graph || !out || !find_nodes(*graph, dependencies, count, &nodes))
    return cudaErrorInvalidValue;
  if (code != cudaSuccess) return code;
  *out = handle_of(add_node(*graph, std::move(work), nodes));
  return cudaSuccess;
}

cudaError_t change(Node* node, cudaError_t code, Work work) {
  if (!node) return cudaErrorInvalidValue;
  if (code != cudaSuccess) return code;
  if (node->type() != type_of(work)) return cudaErrorInvalidValue;
  if (auto* const kernel = std::get_if<KernelWork>(&work))
    kernel->cooperative = std::get<KernelWork>(node->work).cooperative;
  node->work = std::move(work);
  return cudaSuccess;
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

// --- making ---

#define VGPU_ADD_NODE(code_and_work)                  \
  const std::lock_guard lock(graphs_mutex());         \
  if (!graph_of(graph)) return cudaErrorInvalidValue; \
  Work work;                                          \
  const cudaError_t code = code_and_work;             \
  return add(out, graph, dependencies, count, code, std::move(work))

VGPU_API(cudaGraphAddKernelNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, const cudaKernelNodeParams* parameters),
         (out, graph, dependencies, count, parameters)) {
  VGPU_ADD_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphAddMemcpyNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, const cudaMemcpy3DParms* parameters),
         (out, graph, dependencies, count, parameters)) {
  VGPU_ADD_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphAddMemcpyNode1D,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, void* to, const void* from, size_t bytes, cudaMemcpyKind kind),
         (out, graph, dependencies, count, to, from, bytes, kind)) {
  VGPU_ADD_NODE(work_of_copy(to, from, bytes, kind, &work));
}
VGPU_API(cudaGraphAddMemcpyNodeToSymbol,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, const void* symbol, const void* from, size_t bytes, size_t offset,
          cudaMemcpyKind kind),
         (out, graph, dependencies, count, symbol, from, bytes, offset, kind)) {
  VGPU_ADD_NODE(work_to_symbol(symbol, from, bytes, offset, kind, &work));
}
VGPU_API(cudaGraphAddMemcpyNodeFromSymbol,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, void* to, const void* symbol, size_t bytes, size_t offset,
          cudaMemcpyKind kind),
         (out, graph, dependencies, count, to, symbol, bytes, offset, kind)) {
  VGPU_ADD_NODE(work_from_symbol(to, symbol, bytes, offset, kind, &work));
}
VGPU_API(cudaGraphAddMemsetNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, const cudaMemsetParams* parameters),
         (out, graph, dependencies, count, parameters)) {
  VGPU_ADD_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphAddHostNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, const cudaHostNodeParams* parameters),
         (out, graph, dependencies, count, parameters)) {
  VGPU_ADD_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphAddChildGraphNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, cudaGraph_t child),
         (out, graph, dependencies, count, child)) {
  VGPU_ADD_NODE(work_of_child(child, &work));
}
VGPU_API(cudaGraphAddEmptyNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count),
         (out, graph, dependencies, count)) {
  VGPU_ADD_NODE((work = EmptyWork{}, cudaSuccess));
}
VGPU_API(cudaGraphAddEventRecordNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, cudaEvent_t event),
         (out, graph, dependencies, count, event)) {
  VGPU_ADD_NODE(work_of_event(event, true, &work));
}
VGPU_API(cudaGraphAddEventWaitNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, cudaEvent_t event),
         (out, graph, dependencies, count, event)) {
  VGPU_ADD_NODE(work_of_event(event, false, &work));
}
VGPU_API(cudaGraphAddMemAllocNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, cudaMemAllocNodeParams* parameters),
         (out, graph, dependencies, count, parameters)) {
  VGPU_ADD_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphAddMemFreeNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          size_t count, void* memory),
         (out, graph, dependencies, count, memory)) {
  VGPU_ADD_NODE((work = FreeWork{memory}, memory ? cudaSuccess : cudaErrorInvalidValue));
}
VGPU_API(cudaGraphAddNode,
         (cudaGraphNode_t * out, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
          const cudaGraphEdgeData* edges, size_t count, cudaGraphNodeParams* parameters),
         (out, graph, dependencies, edges, count, parameters)) {
  (void)edges;
  VGPU_ADD_NODE(work_of_any(parameters, &work));
}

// --- reading ---

VGPU_API(cudaGraphKernelNodeGetParams, (cudaGraphNode_t node, cudaKernelNodeParams* out),
         (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  return work_in<KernelWork>(node) ? give(out, parameters_of(*node_of(node)))
                                   : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphMemcpyNodeGetParams, (cudaGraphNode_t node, cudaMemcpy3DParms* out),
         (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  const auto* const work = work_in<CopyWork>(node);
  return work ? give(out, work->box) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphMemsetNodeGetParams, (cudaGraphNode_t node, cudaMemsetParams* out), (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  const auto* const work = work_in<FillWork>(node);
  return work ? give(out, work->rows) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphHostNodeGetParams, (cudaGraphNode_t node, cudaHostNodeParams* out), (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  const auto* const work = work_in<HostWork>(node);
  return work ? give(out, cudaHostNodeParams{work->function, work->data}) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphChildGraphNodeGetGraph, (cudaGraphNode_t node, cudaGraph_t* out), (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  const auto* const work = work_in<ChildWork>(node);
  return work ? give(out, handle_of(work->graph.get())) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphEventRecordNodeGetEvent, (cudaGraphNode_t node, cudaEvent_t* out), (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  return give_event<RecordWork>(node, out);
}
VGPU_API(cudaGraphEventWaitNodeGetEvent, (cudaGraphNode_t node, cudaEvent_t* out), (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  return give_event<WaitWork>(node, out);
}
VGPU_API(cudaGraphMemAllocNodeGetParams, (cudaGraphNode_t node, cudaMemAllocNodeParams* out),
         (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  const auto* const work = work_in<AllocateWork>(node);
  return work ? give(out, work->asked) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphMemFreeNodeGetParams, (cudaGraphNode_t node, void* out), (node, out)) {
  const std::lock_guard lock(graphs_mutex());
  const auto* const work = work_in<FreeWork>(node);
  return work ? give(static_cast<void**>(out), work->memory) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphNodeGetParams, (cudaGraphNode_t handle, cudaGraphNodeParams* out),
         (handle, out)) {
  const std::lock_guard lock(graphs_mutex());
  Node* const node = node_of(handle);
  return node && out ? parameters_of_any(*node, out) : cudaErrorInvalidValue;
}

// --- changing ---

#define VGPU_CHANGE_NODE(code_and_work)       \
  const std::lock_guard lock(graphs_mutex()); \
  Work work;                                  \
  const cudaError_t code = code_and_work;     \
  return change(node_of(node), code, std::move(work))

VGPU_API(cudaGraphKernelNodeSetParams,
         (cudaGraphNode_t node, const cudaKernelNodeParams* parameters), (node, parameters)) {
  VGPU_CHANGE_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphMemcpyNodeSetParams, (cudaGraphNode_t node, const cudaMemcpy3DParms* parameters),
         (node, parameters)) {
  VGPU_CHANGE_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphMemcpyNodeSetParams1D,
         (cudaGraphNode_t node, void* to, const void* from, size_t bytes, cudaMemcpyKind kind),
         (node, to, from, bytes, kind)) {
  VGPU_CHANGE_NODE(work_of_copy(to, from, bytes, kind, &work));
}
VGPU_API(cudaGraphMemcpyNodeSetParamsToSymbol,
         (cudaGraphNode_t node, const void* symbol, const void* from, size_t bytes, size_t offset,
          cudaMemcpyKind kind),
         (node, symbol, from, bytes, offset, kind)) {
  VGPU_CHANGE_NODE(work_to_symbol(symbol, from, bytes, offset, kind, &work));
}
VGPU_API(cudaGraphMemcpyNodeSetParamsFromSymbol,
         (cudaGraphNode_t node, void* to, const void* symbol, size_t bytes, size_t offset,
          cudaMemcpyKind kind),
         (node, to, symbol, bytes, offset, kind)) {
  VGPU_CHANGE_NODE(work_from_symbol(to, symbol, bytes, offset, kind, &work));
}
VGPU_API(cudaGraphMemsetNodeSetParams, (cudaGraphNode_t node, const cudaMemsetParams* parameters),
         (node, parameters)) {
  VGPU_CHANGE_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphHostNodeSetParams, (cudaGraphNode_t node, const cudaHostNodeParams* parameters),
         (node, parameters)) {
  VGPU_CHANGE_NODE(work_of(parameters, &work));
}
VGPU_API(cudaGraphEventRecordNodeSetEvent, (cudaGraphNode_t node, cudaEvent_t event),
         (node, event)) {
  VGPU_CHANGE_NODE(work_of_event(event, true, &work));
}
VGPU_API(cudaGraphEventWaitNodeSetEvent, (cudaGraphNode_t node, cudaEvent_t event), (node, event)) {
  VGPU_CHANGE_NODE(work_of_event(event, false, &work));
}
VGPU_API(cudaGraphNodeSetParams, (cudaGraphNode_t node, cudaGraphNodeParams* parameters),
         (node, parameters)) {
  VGPU_CHANGE_NODE(work_of_any(parameters, &work));
}
VGPU_API(cudaGraphKernelNodeSetAttribute,
         (cudaGraphNode_t node, cudaKernelNodeAttrID id, const cudaKernelNodeAttrValue* value),
         (node, id, value)) {
  const std::lock_guard lock(graphs_mutex());
  return set_attribute(node, id, value);
}
VGPU_API(cudaGraphKernelNodeGetAttribute,
         (cudaGraphNode_t node, cudaKernelNodeAttrID id, cudaKernelNodeAttrValue* value),
         (node, id, value)) {
  const std::lock_guard lock(graphs_mutex());
  const auto* const kernel = work_in<KernelWork>(node);
  if (!kernel || !value || !is_one_attribute_of_kernels(id)) return cudaErrorInvalidValue;
  const auto& all = node_of(node)->attributes;
  const auto found = all.find(id);
  *value = found == all.end() ? cudaKernelNodeAttrValue{} : found->second;
  if (id == cudaLaunchAttributeCooperative) value->cooperative = kernel->cooperative;
  return cudaSuccess;
}
VGPU_API(cudaGraphKernelNodeCopyAttributes, (cudaGraphNode_t to, cudaGraphNode_t from),
         (to, from)) {
  const std::lock_guard lock(graphs_mutex());
  auto *const target = work_in<KernelWork>(to), *const source = work_in<KernelWork>(from);
  if (!target || !source) return cudaErrorInvalidValue;
  target->cooperative = source->cooperative;
  node_of(to)->attributes = node_of(from)->attributes;
  return cudaSuccess;
}
