#include "vgpu/runtime/graph.h"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "vgpu/runtime/checked_streams.h"
#include "vgpu/runtime/graph_memory.h"

namespace vgpu::runtime {
namespace {

struct Handles {
  std::unordered_map<const void*, std::shared_ptr<Graph>> graphs;  // of the program
  std::unordered_set<const void*> known_graphs, nodes;             // children's and clones' too
  std::uint64_t last_serial = 0;
  unsigned last_graph = 0;
};

/// Never destroyed: graphs of static objects are let go after this file's would be.
Handles& handles() {
  static Handles* all = new Handles;
  return *all;
}

Node* new_node(Graph& graph) {
  auto node = std::make_unique<Node>();
  node->graph = &graph;
  node->serial = ++handles().last_serial;
  node->local_id = graph.next_local_id++;
  node->device = current_device();
  handles().nodes.insert(node.get());
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back().get();
}

/// A child graph is the node's own; an allocation's memory stays the same.
Work cloned(const Work& work, std::unordered_map<std::uint64_t, Node*>& clone_of) {
  const auto* const child = std::get_if<ChildWork>(&work);
  if (!child) return work;
  std::shared_ptr<Graph> copy = clone(*child->graph);
  copy->is_child = true;
  clone_of.insert(copy->clone_of.begin(), copy->clone_of.end());
  return ChildWork{std::move(copy)};
}

}  // namespace

Graph::Graph() : id(++handles().last_graph) { handles().known_graphs.insert(this); }

Graph::~Graph() {
  const std::lock_guard lock(graphs_mutex());
  handles().known_graphs.erase(this);
  for (const auto& node : nodes) handles().nodes.erase(node.get());
  for (const auto& [object, count] : objects) drop_reference(object, count);
}

std::recursive_mutex& graphs_mutex() {
  static auto* mutex = new std::recursive_mutex;
  return *mutex;
}

Graph* graph_of(cudaGraph_t handle) {
  return handles().known_graphs.contains(handle) ? reinterpret_cast<Graph*>(handle) : nullptr;
}

Node* node_of(cudaGraphNode_t handle) {
  return handles().nodes.contains(handle) ? reinterpret_cast<Node*>(handle) : nullptr;
}

Graph* make_graph() { return adopt_graph(std::make_shared<Graph>()); }

Graph* adopt_graph(std::shared_ptr<Graph> graph) {
  Graph* const out = graph.get();
  handles().graphs[out] = std::move(graph);
  return out;
}

void destroy_node(Node* node) {
  Graph& graph = *node->graph;
  for (const auto& other : graph.nodes)
    for (std::size_t i = other->dependencies.size(); i-- > 0;)
      if (other->dependencies[i] == node) {
        other->dependencies.erase(other->dependencies.begin() + static_cast<std::ptrdiff_t>(i));
        other->edges.erase(other->edges.begin() + static_cast<std::ptrdiff_t>(i));
      }
  handles().nodes.erase(node);
  std::erase_if(graph.nodes, [&](const auto& one) { return one.get() == node; });
}

cudaError_t destroy_graph(cudaGraph_t handle) {
  return handles().graphs.erase(handle) ? cudaSuccess : cudaErrorInvalidValue;
}

Node* add_node(Graph& graph, Work work, const std::vector<Node*>& dependencies) {
  Node* const node = new_node(graph);
  node->work = std::move(work);
  node->dependencies = dependencies;
  node->edges.resize(dependencies.size());
  return node;
}

bool find_nodes(const Graph& graph, const cudaGraphNode_t* given, std::size_t count,
                std::vector<Node*>* out) {
  if (count != 0 && !given) return false;
  for (std::size_t i = 0; i < count; ++i) {
    Node* const node = node_of(given[i]);
    if (!node || node->graph != &graph || std::find(out->begin(), out->end(), node) != out->end())
      return false;
    out->push_back(node);
  }
  return true;
}

std::shared_ptr<Graph> clone(const Graph& graph) {
  auto out = std::make_shared<Graph>();
  for (const auto& node : graph.nodes) {
    Node* const copy = new_node(*out);
    copy->work = cloned(node->work, out->clone_of);
    copy->device = node->device;
    copy->enabled = node->enabled;
    copy->edges = node->edges;
    copy->attributes = node->attributes;
    out->clone_of[node->serial] = copy;
  }
  for (const auto& node : graph.nodes)
    for (const Node* dependency : node->dependencies)
      out->clone_of[node->serial]->dependencies.push_back(out->clone_of[dependency->serial]);
  for (const auto& [object, count] : graph.objects) {
    add_reference(*object, count);
    out->objects.emplace_back(object, count);
  }
  return out;
}

std::vector<const Node*> in_order(const Graph& graph) {
  std::unordered_map<const Node*, std::size_t> waits_for, place;
  std::unordered_map<const Node*, std::vector<const Node*>> next;
  std::set<std::size_t> ready;  // by place: the order of making, where there is a choice
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node* const node = graph.nodes[i].get();
    place[node] = i;
    waits_for[node] = node->dependencies.size();
    for (const Node* dependency : node->dependencies) next[dependency].push_back(node);
    if (node->dependencies.empty()) ready.insert(i);
  }
  std::vector<const Node*> out;
  while (!ready.empty()) {
    const Node* const node = graph.nodes[*ready.begin()].get();
    ready.erase(ready.begin());
    out.push_back(node);
    for (const Node* follower : next[node])
      if (--waits_for[follower] == 0) ready.insert(place[follower]);
  }
  return out.size() == graph.nodes.size() ? out : std::vector<const Node*>{};
}

bool has_cycle(const Graph& graph) { return !graph.nodes.empty() && in_order(graph).empty(); }

cudaError_t run_graph(const Graph& graph) {
  checked::GraphRun order;
  for (const Node* node : in_order(graph)) {
    const checked::GraphRun::Step step(order, *node);
    if (!node->enabled) continue;
    const OnDevice there(node->device);
    if (const cudaError_t code = run(node->work); code != cudaSuccess) return code;
  }
  return cudaSuccess;
}

void add_reference(UserObject& object, unsigned count) { object.references += count; }

void drop_reference(UserObject* object, unsigned count) {
  object->references -= std::min(count, object->references);
  if (object->references != 0) return;
  object->destroy(object->data);
  delete object;
}

}  // namespace vgpu::runtime
