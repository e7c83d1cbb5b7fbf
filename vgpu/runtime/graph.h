// graph.h - work as a graph: nodes, what each waits for, and what was made of it to be launched.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "vgpu/observe/stream_order.h"
#include "vgpu/runtime/work.h"

namespace vgpu::runtime {

struct Node {
  Work work = EmptyWork{};
  int device = 0;
  Graph* graph = nullptr;
  std::uint64_t serial = 0;  // of all nodes of the process
  unsigned local_id = 0;     // in its graph
  bool enabled = true;       // in an executable graph
  std::vector<Node*> dependencies;
  std::vector<cudaGraphEdgeData> edges;  // beside them
  std::map<int, cudaLaunchAttributeValue> attributes;
  std::vector<void*> places;  // of a kernel's arguments, when the program asked for them

  cudaGraphNodeType type() const { return type_of(work); }
};

/// Something of the program's that lives as long as a graph refers to it.
struct UserObject {
  void* data = nullptr;
  cudaHostFn_t destroy = nullptr;
  unsigned references = 0;
};

struct Graph {
  std::vector<std::unique_ptr<Node>> nodes;  // in the order of their making
  unsigned id = 0, next_local_id = 0;
  bool is_child = false;  // owned by a node
  /// Of a clone: the node that was made of the original's, by its serial; those of child graphs
  /// too.
  std::unordered_map<std::uint64_t, Node*> clone_of;
  std::vector<std::pair<UserObject*, unsigned>> objects;  // and how many references it holds

  Graph();
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
};

struct GraphExec {
  std::shared_ptr<Graph> graph;  // a clone
  unsigned long long flags = 0;
  unsigned id = 0;
  observe::Progress progress;  // its last launch, while streams are checked
};

/// Over graphs, nodes and captures.
std::recursive_mutex& graphs_mutex();

// Each of these needs the mutex. A handle that is none: null.
Graph* graph_of(cudaGraph_t handle);
Node* node_of(cudaGraphNode_t handle);
std::shared_ptr<GraphExec> exec_of(cudaGraphExec_t handle);
inline cudaGraph_t handle_of(Graph* graph) { return reinterpret_cast<cudaGraph_t>(graph); }
inline cudaGraphNode_t handle_of(Node* node) { return reinterpret_cast<cudaGraphNode_t>(node); }

/// Makes a graph whose handle the program gets; it lives until cudaGraphDestroy.
Graph* make_graph();
Graph* adopt_graph(std::shared_ptr<Graph> graph);
cudaError_t destroy_graph(cudaGraph_t handle);
/// Adds a node of the current device after `dependencies`, which are of this graph.
Node* add_node(Graph& graph, Work work, const std::vector<Node*>& dependencies);
/// With all edges at it.
void destroy_node(Node* node);
/// The handles' nodes. False when one is none of the graph's or stands there twice.
bool find_nodes(const Graph& graph, const cudaGraphNode_t* handles, std::size_t count,
                std::vector<Node*>* out);
std::shared_ptr<Graph> clone(const Graph& graph);
/// Every node after those that it waits for; empty for a graph with a cycle and for one without
/// nodes.
std::vector<const Node*> in_order(const Graph& graph);
bool has_cycle(const Graph& graph);

void add_reference(UserObject& object, unsigned count);
void drop_reference(UserObject* object, unsigned count);

}  // namespace vgpu::runtime
