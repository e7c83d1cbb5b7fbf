// graph_api.cpp - graphs and their edges: made, walked, copied, drawn; objects that they keep.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/graph.h"

namespace vgpu::runtime {
namespace {

const char* name_of(cudaGraphNodeType type) {
  switch (type) {
    case cudaGraphNodeTypeKernel:
      return "KERNEL";
    case cudaGraphNodeTypeMemcpy:
      return "MEMCPY";
    case cudaGraphNodeTypeMemset:
      return "MEMSET";
    case cudaGraphNodeTypeHost:
      return "HOST";
    case cudaGraphNodeTypeGraph:
      return "GRAPH";
    case cudaGraphNodeTypeEmpty:
      return "EMPTY";
    case cudaGraphNodeTypeWaitEvent:
      return "WAIT_EVENT";
    case cudaGraphNodeTypeEventRecord:
      return "EVENT_RECORD";
    case cudaGraphNodeTypeMemAlloc:
      return "MEM_ALLOC";
    default:
      return "MEM_FREE";
  }
}

std::string triple(const dim3& d) {
  return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")";
}

std::string label(const Node& node) {
  std::string out = std::to_string(node.local_id) + "\\n" + name_of(node.type());
  if (const auto* const kernel = std::get_if<KernelWork>(&node.work))
    out += "\\n" + kernel->record->name + "<<<" + triple(kernel->grid) + "," +
           triple(kernel->block) + "," + std::to_string(kernel->shared) + ">>>";
  if (const auto* const copy = std::get_if<CopyWork>(&node.work))
    out +=
        "\\n" +
        std::to_string(copy->box.extent.width * copy->box.extent.height * copy->box.extent.depth) +
        " bytes";
  if (const auto* const fill = std::get_if<FillWork>(&node.work))
    out += "\\n" + std::to_string(fill->rows.elementSize * fill->rows.width * fill->rows.height) +
           " bytes with " + std::to_string(fill->rows.value);
  return out;
}

/// Graphviz's language; a child graph is a cluster of its own.
void draw(const Graph& graph, std::ostream& out) {
  const std::string mine = "graph_" + std::to_string(graph.id);
  const auto place = [&](const Node& node) {
    return mine + "_node_" + std::to_string(node.local_id);
  };
  out << "subgraph cluster_" << mine << " {\nlabel=\"" << mine << "\";\n";
  for (const auto& node : graph.nodes) {
    out << place(*node) << " [shape=\"box\" label=\"" << label(*node) << "\"];\n";
    if (const auto* const child = std::get_if<ChildWork>(&node->work)) draw(*child->graph, out);
  }
  for (const auto& node : graph.nodes)
    for (const Node* dependency : node->dependencies)
      out << place(*dependency) << " -> " << place(*node) << ";\n";
  out << "}\n";
}

/// The lists that CUDA gives: `count` alone, or as many as there is room for and null behind them.
template <class Handle>
cudaError_t give_list(const std::vector<Handle>& list, Handle* out, std::size_t* count) {
  if (!count) return cudaErrorInvalidValue;
  if (!out) return *count = list.size(), cudaSuccess;
  for (std::size_t i = 0; i < *count; ++i) out[i] = i < list.size() ? list[i] : Handle{};
  *count = std::min(*count, list.size());
  return cudaSuccess;
}

struct Edge {
  Node *from, *to;
  cudaGraphEdgeData data;
};

cudaError_t give_edges(const std::vector<Edge>& edges, cudaGraphNode_t* from, cudaGraphNode_t* to,
                       cudaGraphEdgeData* data, std::size_t* count) {
  if (!count || !from != !to) return cudaErrorInvalidValue;
  if (!from) return *count = edges.size(), cudaSuccess;
  for (std::size_t i = 0; i < *count; ++i) {
    const bool there = i < edges.size();
    from[i] = there ? handle_of(edges[i].from) : nullptr;
    to[i] = there ? handle_of(edges[i].to) : nullptr;
    if (data) data[i] = there ? edges[i].data : cudaGraphEdgeData{};
  }
  *count = std::min(*count, edges.size());
  return cudaSuccess;
}

std::vector<Edge> edges_of(const Graph& graph) {
  std::vector<Edge> out;
  for (const auto& node : graph.nodes)
    for (std::size_t i = 0; i < node->dependencies.size(); ++i)
      out.push_back({node->dependencies[i], node.get(), node->edges[i]});
  return out;
}

/// The ends of some edges, as cudaGraphNodeGetDependencies and its counterpart give them.
cudaError_t give_ends(const std::vector<Edge>& edges, Node* Edge::*end, cudaGraphNode_t* out,
                      cudaGraphEdgeData* data, std::size_t* count) {
  std::vector<cudaGraphNode_t> nodes;
  for (const Edge& edge : edges) nodes.push_back(handle_of(edge.*end));
  const cudaError_t code = give_list(nodes, out, count);
  if (code != cudaSuccess || !out || !data) return code;
  for (std::size_t i = 0; i < *count; ++i) data[i] = edges[i].data;
  return cudaSuccess;
}

std::vector<Edge> edges_where(const Graph& graph, Node* Edge::*end, const Node* node) {
  std::vector<Edge> out = edges_of(graph);
  std::erase_if(out, [&](const Edge& edge) { return edge.*end != node; });
  return out;
}

bool may_change(const Graph& graph) {
  for (const auto& node : graph.nodes)
    if (std::holds_alternative<AllocateWork>(node->work) ||
        std::holds_alternative<FreeWork>(node->work))
      return false;
  return true;
}

cudaError_t connect(cudaGraph_t handle, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                    const cudaGraphEdgeData* data, std::size_t count) {
  const Graph* const graph = graph_of(handle);
  if (!graph || (count && (!from || !to))) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i) {
    Node *const a = node_of(from[i]), *const b = node_of(to[i]);
    if (!a || !b || a == b || a->graph != graph || b->graph != graph) return cudaErrorInvalidValue;
    const auto& known = b->dependencies;
    if (std::find(known.begin(), known.end(), a) != known.end()) return cudaErrorInvalidValue;
    b->dependencies.push_back(a);
    b->edges.push_back(data ? data[i] : cudaGraphEdgeData{});
  }
  return cudaSuccess;
}

bool cut(Node& node, const Node* dependency) {
  const auto at = std::find(node.dependencies.begin(), node.dependencies.end(), dependency);
  if (at == node.dependencies.end()) return false;
  node.edges.erase(node.edges.begin() + (at - node.dependencies.begin()));
  node.dependencies.erase(at);
  return true;
}

cudaError_t disconnect(cudaGraph_t handle, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                       std::size_t count) {
  const Graph* const graph = graph_of(handle);
  if (!graph || (count && (!from || !to)) || !may_change(*graph)) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i) {
    Node *const a = node_of(from[i]), *const b = node_of(to[i]);
    if (!a || !b || b->graph != graph || !cut(*b, a)) return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

cudaError_t retain(cudaGraph_t handle, UserObject* object, unsigned count, unsigned flags) {
  Graph* const graph = graph_of(handle);
  if (!graph || !object || count == 0 || flags > cudaGraphUserObjectMove)
    return cudaErrorInvalidValue;
  if (!(flags & cudaGraphUserObjectMove)) add_reference(*object, count);
  graph->objects.emplace_back(object, count);
  return cudaSuccess;
}

cudaError_t let_go(cudaGraph_t handle, UserObject* object, unsigned count) {
  Graph* const graph = graph_of(handle);
  if (!graph || !object) return cudaErrorInvalidValue;
  unsigned held = 0;
  for (const auto& [one, n] : graph->objects) held += one == object ? n : 0;
  if (count == 0 || count > held) return cudaErrorInvalidValue;
  std::erase_if(graph->objects, [&](const auto& entry) { return entry.first == object; });
  if (held > count) graph->objects.emplace_back(object, held - count);
  drop_reference(object, count);
  return cudaSuccess;
}

UserObject* object_of(cudaUserObject_t handle) { return reinterpret_cast<UserObject*>(handle); }

}  // namespace
}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaGraphCreate, (cudaGraph_t * out, unsigned int flags), (out, flags)) {
  const std::lock_guard lock(graphs_mutex());
  return out && flags == 0 ? give(out, handle_of(make_graph())) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphDestroy, (cudaGraph_t graph), (graph)) {
  const std::lock_guard lock(graphs_mutex());
  return destroy_graph(graph);
}
VGPU_API(cudaGraphClone, (cudaGraph_t * out, cudaGraph_t original), (out, original)) {
  const std::lock_guard lock(graphs_mutex());
  const Graph* const graph = graph_of(original);
  if (!out || !graph) return cudaErrorInvalidValue;
  if (!may_change(*graph)) return cudaErrorNotSupported;
  return give(out, handle_of(adopt_graph(clone(*graph))));
}
VGPU_API(cudaGraphNodeFindInClone,
         (cudaGraphNode_t * out, cudaGraphNode_t original, cudaGraph_t cloned),
         (out, original, cloned)) {
  const std::lock_guard lock(graphs_mutex());
  const Node* const node = node_of(original);
  const Graph* const graph = graph_of(cloned);
  if (!node || !graph) return cudaErrorInvalidValue;
  const auto found = graph->clone_of.find(node->serial);
  if (found == graph->clone_of.end()) return cudaErrorInvalidValue;
  return give(out, handle_of(found->second));
}
VGPU_API(cudaGraphGetId, (cudaGraph_t handle, unsigned int* id), (handle, id)) {
  const std::lock_guard lock(graphs_mutex());
  const Graph* const graph = graph_of(handle);
  return graph ? give(id, graph->id) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphGetNodes, (cudaGraph_t handle, cudaGraphNode_t* out, size_t* count),
         (handle, out, count)) {
  const std::lock_guard lock(graphs_mutex());
  const Graph* const graph = graph_of(handle);
  if (!graph) return cudaErrorInvalidValue;
  std::vector<cudaGraphNode_t> nodes;
  for (const auto& node : graph->nodes) nodes.push_back(handle_of(node.get()));
  return give_list(nodes, out, count);
}
VGPU_API(cudaGraphGetRootNodes, (cudaGraph_t handle, cudaGraphNode_t* out, size_t* count),
         (handle, out, count)) {
  const std::lock_guard lock(graphs_mutex());
  const Graph* const graph = graph_of(handle);
  if (!graph) return cudaErrorInvalidValue;
  std::vector<cudaGraphNode_t> nodes;
  for (const auto& node : graph->nodes)
    if (node->dependencies.empty()) nodes.push_back(handle_of(node.get()));
  return give_list(nodes, out, count);
}
VGPU_API(cudaGraphGetEdges,
         (cudaGraph_t handle, cudaGraphNode_t* from, cudaGraphNode_t* to, cudaGraphEdgeData* data,
          size_t* count),
         (handle, from, to, data, count)) {
  const std::lock_guard lock(graphs_mutex());
  const Graph* const graph = graph_of(handle);
  return graph ? give_edges(edges_of(*graph), from, to, data, count) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphNodeGetType, (cudaGraphNode_t handle, cudaGraphNodeType* type), (handle, type)) {
  const std::lock_guard lock(graphs_mutex());
  const Node* const node = node_of(handle);
  return node ? give(type, node->type()) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphNodeGetContainingGraph, (cudaGraphNode_t handle, cudaGraph_t* graph),
         (handle, graph)) {
  const std::lock_guard lock(graphs_mutex());
  const Node* const node = node_of(handle);
  return node ? give(graph, handle_of(node->graph)) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphNodeGetLocalId, (cudaGraphNode_t handle, unsigned int* id), (handle, id)) {
  const std::lock_guard lock(graphs_mutex());
  const Node* const node = node_of(handle);
  return node ? give(id, node->local_id) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphNodeGetToolsId, (cudaGraphNode_t handle, unsigned long long* id), (handle, id)) {
  const std::lock_guard lock(graphs_mutex());
  const Node* const node = node_of(handle);
  return node ? give(id, node->serial) : cudaErrorInvalidValue;
}
VGPU_API(cudaGraphNodeGetDependencies,
         (cudaGraphNode_t handle, cudaGraphNode_t* out, cudaGraphEdgeData* data, size_t* count),
         (handle, out, data, count)) {
  const std::lock_guard lock(graphs_mutex());
  const Node* const node = node_of(handle);
  if (!node) return cudaErrorInvalidValue;
  return give_ends(edges_where(*node->graph, &Edge::to, node), &Edge::from, out, data, count);
}
VGPU_API(cudaGraphNodeGetDependentNodes,
         (cudaGraphNode_t handle, cudaGraphNode_t* out, cudaGraphEdgeData* data, size_t* count),
         (handle, out, data, count)) {
  const std::lock_guard lock(graphs_mutex());
  const Node* const node = node_of(handle);
  if (!node) return cudaErrorInvalidValue;
  return give_ends(edges_where(*node->graph, &Edge::from, node), &Edge::to, out, data, count);
}
VGPU_API(cudaGraphAddDependencies,
         (cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
          const cudaGraphEdgeData* data, size_t count),
         (graph, from, to, data, count)) {
  const std::lock_guard lock(graphs_mutex());
  return connect(graph, from, to, data, count);
}
VGPU_API(cudaGraphRemoveDependencies,
         (cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
          const cudaGraphEdgeData* data, size_t count),
         (graph, from, to, data, count)) {
  (void)data;
  const std::lock_guard lock(graphs_mutex());
  return disconnect(graph, from, to, count);
}
VGPU_API(cudaGraphDestroyNode, (cudaGraphNode_t handle), (handle)) {
  const std::lock_guard lock(graphs_mutex());
  Node* const node = node_of(handle);
  if (!node || !may_change(*node->graph)) return cudaErrorInvalidValue;
  return destroy_node(node), cudaSuccess;
}
VGPU_API(cudaGraphDebugDotPrint, (cudaGraph_t handle, const char* path, unsigned int flags),
         (handle, path, flags)) {
  (void)flags;  // every detail that there is
  const std::lock_guard lock(graphs_mutex());
  const Graph* const graph = graph_of(handle);
  if (!graph || !path) return cudaErrorInvalidValue;
  std::ostringstream text;
  text << "digraph dot {\n";
  draw(*graph, text);
  text << "}\n";
  std::ofstream file(path);
  file << text.str();
  if (!file.flush())
    throw ApiError(cudaErrorOperatingSystem,
                   std::string("cudaGraphDebugDotPrint: cannot write ") + path);
  return cudaSuccess;
}

// --- objects of the program's that graphs keep ---

VGPU_API(cudaUserObjectCreate,
         (cudaUserObject_t * out, void* data, cudaHostFn_t destroy, unsigned int count,
          unsigned int flags),
         (out, data, destroy, count, flags)) {
  if (!out || !destroy || count == 0 || flags != cudaUserObjectNoDestructorSync)
    return cudaErrorInvalidValue;
  return give(out, reinterpret_cast<cudaUserObject_t>(new UserObject{data, destroy, count}));
}
VGPU_API(cudaUserObjectRetain, (cudaUserObject_t object, unsigned int count), (object, count)) {
  const std::lock_guard lock(graphs_mutex());
  if (!object || count == 0) return cudaErrorInvalidValue;
  return add_reference(*object_of(object), count), cudaSuccess;
}
VGPU_API(cudaUserObjectRelease, (cudaUserObject_t object, unsigned int count), (object, count)) {
  const std::lock_guard lock(graphs_mutex());
  if (!object || count == 0 || count > object_of(object)->references) return cudaErrorInvalidValue;
  return drop_reference(object_of(object), count), cudaSuccess;
}
VGPU_API(cudaGraphRetainUserObject,
         (cudaGraph_t graph, cudaUserObject_t object, unsigned int count, unsigned int flags),
         (graph, object, count, flags)) {
  const std::lock_guard lock(graphs_mutex());
  return retain(graph, object_of(object), count, flags);
}
VGPU_API(cudaGraphReleaseUserObject,
         (cudaGraph_t graph, cudaUserObject_t object, unsigned int count), (graph, object, count)) {
  const std::lock_guard lock(graphs_mutex());
  return let_go(graph, object_of(object), count);
}
