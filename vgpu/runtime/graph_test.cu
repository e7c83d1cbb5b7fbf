// Graphs made node by node: order, parameters, clones, updates, what is refused.
#include "vgpu/runtime/graph_test.h"

#include <cstdint>
#include <fstream>
#include <iterator>

namespace {

__device__ int offset_number = 100;
__global__ void offset_kernel(int* x) { *x += offset_number; }

TEST(Graph, RunsNodesAfterTheirDependencies) {
  Number x;
  TestGraph g;
  const auto last = g.step(x.at, 10, 3), first = g.step(x.at, 10, 1);
  const auto middle = g.step(x.at, 10, 2, {first});
  ASSERT_EQ(cudaGraphAddDependencies(g.graph, &middle, &last, nullptr, 1), cudaSuccess);
  g.instantiate();

  g.launch();

  EXPECT_EQ(*x.at, 123);
  g.launch();
  EXPECT_EQ(*x.at, 123123);
}

TEST(Graph, ArgumentsAreThoseOfTheNodesMaking) {
  Number x;
  TestGraph g;
  {
    int factor = 1, addend = 7;
    void* arguments[] = {&x.at, &factor, &addend};
    cudaKernelNodeParams p{};
    p.func = reinterpret_cast<void*>(step_kernel);
    p.gridDim = p.blockDim = dim3(1);
    p.kernelParams = arguments;
    cudaGraphNode_t node = nullptr;
    ASSERT_EQ(cudaGraphAddKernelNode(&node, g.graph, nullptr, 0, &p), cudaSuccess);
    addend = 1000;
  }
  g.instantiate();
  g.launch();
  EXPECT_EQ(*x.at, 7);
}

TEST(Graph, ArgumentsMayComeAsOneBuffer) {
  Number x;
  TestGraph g;
  struct {
    int* x;
    int factor, addend;
  } buffer{x.at, 1, 9};
  std::size_t bytes = sizeof buffer;
  void* extra[] = {reinterpret_cast<void*>(1), &buffer, reinterpret_cast<void*>(2), &bytes,
                   nullptr};
  cudaKernelNodeParams p{};
  p.func = reinterpret_cast<void*>(step_kernel);
  p.gridDim = p.blockDim = dim3(1);
  p.extra = extra;
  cudaGraphNode_t node = nullptr;
  ASSERT_EQ(cudaGraphAddKernelNode(&node, g.graph, nullptr, 0, &p), cudaSuccess);
  bytes = 4;
  EXPECT_EQ(cleared(cudaGraphAddKernelNode(&node, g.graph, nullptr, 0, &p)), cudaErrorInvalidValue);
  g.instantiate();
  g.launch();
  EXPECT_EQ(*x.at, 9);
}

TEST(Graph, CopiesFillsAndHostFunctionsRun) {
  TestGraph g;
  int *device = nullptr, from[4] = {1, 2, 3, 4}, to[4] = {}, seen = 0;
  ASSERT_EQ(cudaMalloc(&device, sizeof from), cudaSuccess);
  cudaGraphNode_t in = nullptr, fill = nullptr, out = nullptr, host = nullptr;
  ASSERT_EQ(cudaGraphAddMemcpyNode1D(&in, g.graph, nullptr, 0, device, from, sizeof from,
                                     cudaMemcpyHostToDevice),
            cudaSuccess);
  const cudaMemsetParams half{device + 1, 0, 0x01020304u, 4, 2, 1};
  ASSERT_EQ(cudaGraphAddMemsetNode(&fill, g.graph, &in, 1, &half), cudaSuccess);
  ASSERT_EQ(cudaGraphAddMemcpyNode1D(&out, g.graph, &fill, 1, to, device, sizeof to,
                                     cudaMemcpyDeviceToHost),
            cudaSuccess);
  struct Look {
    int *from, *seen;
  } look{to, &seen};
  const cudaHostNodeParams call{
      [](void* data) { *static_cast<Look*>(data)->seen = static_cast<Look*>(data)->from[2]; },
      &look};
  ASSERT_EQ(cudaGraphAddHostNode(&host, g.graph, &out, 1, &call), cudaSuccess);
  g.instantiate();

  g.launch();

  EXPECT_EQ(to[0], 1);
  EXPECT_EQ(to[1], 0x01020304);
  EXPECT_EQ(to[2], 0x01020304);
  EXPECT_EQ(to[3], 4);
  EXPECT_EQ(seen, 0x01020304);
  cudaFree(device);
}

TEST(Graph, SymbolsAreCopiedBothWays) {
  Number x;
  TestGraph g;
  int value = 40, back = 0;
  cudaGraphNode_t to = nullptr, from = nullptr;
  ASSERT_EQ(cudaGraphAddMemcpyNodeToSymbol(&to, g.graph, nullptr, 0, offset_number, &value,
                                           sizeof value, 0, cudaMemcpyHostToDevice),
            cudaSuccess);
  ASSERT_EQ(cudaGraphAddMemcpyNodeFromSymbol(&from, g.graph, &to, 1, &back, offset_number,
                                             sizeof back, 0, cudaMemcpyDeviceToHost),
            cudaSuccess);
  EXPECT_EQ(cleared(cudaGraphAddMemcpyNodeToSymbol(&to, g.graph, nullptr, 0, offset_number, &value,
                                                   sizeof value, 1, cudaMemcpyHostToDevice)),
            cudaErrorInvalidValue);
  g.instantiate();
  g.launch();
  EXPECT_EQ(back, 40);
  offset_kernel<<<1, 1>>>(x.at);
  EXPECT_EQ(*x.at, 40);
}

TEST(Graph, ChildrenAreCopiesOfTheirTime) {
  Number x;
  TestGraph parent, child;
  child.step(x.at, 1, 5);
  const auto before = parent.step(x.at, 1, 1);
  cudaGraphNode_t node = nullptr;
  ASSERT_EQ(cudaGraphAddChildGraphNode(&node, parent.graph, &before, 1, child.graph), cudaSuccess);
  child.step(x.at, 1, 100);
  cudaGraph_t inner = nullptr;
  ASSERT_EQ(cudaGraphChildGraphNodeGetGraph(node, &inner), cudaSuccess);
  std::size_t count = 0;
  ASSERT_EQ(cudaGraphGetNodes(inner, nullptr, &count), cudaSuccess);
  EXPECT_EQ(count, 1u);
  parent.instantiate();

  parent.launch();

  EXPECT_EQ(*x.at, 6);
  EXPECT_EQ(cleared(cudaGraphDestroy(inner)), cudaErrorInvalidValue) << "its node owns it";
}

TEST(Graph, NodesAndEdgesAreListed) {
  Number x;
  TestGraph g;
  const auto a = g.step(x.at, 1, 1), b = g.step(x.at, 1, 2, {a}), c = g.step(x.at, 1, 3, {a, b});
  std::size_t count = 0;
  ASSERT_EQ(cudaGraphGetEdges(g.graph, nullptr, nullptr, nullptr, &count), cudaSuccess);
  ASSERT_EQ(count, 3u);
  cudaGraphNode_t from[4], to[4];
  count = 4;

  ASSERT_EQ(cudaGraphGetEdges(g.graph, from, to, nullptr, &count), cudaSuccess);

  EXPECT_EQ(count, 3u);
  EXPECT_EQ(from[0], a);
  EXPECT_EQ(to[2], c);
  EXPECT_EQ(from[3], nullptr);
  ASSERT_EQ(cudaGraphGetRootNodes(g.graph, nullptr, &count), cudaSuccess);
  EXPECT_EQ(count, 1u);
  count = 4;
  ASSERT_EQ(cudaGraphNodeGetDependencies(c, from, nullptr, &count), cudaSuccess);
  EXPECT_EQ(count, 2u);
  ASSERT_EQ(cudaGraphNodeGetDependentNodes(a, nullptr, nullptr, &count), cudaSuccess);
  EXPECT_EQ(count, 2u);
  cudaGraphNodeType type{};
  ASSERT_EQ(cudaGraphNodeGetType(b, &type), cudaSuccess);
  EXPECT_EQ(type, cudaGraphNodeTypeKernel);
  ASSERT_EQ(cudaGraphRemoveDependencies(g.graph, &a, &b, nullptr, 1), cudaSuccess);
  EXPECT_EQ(cleared(cudaGraphRemoveDependencies(g.graph, &a, &b, nullptr, 1)),
            cudaErrorInvalidValue);
  ASSERT_EQ(cudaGraphDestroyNode(b), cudaSuccess);
  ASSERT_EQ(cudaGraphGetEdges(g.graph, nullptr, nullptr, nullptr, &count), cudaSuccess);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(cleared(cudaGraphNodeGetType(b, &type)), cudaErrorInvalidValue);
}

TEST(Graph, WrongNodesAreRefused) {
  Number x;
  TestGraph g, other;
  const auto a = g.step(x.at, 1, 1), b = g.step(x.at, 1, 2, {a}), stranger = other.step(x.at, 1, 3);
  cudaGraphNode_t node = nullptr;
  const cudaGraphNode_t twice[] = {a, a};
  EXPECT_EQ(cleared(cudaGraphAddEmptyNode(&node, g.graph, &stranger, 1)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaGraphAddEmptyNode(&node, g.graph, twice, 2)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaGraphAddEmptyNode(&node, nullptr, nullptr, 0)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaGraphAddDependencies(g.graph, &a, &stranger, nullptr, 1)),
            cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaGraphAddDependencies(g.graph, &a, &b, nullptr, 1)), cudaErrorInvalidValue)
      << "there already";
  ASSERT_EQ(cudaGraphAddDependencies(g.graph, &b, &a, nullptr, 1), cudaSuccess);
  cudaGraphExec_t exec = nullptr;
  EXPECT_EQ(cleared(cudaGraphInstantiate(&exec, g.graph, 0)), cudaErrorInvalidValue) << "a cycle";
  cudaKernelNodeParams p{};
  p.func = reinterpret_cast<void*>(&fault);
  EXPECT_EQ(cleared(cudaGraphAddKernelNode(&node, g.graph, nullptr, 0, &p)),
            cudaErrorInvalidDeviceFunction);
  cudaGraphNodeParams conditional{};
  conditional.type = cudaGraphNodeTypeConditional;
  EXPECT_EQ(cleared(cudaGraphAddNode(&node, g.graph, nullptr, nullptr, 0, &conditional)),
            cudaErrorNotSupported);
}

TEST(Graph, ParametersAreReadAndChanged) {
  Number x;
  TestGraph g;
  const auto node = g.step(x.at, 1, 1);
  cudaKernelNodeParams p{};
  ASSERT_EQ(cudaGraphKernelNodeGetParams(node, &p), cudaSuccess);
  EXPECT_EQ(p.func, reinterpret_cast<void*>(step_kernel));
  EXPECT_EQ(*static_cast<int*>(p.kernelParams[2]), 1);
  *static_cast<int*>(p.kernelParams[2]) = 20;
  ASSERT_EQ(cudaGraphKernelNodeSetParams(node, &p), cudaSuccess);
  g.instantiate();
  g.launch();
  EXPECT_EQ(*x.at, 20);

  const Step changed(x.at, 1, 300);
  ASSERT_EQ(cudaGraphExecKernelNodeSetParams(g.exec, node, &changed.parameters), cudaSuccess);
  g.launch();

  EXPECT_EQ(*x.at, 320);
  cudaMemcpy3DParms copy{};
  EXPECT_EQ(cleared(cudaGraphMemcpyNodeGetParams(node, &copy)), cudaErrorInvalidValue);
  const cudaHostNodeParams host{[](void*) {}, nullptr};
  EXPECT_EQ(cleared(cudaGraphExecHostNodeSetParams(g.exec, node, &host)), cudaErrorInvalidValue);
}

TEST(Graph, NodesOfEveryTypeGiveTheirParametersBack) {
  TestGraph g;
  int* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 64), cudaSuccess);
  cudaGraphNodeParams p{}, read{};
  p.type = cudaGraphNodeTypeMemset;
  p.memset.dst = device;
  p.memset.elementSize = 4;
  p.memset.value = 7;
  p.memset.width = 16;
  p.memset.height = 1;
  cudaGraphNode_t node = nullptr;
  ASSERT_EQ(cudaGraphAddNode(&node, g.graph, nullptr, nullptr, 0, &p), cudaSuccess);

  ASSERT_EQ(cudaGraphNodeGetParams(node, &read), cudaSuccess);

  EXPECT_EQ(read.type, cudaGraphNodeTypeMemset);
  EXPECT_EQ(read.memset.value, 7u);
  EXPECT_EQ(read.memset.dst, device);
  p.memset.value = 8;
  ASSERT_EQ(cudaGraphNodeSetParams(node, &p), cudaSuccess);
  g.instantiate();
  p.memset.value = 9;
  ASSERT_EQ(cudaGraphExecNodeSetParams(g.exec, node, &p), cudaSuccess);
  g.launch();
  int first = 0;
  cudaMemcpy(&first, device, sizeof first, cudaMemcpyDeviceToHost);
  EXPECT_EQ(first, 9);
  p.memset.elementSize = 3;
  EXPECT_EQ(cleared(cudaGraphNodeSetParams(node, &p)), cudaErrorInvalidValue);
  cudaFree(device);
}

TEST(Graph, ClonesKnowTheirOriginals) {
  Number x;
  TestGraph g;
  const auto node = g.step(x.at, 1, 1);
  cudaGraph_t copy = nullptr;
  ASSERT_EQ(cudaGraphClone(&copy, g.graph), cudaSuccess);
  cudaGraphNode_t twin = nullptr, none = nullptr;
  ASSERT_EQ(cudaGraphNodeFindInClone(&twin, node, copy), cudaSuccess);
  EXPECT_NE(twin, node);
  const Step changed(x.at, 1, 50);
  ASSERT_EQ(cudaGraphKernelNodeSetParams(twin, &changed.parameters), cudaSuccess);
  EXPECT_EQ(cleared(cudaGraphNodeFindInClone(&none, twin, g.graph)), cudaErrorInvalidValue);
  g.instantiate();
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&exec, copy, 0), cudaSuccess);

  g.launch();
  ASSERT_EQ(cudaGraphLaunch(exec, nullptr), cudaSuccess);

  EXPECT_EQ(*x.at, 51);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(copy);
}

TEST(Graph, UpdatesTakeAGraphOfTheSameForm) {
  Number x;
  TestGraph g, same, longer, other;
  const auto first = g.step(x.at, 1, 1);
  g.step(x.at, 10, 2, {first});
  g.instantiate();
  const auto same_first = same.step(x.at, 1, 5);
  same.step(x.at, 10, 6, {same_first});
  longer.step(x.at, 1, 1, {longer.step(x.at, 1, 1, {longer.step(x.at, 1, 1)})});
  cudaGraphNode_t node = nullptr;
  const auto other_first = other.step(x.at, 1, 1);
  ASSERT_EQ(cudaGraphAddEmptyNode(&node, other.graph, &other_first, 1), cudaSuccess);
  cudaGraphExecUpdateResultInfo info{};

  EXPECT_EQ(cudaGraphExecUpdate(g.exec, same.graph, &info), cudaSuccess);
  EXPECT_EQ(info.result, cudaGraphExecUpdateSuccess);
  g.launch();
  EXPECT_EQ(*x.at, 56);

  EXPECT_EQ(cleared(cudaGraphExecUpdate(g.exec, longer.graph, &info)),
            cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(info.result, cudaGraphExecUpdateErrorTopologyChanged);
  EXPECT_EQ(cleared(cudaGraphExecUpdate(g.exec, other.graph, &info)),
            cudaErrorGraphExecUpdateFailure);
  EXPECT_EQ(info.result, cudaGraphExecUpdateErrorNodeTypeChanged);
  EXPECT_EQ(info.errorNode, node);
  const Step again(x.at, 0, 1);
  ASSERT_EQ(cudaGraphExecKernelNodeSetParams(g.exec, first, &again.parameters), cudaSuccess)
      << "the first graph's nodes still name the executable one's";
  g.launch();
  EXPECT_EQ(*x.at, 16);
}

TEST(Graph, NodesCanBeSwitchedOff) {
  Number x;
  TestGraph g;
  const auto first = g.step(x.at, 1, 1);
  g.step(x.at, 1, 10, {first});
  g.instantiate();
  unsigned enabled = 7;
  ASSERT_EQ(cudaGraphNodeSetEnabled(g.exec, first, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphNodeGetEnabled(g.exec, first, &enabled), cudaSuccess);
  EXPECT_EQ(enabled, 0u);
  g.launch();
  EXPECT_EQ(*x.at, 10);
  ASSERT_EQ(cudaGraphNodeSetEnabled(g.exec, first, 1), cudaSuccess);
  g.launch();
  EXPECT_EQ(*x.at, 21);
}

TEST(Graph, IsDrawnAsGraphviz) {
  Number x;
  TestGraph g;
  g.step(x.at, 1, 2, {g.step(x.at, 1, 1)});
  const std::string path = testing::TempDir() + "graph.dot";
  ASSERT_EQ(cudaGraphDebugDotPrint(g.graph, path.c_str(), 0), cudaSuccess);
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text.find("digraph dot {"), 0u) << text;
  EXPECT_NE(text.find("step_kernel"), std::string::npos) << text;
  EXPECT_NE(text.find("_node_0 -> "), std::string::npos) << text;
  EXPECT_EQ(cleared(cudaGraphDebugDotPrint(g.graph, "/nowhere/graph.dot", 0)),
            cudaErrorOperatingSystem);
}

TEST(Graph, ADestroyedOneIsUnknown) {
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess) << "no nodes, no work";
  EXPECT_EQ(cudaGraphLaunch(exec, nullptr), cudaSuccess);
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  ASSERT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
  EXPECT_EQ(cleared(cudaGraphDestroy(graph)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaGraphLaunch(exec, nullptr)), cudaErrorInvalidValue);
  EXPECT_EQ(cleared(cudaGraphCreate(&graph, 1)), cudaErrorInvalidValue);
}

}  // namespace
