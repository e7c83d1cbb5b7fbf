#include "vgpu/runtime/capture.h"

#include <algorithm>
#include <atomic>
#include <unordered_set>

#include "vgpu/runtime/api.h"

namespace vgpu::runtime {
namespace {

std::atomic<int> active = 0;
std::vector<std::shared_ptr<Capture>>& captures() {
  static auto* all = new std::vector<std::shared_ptr<Capture>>;
  return *all;
}
unsigned long long last_id = 0;
thread_local cudaStreamCaptureMode mode_of_thread = cudaStreamCaptureModeGlobal;

[[noreturn]] void refuse(cudaError_t code, const std::string& what) { throw ApiError(code, what); }

void check_valid(const Capture& capture) {
  if (capture.invalidated)
    refuse(cudaErrorStreamCaptureInvalidated,
           "the capture was invalidated by an earlier call; only cudaStreamEndCapture is allowed");
}

void merge(std::vector<Node*>& into, const std::vector<Node*>& from) {
  for (Node* node : from)
    if (std::find(into.begin(), into.end(), node) == into.end()) into.push_back(node);
}

void join(Stream& stream, const std::shared_ptr<Capture>& capture) {
  stream.capture = capture;
  capture->streams.push_back(&stream);
}

/// What the nodes wait for, themselves included.
std::unordered_set<const Node*> ancestors(const std::vector<Node*>& nodes) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> open(nodes.begin(), nodes.end());
  while (!open.empty()) {
    const Node* const node = open.back();
    open.pop_back();
    if (!seen.insert(node).second) continue;
    open.insert(open.end(), node->dependencies.begin(), node->dependencies.end());
  }
  return seen;
}

bool is_joined(const Capture& capture, const Stream& origin) {
  const auto reached = ancestors(origin.tail);
  const auto all_reached = [&](const std::vector<Node*>& nodes) {
    return std::all_of(nodes.begin(), nodes.end(),
                       [&](const Node* node) { return reached.contains(node); });
  };
  return all_reached(capture.left) &&
         std::all_of(capture.streams.begin(), capture.streams.end(),
                     [&](const Stream* stream) { return all_reached(stream->tail); });
}

/// Ends it for all its streams.
void finish(const std::shared_ptr<Capture>& capture) {
  capture->ended = true;
  for (Stream* stream : capture->streams) {
    stream->capture = nullptr;
    stream->tail.clear();
  }
  capture->streams.clear();
  std::erase(captures(), capture);
  --active;
}

cudaError_t begin(cudaStream_t handle, cudaStreamCaptureMode mode, Graph* graph,
                  std::vector<Node*> dependencies) {
  Stream& stream = stream_of(handle);
  if (stream.is_legacy)
    refuse(cudaErrorStreamCaptureUnsupported,
           "cudaStreamBeginCapture: the legacy stream cannot be captured");
  if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed)
    return cudaErrorInvalidValue;
  if (stream.capture) return cudaErrorIllegalState;
  auto made = std::make_shared<Capture>();
  made->owns_graph = !graph;
  made->graph = graph ? graph : make_graph();
  made->mode = mode;
  made->thread = std::this_thread::get_id();
  made->id = ++last_id;
  made->origin = &stream;
  join(stream, made);
  stream.tail = std::move(dependencies);
  captures().push_back(made);
  ++active;
  return cudaSuccess;
}

cudaError_t end(Stream& stream, cudaGraph_t* out) {
  const std::shared_ptr<Capture> capture = stream.capture;
  if (!out) return cudaErrorInvalidValue;
  if (!capture) return cudaErrorIllegalState;
  if (capture->origin != &stream) {
    capture->invalidated = true;
    refuse(cudaErrorStreamCaptureUnmatched,
           "cudaStreamEndCapture: the capture began on another stream");
  }
  if (capture->mode != cudaStreamCaptureModeRelaxed &&
      capture->thread != std::this_thread::get_id())
    refuse(cudaErrorStreamCaptureWrongThread,
           "cudaStreamEndCapture: the capture began in another thread and is not relaxed");
  *out = nullptr;
  const bool joined = is_joined(*capture, stream), invalidated = capture->invalidated;
  finish(capture);
  if (joined && !invalidated) {
    *out = handle_of(capture->graph);
    return cudaSuccess;
  }
  if (capture->owns_graph) destroy_graph(handle_of(capture->graph));
  if (invalidated) return cudaErrorStreamCaptureInvalidated;
  refuse(cudaErrorStreamCaptureUnjoined,
         "cudaStreamEndCapture: work of another stream was not joined to the first by an event");
}

cudaStreamCaptureStatus status_of(const Stream& stream) {
  if (!stream.capture) return cudaStreamCaptureStatusNone;
  return stream.capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                     : cudaStreamCaptureStatusActive;
}

/// The list lives until the thread's next question.
const cudaGraphNode_t* tail_handles(const Stream& stream) {
  thread_local std::vector<cudaGraphNode_t> handles;
  handles.clear();
  for (Node* node : stream.tail) handles.push_back(handle_of(node));
  return handles.data();
}

const cudaGraphEdgeData* tail_edges(const Stream& stream) {
  thread_local std::vector<cudaGraphEdgeData> edges;
  edges.assign(stream.tail.size(), {});
  return edges.data();
}

}  // namespace

bool captures_exist() { return active.load(std::memory_order_relaxed) != 0; }

bool is_capturing(const Stream& stream) {
  const std::lock_guard lock(graphs_mutex());
  return stream.capture != nullptr;
}

cudaError_t capture(Stream& stream, Work work) {
  const std::lock_guard lock(graphs_mutex());
  check_valid(*stream.capture);
  const OnDevice there(stream.device);
  Node* const node = add_node(*stream.capture->graph, std::move(work), stream.tail);
  stream.tail = {node};
  return cudaSuccess;
}

cudaError_t capture_record(Stream& stream, cudaEvent_t handle, Event& event, bool external) {
  const std::lock_guard lock(graphs_mutex());
  if (external) return capture(stream, RecordWork{handle});
  check_valid(*stream.capture);
  event.capture = stream.capture;
  event.nodes = stream.tail;
  return cudaSuccess;
}

cudaError_t capture_wait(Stream& stream, cudaEvent_t handle, const Event& event, bool external) {
  const std::lock_guard lock(graphs_mutex());
  if (stream.capture) check_valid(*stream.capture);
  if (!event.capture) {
    if (!stream.capture) return cudaSuccess;
    if (external) return capture(stream, WaitWork{handle});
    if (!event.recorded) return cudaSuccess;
    stream.capture->invalidated = true;
    refuse(cudaErrorStreamCaptureIsolation,
           "cudaStreamWaitEvent: a capture would wait for an event recorded outside of it");
  }
  if (event.capture->ended) return cudaErrorCapturedEvent;
  check_valid(*event.capture);
  if (!stream.capture) {
    if (stream.is_legacy) {
      event.capture->invalidated = true;
      refuse(cudaErrorStreamCaptureImplicit,
             "cudaStreamWaitEvent: the legacy stream would join a capture");
    }
    join(stream, event.capture);
  } else if (stream.capture != event.capture) {
    stream.capture->invalidated = event.capture->invalidated = true;
    refuse(cudaErrorStreamCaptureMerge, "cudaStreamWaitEvent: two captures would become one");
  }
  merge(stream.tail, event.nodes);
  return cudaSuccess;
}

void leave_capture(Stream& stream) {
  const std::lock_guard lock(graphs_mutex());
  const std::shared_ptr<Capture> capture = stream.capture;
  if (!capture) return;
  stream.capture = nullptr;
  std::erase(capture->streams, &stream);
  if (capture->origin != &stream) return merge(capture->left, stream.tail);
  capture->invalidated = true;
  finish(capture);
  if (capture->owns_graph) destroy_graph(handle_of(capture->graph));
}

void forbid_in_capture(const char* call) {
  if (!captures_exist() || mode_of_thread == cudaStreamCaptureModeRelaxed) return;
  const std::lock_guard lock(graphs_mutex());
  bool forbidden = false;
  for (const auto& capture : captures()) {
    const bool own = capture->thread == std::this_thread::get_id();
    const bool concerns = (own && capture->mode != cudaStreamCaptureModeRelaxed) ||
                          (capture->mode == cudaStreamCaptureModeGlobal &&
                           mode_of_thread == cudaStreamCaptureModeGlobal);
    if (concerns) capture->invalidated = forbidden = true;
  }
  if (forbidden)
    refuse(cudaErrorStreamCaptureUnsupported,
           std::string(call) + " is not allowed while a stream captures");
}

void forbid_on_capturing(const Stream& stream, const char* call) {
  if (!captures_exist()) return;
  const std::lock_guard lock(graphs_mutex());
  if (stream.is_legacy) return forbid_on_legacy_stream();
  if (!stream.capture) return;
  stream.capture->invalidated = true;
  refuse(cudaErrorStreamCaptureUnsupported,
         std::string(call) + " is not allowed on a stream that captures");
}

void forbid_on_legacy_stream(bool spoils) {
  const std::lock_guard lock(graphs_mutex());
  bool forbidden = false;
  for (const auto& capture : captures())
    for (const Stream* stream : capture->streams)
      if (!(stream->flags & cudaStreamNonBlocking) && stream->device == current_device()) {
        forbidden = true;
        capture->invalidated |= spoils;
      }
  if (forbidden)
    refuse(cudaErrorStreamCaptureImplicit,
           "the legacy stream would wait for a stream that captures");
}

void forbid_on_capturing_device(const char* call) {
  if (!captures_exist()) return;
  const std::lock_guard lock(graphs_mutex());
  bool forbidden = false;
  for (const auto& capture : captures())
    for (const Stream* stream : capture->streams)
      if (stream->device == current_device()) capture->invalidated = forbidden = true;
  if (forbidden)
    refuse(cudaErrorStreamCaptureUnsupported,
           std::string(call) + " is not allowed while a stream of the device captures");
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaStreamBeginCapture, (cudaStream_t stream, cudaStreamCaptureMode mode),
         (stream, mode)) {
  const std::lock_guard lock(graphs_mutex());
  return begin(stream, mode, nullptr, {});
}
VGPU_API(cudaStreamBeginCaptureToGraph,
         (cudaStream_t stream, cudaGraph_t graph_handle, const cudaGraphNode_t* dependencies,
          const cudaGraphEdgeData* edges, size_t count, cudaStreamCaptureMode mode),
         (stream, graph_handle, dependencies, edges, count, mode)) {
  (void)edges;
  const std::lock_guard lock(graphs_mutex());
  Graph* const graph = graph_of(graph_handle);
  std::vector<Node*> nodes;
  if (!graph || !find_nodes(*graph, dependencies, count, &nodes)) return cudaErrorInvalidValue;
  return begin(stream, mode, graph, std::move(nodes));
}
VGPU_API(cudaStreamEndCapture, (cudaStream_t stream, cudaGraph_t* graph), (stream, graph)) {
  const std::lock_guard lock(graphs_mutex());
  return end(stream_of(stream), graph);
}
VGPU_API(cudaStreamIsCapturing, (cudaStream_t handle, cudaStreamCaptureStatus* status),
         (handle, status)) {
  const std::lock_guard lock(graphs_mutex());
  const Stream& stream = stream_of(handle);
  if (stream.is_legacy) forbid_on_legacy_stream(false);
  return give(status, status_of(stream));
}
VGPU_API(cudaStreamGetCaptureInfo,
         (cudaStream_t handle, cudaStreamCaptureStatus* status, unsigned long long* id,
          cudaGraph_t* graph, const cudaGraphNode_t** dependencies, const cudaGraphEdgeData** edges,
          size_t* count),
         (handle, status, id, graph, dependencies, edges, count)) {
  const std::lock_guard lock(graphs_mutex());
  const Stream& stream = stream_of(handle);
  if (stream.is_legacy) forbid_on_legacy_stream(false);
  if (!status) return cudaErrorInvalidValue;
  *status = status_of(stream);
  if (*status != cudaStreamCaptureStatusActive) return cudaSuccess;
  if (id) *id = stream.capture->id;
  if (graph) *graph = handle_of(stream.capture->graph);
  if (dependencies) *dependencies = tail_handles(stream);
  if (edges) *edges = tail_edges(stream);
  if (count) *count = stream.tail.size();
  return cudaSuccess;
}
VGPU_API(cudaStreamUpdateCaptureDependencies,
         (cudaStream_t handle, cudaGraphNode_t* dependencies, const cudaGraphEdgeData* edges,
          size_t count, unsigned int flags),
         (handle, dependencies, edges, count, flags)) {
  (void)edges;
  const std::lock_guard lock(graphs_mutex());
  Stream& stream = stream_of(handle);
  if (!stream.capture) return cudaErrorIllegalState;
  check_valid(*stream.capture);
  std::vector<Node*> nodes;
  if (flags > cudaStreamSetCaptureDependencies ||
      !find_nodes(*stream.capture->graph, dependencies, count, &nodes))
    return cudaErrorInvalidValue;
  if (flags == cudaStreamSetCaptureDependencies) stream.tail.clear();
  merge(stream.tail, nodes);
  return cudaSuccess;
}
VGPU_API(cudaThreadExchangeStreamCaptureMode, (cudaStreamCaptureMode * mode), (mode)) {
  if (!mode || *mode < cudaStreamCaptureModeGlobal || *mode > cudaStreamCaptureModeRelaxed)
    return cudaErrorInvalidValue;
  std::swap(*mode, mode_of_thread);
  return cudaSuccess;
}
