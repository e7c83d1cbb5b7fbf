// graph_exec.cpp - graphs made ready, launched, and changed while they are.
#include <algorithm>
#include <unordered_map>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/capture.h"
#include "vgpu/runtime/checked_streams.h"
#include "vgpu/runtime/graph.h"
#include "vgpu/runtime/graph_memory.h"
#include "vgpu/runtime/graph_nodes.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

constexpr unsigned long long kFlags =
    cudaGraphInstantiateFlagAutoFreeOnLaunch | cudaGraphInstantiateFlagUpload |
    cudaGraphInstantiateFlagDeviceLaunch | cudaGraphInstantiateFlagUseNodePriority;

std::unordered_map<const void*, std::shared_ptr<GraphExec>>& executables() {
  static auto* all = new std::unordered_map<const void*, std::shared_ptr<GraphExec>>;
  return *all;
}
unsigned last_id = 0;

cudaError_t instantiate(cudaGraphExec_t* out, cudaGraph_t handle, unsigned long long flags) {
  const std::lock_guard lock(graphs_mutex());
  const Graph* const graph = graph_of(handle);
  if (!out || !graph || (flags & ~kFlags) || has_cycle(*graph)) return cudaErrorInvalidValue;
  if (flags & cudaGraphInstantiateFlagDeviceLaunch)
    throw ApiError(cudaErrorNotSupported,
                   "cudaGraphInstantiate: graphs that a kernel launches are not supported by the "
                   "virtual GPU");
  auto exec = std::make_shared<GraphExec>();
  exec->graph = clone(*graph);
  exec->flags = flags;
  exec->id = ++last_id;
  *out = reinterpret_cast<cudaGraphExec_t>(exec.get());
  executables()[exec.get()] = std::move(exec);
  return cudaSuccess;
}

/// The executable graph's node that was made of a node of the original.
Node* node_in(const GraphExec& exec, cudaGraphNode_t original) {
  const Node* const node = node_of(original);
  if (!node) return nullptr;
  const auto found = exec.graph->clone_of.find(node->serial);
  return found == exec.graph->clone_of.end() ? nullptr : found->second;
}

/// Ends what allocations of an earlier launch left in use, as cudaGraphInstantiateFlagAutoFree...
/// asks; without it a second launch is refused by the allocation itself.
void free_allocations(const Graph& graph) {
  for (const auto& node : graph.nodes)
    if (const auto* const work = std::get_if<AllocateWork>(&node->work))
      if (work->memory->in_use()) release(work->memory->address(), false);
}

cudaError_t launch(cudaGraphExec_t handle, cudaStream_t stream_handle) {
  std::shared_ptr<GraphExec> exec;
  std::shared_ptr<Graph> graph;
  unsigned long long flags = 0;
  {
    const std::lock_guard lock(graphs_mutex());
    exec = exec_of(handle);
    if (!exec) return cudaErrorInvalidValue;
    graph = exec->graph;
    flags = exec->flags;
  }
  Stream& stream = stream_of(stream_handle);
  if (captures_exist()) {
    if (is_capturing(stream)) {
      const std::lock_guard lock(graphs_mutex());
      ChildWork child{clone(*graph)};
      child.graph->is_child = true;
      return capture(stream, std::move(child));
    }
    if (stream.is_legacy) forbid_on_legacy_stream();
  }
  if (flags & cudaGraphInstantiateFlagAutoFreeOnLaunch) free_allocations(*graph);
  checked::StreamWork piece(stream, "graph");
  const checked::InTurn after_the_last(piece, exec->progress);
  return run_graph(*graph);
}

// --- an executable graph after another graph of the same form ---

struct Update {
  cudaGraphExecUpdateResult result = cudaGraphExecUpdateSuccess;
  Node *node = nullptr, *from = nullptr;
};

std::size_t place_in(const Graph& graph, const Node* node) {
  const auto found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [&](const auto& one) { return one.get() == node; });
  return static_cast<std::size_t>(found - graph.nodes.begin());
}

bool same_dependencies(const Graph& a, const Node& in_a, const Graph& b, const Node& in_b) {
  if (in_a.dependencies.size() != in_b.dependencies.size()) return false;
  for (std::size_t i = 0; i < in_a.dependencies.size(); ++i)
    if (place_in(a, in_a.dependencies[i]) != place_in(b, in_b.dependencies[i])) return false;
  return true;
}

Update compare(const Graph& exec, const Graph& graph) {
  if (exec.nodes.size() != graph.nodes.size()) return {cudaGraphExecUpdateErrorTopologyChanged};
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Node *const node = graph.nodes[i].get(), *const from = exec.nodes[i].get();
    if (node->type() != from->type()) return {cudaGraphExecUpdateErrorNodeTypeChanged, node, from};
    if (!same_dependencies(exec, *from, graph, *node))
      return {cudaGraphExecUpdateErrorTopologyChanged, node, from};
    if (node->device != from->device)
      return {cudaGraphExecUpdateErrorParametersChanged, node, from};
    const auto *const child = std::get_if<ChildWork>(&node->work), *const old_child =
                                                                       std::get_if<ChildWork>(
                                                                           &from->work);
    if (child && old_child)
      if (const Update inner = compare(*old_child->graph, *child->graph);
          inner.result != cudaGraphExecUpdateSuccess)
        return inner;
    if (std::holds_alternative<AllocateWork>(node->work))
      return {cudaGraphExecUpdateErrorNotSupported, node, from};
  }
  return {};
}

cudaError_t update(cudaGraphExec_t handle, cudaGraph_t graph_handle,
                   cudaGraphExecUpdateResultInfo* info) {
  const std::lock_guard lock(graphs_mutex());
  const std::shared_ptr<GraphExec> exec = exec_of(handle);
  const Graph* const graph = graph_of(graph_handle);
  if (!exec || !graph) return cudaErrorInvalidValue;
  const Update found = compare(*exec->graph, *graph);
  if (info)
    *info = {found.result, found.node ? handle_of(found.node) : nullptr,
             found.from ? handle_of(found.from) : nullptr};
  if (found.result != cudaGraphExecUpdateSuccess) return cudaErrorGraphExecUpdateFailure;
  // Nodes of the first graph keep their counterparts here.
  std::shared_ptr<Graph> fresh = clone(*graph);
  for (const auto& [serial, node] : exec->graph->clone_of)
    if (node->graph == exec->graph.get())
      fresh->clone_of[serial] = fresh->nodes[place_in(*exec->graph, node)].get();
  for (std::size_t i = 0; i < fresh->nodes.size(); ++i)
    fresh->nodes[i]->enabled = exec->graph->nodes[i]->enabled;
  exec->graph = std::move(fresh);
  return cudaSuccess;
}

cudaError_t change_in(cudaGraphExec_t handle, cudaGraphNode_t original, cudaError_t code,
                      Work work) {
  const std::shared_ptr<GraphExec> exec = exec_of(handle);
  if (!exec) return cudaErrorInvalidValue;
  Node* const node = node_in(*exec, original);
  if (node && code == cudaSuccess) {
    const auto *const child = std::get_if<ChildWork>(&work), *const old_child =
                                                                 std::get_if<ChildWork>(
                                                                     &node->work);
    if (child && old_child &&
        compare(*old_child->graph, *child->graph).result != cudaGraphExecUpdateSuccess)
      return cudaErrorInvalidValue;
    if (std::holds_alternative<AllocateWork>(work) || std::holds_alternative<FreeWork>(work))
      return cudaErrorNotSupported;
  }
  return change(node, code, std::move(work));
}

/// Only these may be switched off.
bool can_be_disabled(const Node& node) {
  const cudaGraphNodeType type = node.type();
  return type == cudaGraphNodeTypeKernel || type == cudaGraphNodeTypeMemcpy ||
         type == cudaGraphNodeTypeMemset;
}

}  // namespace

std::shared_ptr<GraphExec> exec_of(cudaGraphExec_t handle) {
  const auto found = executables().find(handle);
  return found == executables().end() ? nullptr : found->second;
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaGraphInstantiate,
         (cudaGraphExec_t * exec, cudaGraph_t graph, unsigned long long flags),
         (exec, graph, flags)) {
  return instantiate(exec, graph, flags);
}
VGPU_API(cudaGraphInstantiateWithFlags,
         (cudaGraphExec_t * exec, cudaGraph_t graph, unsigned long long flags),
         (exec, graph, flags)) {
  return instantiate(exec, graph, flags);
}
VGPU_API(cudaGraphInstantiateWithParams,
         (cudaGraphExec_t * exec, cudaGraph_t graph, cudaGraphInstantiateParams* parameters),
         (exec, graph, parameters)) {
  if (!parameters) return cudaErrorInvalidValue;
  const cudaError_t code = instantiate(exec, graph, parameters->flags);
  parameters->errNode_out = nullptr;
  parameters->result_out =
      code == cudaSuccess ? cudaGraphInstantiateSuccess : cudaGraphInstantiateInvalidStructure;
  return code;
}
VGPU_API(cudaGraphExecGetFlags, (cudaGraphExec_t handle, unsigned long long* flags),
         (handle, flags)) {
  const std::lock_guard lock(graphs_mutex());
  const auto exec = exec_of(handle);
  return exec ? give(flags, exec->flags) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphExecGetId, (cudaGraphExec_t handle, unsigned int* id), (handle, id)) {
  const std::lock_guard lock(graphs_mutex());
  const auto exec = exec_of(handle);
  return exec ? give(id, exec->id) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphLaunch, (cudaGraphExec_t exec, cudaStream_t stream), (exec, stream)) {
  return launch(exec, stream);
}
VGPU_API(cudaGraphUpload, (cudaGraphExec_t exec, cudaStream_t stream), (exec, stream)) {
  check_stream(stream);
  const std::lock_guard lock(graphs_mutex());
  return exec_of(exec) ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphExecDestroy, (cudaGraphExec_t exec), (exec)) {
  const std::lock_guard lock(graphs_mutex());
  return executables().erase(exec) ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphExecUpdate,
         (cudaGraphExec_t exec, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* info),
         (exec, graph, info)) {
  return update(exec, graph, info);
}
VGPU_API(cudaGraphNodeSetEnabled,
         (cudaGraphExec_t handle, cudaGraphNode_t original, unsigned int enabled),
         (handle, original, enabled)) {
  const std::lock_guard lock(graphs_mutex());
  const auto exec = exec_of(handle);
  Node* const node = exec ? node_in(*exec, original) : nullptr;
  if (!node || !can_be_disabled(*node)) return cudaErrorInvalidValue;
  return node->enabled = enabled != 0, cudaSuccess;
}
VGPU_API(cudaGraphNodeGetEnabled,
         (cudaGraphExec_t handle, cudaGraphNode_t original, unsigned int* enabled),
         (handle, original, enabled)) {
  const std::lock_guard lock(graphs_mutex());
  const auto exec = exec_of(handle);
  const Node* const node = exec ? node_in(*exec, original) : nullptr;
  return node && can_be_disabled(*node) ? give(enabled, node->enabled) : cudaErrorInvalidValue;
}

#define VGPU_CHANGE_EXEC(code_and_work)       \
  const std::lock_guard lock(graphs_mutex()); \
  Work work;                                  \
  const cudaError_t code = code_and_work;     \
  return change_in(exec, node, code, std::move(work))

VGPU_API(cudaGraphExecKernelNodeSetParams,
         (cudaGraphExec_t exec, cudaGraphNode_t node, const cudaKernelNodeParams* parameters),
         (exec, node, parameters)) {
  VGPU_CHANGE_EXEC(work_of(parameters, &work));
}
VGPU_API(cudaGraphExecMemcpyNodeSetParams,
         (cudaGraphExec_t exec, cudaGraphNode_t node, const cudaMemcpy3DParms* parameters),
         (exec, node, parameters)) {
  VGPU_CHANGE_EXEC(work_of(parameters, &work));
}
VGPU_API(cudaGraphExecMemcpyNodeSetParams1D,
         (cudaGraphExec_t exec, cudaGraphNode_t node, void* to, const void* from, size_t bytes,
          cudaMemcpyKind kind),
         (exec, node, to, from, bytes, kind)) {
  VGPU_CHANGE_EXEC(work_of_copy(to, from, bytes, kind, &work));
}
VGPU_API(cudaGraphExecMemcpyNodeSetParamsToSymbol,
         (cudaGraphExec_t exec, cudaGraphNode_t node, const void* symbol, const void* from,
          size_t bytes, size_t offset, cudaMemcpyKind kind),
         (exec, node, symbol, from, bytes, offset, kind)) {
  VGPU_CHANGE_EXEC(work_to_symbol(symbol, from, bytes, offset, kind, &work));
}
VGPU_API(cudaGraphExecMemcpyNodeSetParamsFromSymbol,
         (cudaGraphExec_t exec, cudaGraphNode_t node, void* to, const void* symbol, size_t bytes,
          size_t offset, cudaMemcpyKind kind),
         (exec, node, to, symbol, bytes, offset, kind)) {
  VGPU_CHANGE_EXEC(work_from_symbol(to, symbol, bytes, offset, kind, &work));
}
VGPU_API(cudaGraphExecMemsetNodeSetParams,
         (cudaGraphExec_t exec, cudaGraphNode_t node, const cudaMemsetParams* parameters),
         (exec, node, parameters)) {
  VGPU_CHANGE_EXEC(work_of(parameters, &work));
}
VGPU_API(cudaGraphExecHostNodeSetParams,
         (cudaGraphExec_t exec, cudaGraphNode_t node, const cudaHostNodeParams* parameters),
         (exec, node, parameters)) {
  VGPU_CHANGE_EXEC(work_of(parameters, &work));
}
VGPU_API(cudaGraphExecChildGraphNodeSetParams,
         (cudaGraphExec_t exec, cudaGraphNode_t node, cudaGraph_t child), (exec, node, child)) {
  VGPU_CHANGE_EXEC(work_of_child(child, &work));
}
VGPU_API(cudaGraphExecEventRecordNodeSetEvent,
         (cudaGraphExec_t exec, cudaGraphNode_t node, cudaEvent_t event), (exec, node, event)) {
  VGPU_CHANGE_EXEC(work_of_event(event, true, &work));
}
VGPU_API(cudaGraphExecEventWaitNodeSetEvent,
         (cudaGraphExec_t exec, cudaGraphNode_t node, cudaEvent_t event), (exec, node, event)) {
  VGPU_CHANGE_EXEC(work_of_event(event, false, &work));
}
VGPU_API(cudaGraphExecNodeSetParams,
         (cudaGraphExec_t exec, cudaGraphNode_t node, cudaGraphNodeParams* parameters),
         (exec, node, parameters)) {
  VGPU_CHANGE_EXEC(work_of_any(parameters, &work));
}
