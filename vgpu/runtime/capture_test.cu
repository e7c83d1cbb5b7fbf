// Streams that capture: fork and join by events, what becomes a node, what is forbidden meanwhile.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "vgpu/runtime/device.h"

namespace {

std::string fault() { return vgpu::runtime::last_fault(); }

cudaError_t cleared(cudaError_t code) {
  cudaGetLastError();
  return code;
}

__global__ void step_kernel(int* x, int factor, int addend) { *x = *x * factor + addend; }

struct TestStream {
  explicit TestStream(unsigned flags = cudaStreamNonBlocking) {
    EXPECT_EQ(cudaStreamCreateWithFlags(&stream, flags), cudaSuccess);
  }
  ~TestStream() { cudaStreamDestroy(stream); }
  operator cudaStream_t() const { return stream; }
  cudaStream_t stream = nullptr;
};

struct TestEvent {
  TestEvent() { EXPECT_EQ(cudaEventCreate(&event), cudaSuccess); }
  ~TestEvent() { cudaEventDestroy(event); }
  operator cudaEvent_t() const { return event; }
  cudaEvent_t event = nullptr;
};

cudaStreamCaptureStatus status(cudaStream_t stream) {
  cudaStreamCaptureStatus out{};
  EXPECT_EQ(cudaStreamIsCapturing(stream, &out), cudaSuccess);
  return out;
}

void begin(cudaStream_t stream, cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal) {
  ASSERT_EQ(cudaStreamBeginCapture(stream, mode), cudaSuccess) << fault();
}

std::size_t node_count(cudaGraph_t graph) {
  std::size_t count = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &count), cudaSuccess);
  return count;
}

void launch_once(cudaGraph_t graph) {
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(exec, nullptr), cudaSuccess) << fault();
  cudaGraphExecDestroy(exec);
}

/// The capture is over, with an error, and left no graph.
void expect_failed_end(cudaStream_t stream, cudaError_t code) {
  cudaGraph_t graph = reinterpret_cast<cudaGraph_t>(8);
  EXPECT_EQ(cleared(cudaStreamEndCapture(stream, &graph)), code);
  EXPECT_EQ(graph, nullptr);
  EXPECT_EQ(status(stream), cudaStreamCaptureStatusNone);
}

struct Number {
  Number() {
    cudaMallocManaged(&at, sizeof *at);
    *at = 0;
  }
  ~Number() { cudaFree(at); }
  int* at = nullptr;
};

TEST(Capture, KeepsWorkInsteadOfDoingIt) {
  Number x;
  const TestStream stream;
  int out = 0, seen = 0;
  begin(stream);
  EXPECT_EQ(status(stream), cudaStreamCaptureStatusActive);
  step_kernel<<<1, 1, 0, stream>>>(x.at, 1, 5);
  ASSERT_EQ(cudaMemcpyAsync(&out, x.at, sizeof out, cudaMemcpyDefault, stream), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(x.at, 0, sizeof out, stream), cudaSuccess);
  ASSERT_EQ(cudaLaunchHostFunc(
                stream, [](void* data) { *static_cast<int*>(data) += 1; }, &seen),
            cudaSuccess);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess) << fault();
  EXPECT_EQ(*x.at, 0);
  EXPECT_EQ(seen, 0);
  EXPECT_EQ(node_count(graph), 4u);

  launch_once(graph);
  launch_once(graph);

  EXPECT_EQ(out, 5);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(*x.at, 0);
  cudaGraphDestroy(graph);
}

TEST(Capture, ForksAndJoinsByEvents) {
  Number x, y;
  const TestStream first, second;
  const TestEvent fork, join;
  begin(first);
  step_kernel<<<1, 1, 0, first>>>(x.at, 1, 1);
  ASSERT_EQ(cudaEventRecord(fork, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, fork, 0), cudaSuccess);
  EXPECT_EQ(status(second), cudaStreamCaptureStatusActive);
  step_kernel<<<1, 1, 0, second>>>(y.at, 1, 7);
  step_kernel<<<1, 1, 0, first>>>(x.at, 10, 2);
  ASSERT_EQ(cudaEventRecord(join, second), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(first, join, 0), cudaSuccess);
  step_kernel<<<1, 1, 0, first>>>(x.at, 10, 3);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(first, &graph), cudaSuccess) << fault();
  EXPECT_EQ(status(second), cudaStreamCaptureStatusNone);
  std::size_t edges = 0, roots = 0;
  ASSERT_EQ(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &edges), cudaSuccess);
  ASSERT_EQ(cudaGraphGetRootNodes(graph, nullptr, &roots), cudaSuccess);
  EXPECT_EQ(edges, 4u);
  EXPECT_EQ(roots, 1u);

  launch_once(graph);

  EXPECT_EQ(*x.at, 123);
  EXPECT_EQ(*y.at, 7);
  cudaGraphDestroy(graph);
}

TEST(Capture, AForkedStreamMayBeDestroyedOnceItsWorkIsJoined) {
  // hunts: a stream that a function makes, joins and destroys while its caller's stream captures.
  for (const bool joins : {true, false}) {
    Number x;
    const TestStream first;
    const TestEvent fork, joined;
    begin(first);
    {
      const TestStream second;
      ASSERT_EQ(cudaEventRecord(fork, first), cudaSuccess);
      ASSERT_EQ(cudaStreamWaitEvent(second, fork, 0), cudaSuccess);
      step_kernel<<<1, 1, 0, second>>>(x.at, 1, 7);
      ASSERT_EQ(cudaEventRecord(joined, second), cudaSuccess);
      if (joins) ASSERT_EQ(cudaStreamWaitEvent(first, joined, 0), cudaSuccess);
    }
    if (!joins) {
      expect_failed_end(first, cudaErrorStreamCaptureUnjoined);
      continue;
    }
    cudaGraph_t graph = nullptr;
    ASSERT_EQ(cudaStreamEndCapture(first, &graph), cudaSuccess) << fault();
    EXPECT_EQ(node_count(graph), 1u);
    cudaGraphDestroy(graph);
  }
}

TEST(Capture, WorkThatIsNotJoinedFails) {
  Number x;
  const TestStream first, second;
  const TestEvent fork;
  begin(first);
  ASSERT_EQ(cudaEventRecord(fork, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, fork, 0), cudaSuccess);
  step_kernel<<<1, 1, 0, second>>>(x.at, 1, 7);
  expect_failed_end(first, cudaErrorStreamCaptureUnjoined);
  EXPECT_EQ(status(second), cudaStreamCaptureStatusNone);
}

TEST(Capture, EndsOnTheStreamWhereItBegan) {
  const TestStream first, second;
  const TestEvent fork;
  begin(first);
  ASSERT_EQ(cudaEventRecord(fork, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, fork, 0), cudaSuccess);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cleared(cudaStreamEndCapture(second, &graph)), cudaErrorStreamCaptureUnmatched);
  EXPECT_EQ(cleared(cudaStreamBeginCapture(first, cudaStreamCaptureModeGlobal)),
            cudaErrorIllegalState);
  expect_failed_end(first, cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(cleared(cudaStreamEndCapture(first, &graph)), cudaErrorIllegalState);
}

TEST(Capture, TheLegacyStreamIsNeverCaptured) {
  EXPECT_EQ(cleared(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeRelaxed)),
            cudaErrorStreamCaptureUnsupported);
}

TEST(Capture, WaitingForAStreamSpoilsItsCapture) {
  for (auto* call : {&cudaStreamSynchronize, &cudaStreamQuery}) {
    const TestStream stream;
    begin(stream, cudaStreamCaptureModeRelaxed);
    EXPECT_EQ(cleared((*call)(stream)), cudaErrorStreamCaptureUnsupported);
    EXPECT_EQ(status(stream), cudaStreamCaptureStatusInvalidated);
    EXPECT_EQ(cleared(cudaMemsetAsync(nullptr, 0, 0, stream)), cudaErrorStreamCaptureInvalidated);
    expect_failed_end(stream, cudaErrorStreamCaptureInvalidated);
  }
}

TEST(Capture, UnsafeCallsAreForbiddenAsItsModeSays) {
  void* p = nullptr;
  for (auto mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal}) {
    const TestStream stream;
    begin(stream, mode);
    EXPECT_EQ(cleared(cudaMalloc(&p, 16)), cudaErrorStreamCaptureUnsupported);
    expect_failed_end(stream, cudaErrorStreamCaptureInvalidated);
  }
  const TestStream stream;
  begin(stream, cudaStreamCaptureModeRelaxed);
  EXPECT_EQ(cudaMalloc(&p, 16), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphDestroy(graph);
}

TEST(Capture, OtherThreadsAreConcernedByGlobalModeAlone) {
  for (auto mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal}) {
    const TestStream stream;
    begin(stream, mode);
    cudaError_t code = cudaSuccess, end = cudaSuccess;
    cudaGraph_t graph = nullptr;
    std::thread([&] {
      void* p = nullptr;
      code = cudaMalloc(&p, 16);
      if (code == cudaSuccess) cudaFree(p);
      end = cudaStreamEndCapture(stream, &graph);
    }).join();
    const bool global = mode == cudaStreamCaptureModeGlobal;
    EXPECT_EQ(code, global ? cudaErrorStreamCaptureUnsupported : cudaSuccess);
    EXPECT_EQ(end, cudaErrorStreamCaptureWrongThread);
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph),
              global ? cudaErrorStreamCaptureInvalidated : cudaSuccess);
    cudaGetLastError();
    if (graph) cudaGraphDestroy(graph);
  }
}

TEST(Capture, AThreadMayRelaxItsMode) {
  const TestStream stream;
  begin(stream);
  auto mode = cudaStreamCaptureModeRelaxed;
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  EXPECT_EQ(mode, cudaStreamCaptureModeGlobal);
  void* p = nullptr;
  EXPECT_EQ(cudaMalloc(&p, 16), cudaSuccess);
  EXPECT_EQ(cudaFree(p), cudaSuccess);
  ASSERT_EQ(cudaThreadExchangeStreamCaptureMode(&mode), cudaSuccess);
  EXPECT_EQ(mode, cudaStreamCaptureModeRelaxed);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphDestroy(graph);
}

TEST(Capture, TheLegacyStreamWaitsForBlockingStreams) {
  Number x;
  {
    const TestStream blocking(cudaStreamDefault);
    begin(blocking, cudaStreamCaptureModeRelaxed);
    step_kernel<<<1, 1>>>(x.at, 1, 1);
    EXPECT_EQ(cudaGetLastError(), cudaErrorStreamCaptureImplicit);
    expect_failed_end(blocking, cudaErrorStreamCaptureInvalidated);
  }
  const TestStream free_stream;
  begin(free_stream, cudaStreamCaptureModeRelaxed);
  step_kernel<<<1, 1>>>(x.at, 1, 1);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(*x.at, 1);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(free_stream, &graph), cudaSuccess);
  cudaGraphDestroy(graph);
}

TEST(Capture, ADeviceThatCapturesIsNotWaitedFor) {
  const TestStream stream(cudaStreamDefault);
  begin(stream, cudaStreamCaptureModeRelaxed);
  cudaStreamCaptureStatus state{};
  EXPECT_EQ(cleared(cudaStreamIsCapturing(nullptr, &state)), cudaErrorStreamCaptureImplicit);
  EXPECT_EQ(status(stream), cudaStreamCaptureStatusActive) << "a question spoils nothing";
  EXPECT_EQ(cleared(cudaDeviceSynchronize()), cudaErrorStreamCaptureUnsupported);
  expect_failed_end(stream, cudaErrorStreamCaptureInvalidated);
}

TEST(CaptureEvents, OfACaptureAreNoMoments) {
  const TestStream stream;
  const TestEvent event;
  begin(stream);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  EXPECT_EQ(cleared(cudaEventQuery(event)), cudaErrorCapturedEvent);
  EXPECT_EQ(cleared(cudaEventSynchronize(event)), cudaErrorCapturedEvent);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(cleared(cudaStreamWaitEvent(stream, event, 0)), cudaErrorCapturedEvent);
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(event), cudaSuccess);
  cudaGraphDestroy(graph);
}

TEST(CaptureEvents, OfOutsideIsolateACapture) {
  const TestStream stream;
  const TestEvent event;
  ASSERT_EQ(cudaEventRecord(event, stream), cudaSuccess);
  begin(stream);
  EXPECT_EQ(cleared(cudaStreamWaitEvent(stream, event, 0)), cudaErrorStreamCaptureIsolation);
  expect_failed_end(stream, cudaErrorStreamCaptureInvalidated);
}

TEST(CaptureEvents, ExternalOnesBecomeNodes) {
  const TestStream stream;
  const TestEvent event;
  begin(stream);
  ASSERT_EQ(cudaStreamWaitEvent(stream, event, cudaEventWaitExternal), cudaSuccess);
  ASSERT_EQ(cudaEventRecordWithFlags(event, stream, cudaEventRecordExternal), cudaSuccess);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  cudaGraphNode_t nodes[2];
  std::size_t count = 2;
  ASSERT_EQ(cudaGraphGetNodes(graph, nodes, &count), cudaSuccess);
  ASSERT_EQ(count, 2u);
  cudaGraphNodeType type{};
  cudaGraphNodeGetType(nodes[0], &type);
  EXPECT_EQ(type, cudaGraphNodeTypeWaitEvent);
  cudaGraphNodeGetType(nodes[1], &type);
  EXPECT_EQ(type, cudaGraphNodeTypeEventRecord);
  cudaGraphDestroy(graph);
}

TEST(CaptureEvents, TwoCapturesDoNotMerge) {
  const TestStream first, second;
  const TestEvent event;
  begin(first);
  begin(second);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  EXPECT_EQ(cleared(cudaStreamWaitEvent(second, event, 0)), cudaErrorStreamCaptureMerge);
  expect_failed_end(first, cudaErrorStreamCaptureInvalidated);
  expect_failed_end(second, cudaErrorStreamCaptureInvalidated);
}

TEST(CaptureInfo, TellsTheGraphAndWhatComesNext) {
  Number x;
  const TestStream stream;
  begin(stream);
  step_kernel<<<1, 1, 0, stream>>>(x.at, 1, 1);
  cudaStreamCaptureStatus state{};
  unsigned long long id = 0;
  cudaGraph_t graph = nullptr, ended = nullptr;
  const cudaGraphNode_t* tail = nullptr;
  std::size_t count = 0;
  ASSERT_EQ(cudaStreamGetCaptureInfo(stream, &state, &id, &graph, &tail, nullptr, &count),
            cudaSuccess);
  EXPECT_EQ(state, cudaStreamCaptureStatusActive);
  EXPECT_NE(id, 0u);
  ASSERT_EQ(count, 1u);
  cudaGraphNode_t own = nullptr;
  ASSERT_EQ(cudaGraphAddEmptyNode(&own, graph, tail, 1), cudaSuccess);
  ASSERT_EQ(cudaStreamUpdateCaptureDependencies(stream, &own, nullptr, 1,
                                                cudaStreamSetCaptureDependencies),
            cudaSuccess);
  step_kernel<<<1, 1, 0, stream>>>(x.at, 10, 2);
  ASSERT_EQ(cudaStreamEndCapture(stream, &ended), cudaSuccess);
  EXPECT_EQ(ended, graph);
  EXPECT_EQ(node_count(graph), 3u);
  launch_once(graph);
  EXPECT_EQ(*x.at, 12);
  cudaGraphDestroy(graph);
}

TEST(Capture, GoesIntoAGraphThatIsThere) {
  Number x;
  const TestStream stream;
  cudaGraph_t graph = nullptr, ended = nullptr;
  ASSERT_EQ(cudaGraphCreate(&graph, 0), cudaSuccess);
  cudaGraphNode_t first = nullptr;
  ASSERT_EQ(cudaGraphAddEmptyNode(&first, graph, nullptr, 0), cudaSuccess);
  ASSERT_EQ(
      cudaStreamBeginCaptureToGraph(stream, graph, &first, nullptr, 1, cudaStreamCaptureModeGlobal),
      cudaSuccess);
  step_kernel<<<1, 1, 0, stream>>>(x.at, 1, 4);
  ASSERT_EQ(cudaStreamEndCapture(stream, &ended), cudaSuccess);
  EXPECT_EQ(ended, graph);
  launch_once(graph);
  EXPECT_EQ(*x.at, 4);
  cudaGraphDestroy(graph);
}

TEST(Capture, StreamOrderedMemoryBecomesNodes) {
  const TestStream stream;
  int *memory = nullptr, out = 0;
  begin(stream);
  ASSERT_EQ(cudaMallocAsync(&memory, 64, stream), cudaSuccess);
  ASSERT_EQ(cudaMemsetAsync(memory, 1, 64, stream), cudaSuccess);
  ASSERT_EQ(cudaMemcpyAsync(&out, memory, sizeof out, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  ASSERT_EQ(cudaFreeAsync(memory, stream), cudaSuccess);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(node_count(graph), 4u);
  launch_once(graph);
  EXPECT_EQ(out, 0x01010101);
  cudaGraphDestroy(graph);
}

TEST(Capture, OfALaunchedGraphIsAChild) {
  Number x;
  const TestStream stream;
  cudaGraph_t inner = nullptr, outer = nullptr;
  begin(stream);
  step_kernel<<<1, 1, 0, stream>>>(x.at, 1, 3);
  ASSERT_EQ(cudaStreamEndCapture(stream, &inner), cudaSuccess);
  cudaGraphExec_t exec = nullptr;
  ASSERT_EQ(cudaGraphInstantiate(&exec, inner, 0), cudaSuccess);
  begin(stream);
  ASSERT_EQ(cudaGraphLaunch(exec, stream), cudaSuccess);
  ASSERT_EQ(cudaGraphLaunch(exec, stream), cudaSuccess);
  ASSERT_EQ(cudaStreamEndCapture(stream, &outer), cudaSuccess);
  EXPECT_EQ(*x.at, 0);
  launch_once(outer);
  EXPECT_EQ(*x.at, 6);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(inner);
  cudaGraphDestroy(outer);
}

}  // namespace
