// What graphs hold: memory of allocation nodes, events, objects of the program's.
#include <cstdint>

#include "vgpu/runtime/graph_test.h"

namespace {

__global__ void fill_kernel(int* x, int value) { x[threadIdx.x] = value; }

cudaMemAllocNodeParams allocation(std::size_t bytes) {
  cudaMemAllocNodeParams p{};
  p.poolProps.allocType = cudaMemAllocationTypePinned;
  p.poolProps.location = {cudaMemLocationTypeDevice, 0};
  p.bytesize = bytes;
  return p;
}

std::uint64_t graph_memory(cudaGraphMemAttributeType attribute) {
  std::uint64_t value = 0;
  EXPECT_EQ(cudaDeviceGetGraphMemAttribute(0, attribute, &value), cudaSuccess);
  return value;
}

TEST(GraphMemory, LivesFromItsNodeToItsFree) {
  TestGraph g;
  cudaMemAllocNodeParams p = allocation(4 * 32);
  cudaGraphNode_t allocate = nullptr, fill = nullptr, out = nullptr, free = nullptr;
  ASSERT_EQ(cudaGraphAddMemAllocNode(&allocate, g.graph, nullptr, 0, &p), cudaSuccess);
  ASSERT_NE(p.dptr, nullptr);
  int value = 6, host[32] = {};
  void* arguments[] = {&p.dptr, &value};
  cudaKernelNodeParams kernel{};
  kernel.func = reinterpret_cast<void*>(fill_kernel);
  kernel.gridDim = dim3(1);
  kernel.blockDim = dim3(32);
  kernel.kernelParams = arguments;
  ASSERT_EQ(cudaGraphAddKernelNode(&fill, g.graph, &allocate, 1, &kernel), cudaSuccess);
  ASSERT_EQ(cudaGraphAddMemcpyNode1D(&out, g.graph, &fill, 1, host, p.dptr, sizeof host,
                                     cudaMemcpyDeviceToHost),
            cudaSuccess);
  ASSERT_EQ(cudaGraphAddMemFreeNode(&free, g.graph, &out, 1, p.dptr), cudaSuccess);
  g.instantiate();

  for (int round = 0; round < 2; ++round) g.launch();

  EXPECT_EQ(host[31], 6);
  EXPECT_EQ(graph_memory(cudaGraphMemAttrUsedMemCurrent), 0u);
  EXPECT_GE(graph_memory(cudaGraphMemAttrUsedMemHigh), sizeof host);
  EXPECT_GE(graph_memory(cudaGraphMemAttrReservedMemCurrent), sizeof host);
  EXPECT_EQ(cleared(cudaMemcpy(host, p.dptr, 4, cudaMemcpyDeviceToHost)), cudaErrorInvalidValue)
      << "it is freed";
  cudaGraph_t copy = nullptr;
  EXPECT_EQ(cleared(cudaGraphClone(&copy, g.graph)), cudaErrorNotSupported);
}

TEST(GraphMemory, WithoutAFreeTheNextLaunchIsRefused) {
  TestGraph g;
  cudaMemAllocNodeParams p = allocation(64);
  cudaGraphNode_t node = nullptr;
  ASSERT_EQ(cudaGraphAddMemAllocNode(&node, g.graph, nullptr, 0, &p), cudaSuccess);
  g.instantiate();
  g.launch();
  EXPECT_EQ(cleared(cudaGraphLaunch(g.exec, nullptr)), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(p.dptr), cudaSuccess) << "the program frees it";
  g.launch();
  EXPECT_EQ(cudaFreeAsync(p.dptr, nullptr), cudaSuccess);
  cudaGraphExec_t automatic = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&automatic, g.graph, cudaGraphInstantiateFlagAutoFreeOnLaunch),
            cudaSuccess);
  for (int round = 0; round < 3; ++round)
    EXPECT_EQ(cudaGraphLaunch(automatic, nullptr), cudaSuccess) << round;
  cudaGraphExecDestroy(automatic);
  EXPECT_EQ(cudaFree(p.dptr), cudaSuccess);
}

TEST(GraphEvents, AreRecordedByTheirNodes) {
  Number x;
  TestGraph g;
  cudaEvent_t before = nullptr, after = nullptr, read = nullptr;
  ASSERT_EQ(cudaEventCreate(&before), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&after), cudaSuccess);
  cudaGraphNode_t first = nullptr, wait = nullptr, last = nullptr;
  ASSERT_EQ(cudaGraphAddEventRecordNode(&first, g.graph, nullptr, 0, before), cudaSuccess);
  ASSERT_EQ(cudaGraphAddEventWaitNode(&wait, g.graph, &first, 1, before), cudaSuccess);
  const auto work = g.step(x.at, 1, 1, {wait});
  ASSERT_EQ(cudaGraphAddEventRecordNode(&last, g.graph, &work, 1, after), cudaSuccess);
  ASSERT_EQ(cudaGraphEventRecordNodeGetEvent(last, &read), cudaSuccess);
  EXPECT_EQ(read, after);
  g.instantiate();
  g.launch();
  float milliseconds = -1;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, before, after), cudaSuccess);
  EXPECT_GE(milliseconds, 0);
  cudaEventDestroy(before);
  cudaEventDestroy(after);
}

TEST(GraphObjects, AreDestroyedWithTheLastGraphThatKeepsThem) {
  int destroyed = 0;
  cudaUserObject_t object = nullptr;
  ASSERT_EQ(cudaUserObjectCreate(
                &object, &destroyed, [](void* data) { ++*static_cast<int*>(data); }, 1,
                cudaUserObjectNoDestructorSync),
            cudaSuccess);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphRetainUserObject(graph, object, 1, cudaGraphUserObjectMove), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
  cudaGraphDestroy(graph);
  EXPECT_EQ(destroyed, 0) << "the executable graph keeps it";
  cudaGraphExecDestroy(exec);
  EXPECT_EQ(destroyed, 1);
}

}  // namespace
