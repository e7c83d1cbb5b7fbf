// streams.h - streams and events: every piece of work is done when its call returns, in the order
// of the calls, unless the stream captures it for a graph.
#pragma once

#include <cuda_runtime_api.h>

#include <chrono>
#include <map>
#include <memory>
#include <vector>

#include "vgpu/observe/stream_order.h"
#include "vgpu/runtime/work.h"

namespace vgpu::runtime {

struct Capture;
struct Node;

inline constexpr int kLeastPriority = 0, kGreatestPriority = -5;

struct Stream {
  unsigned flags = 0;
  int priority = 0, device = 0;
  unsigned long long id = 0;
  bool is_legacy = false;
  std::map<int, cudaLaunchAttributeValue> attributes;  // hints, by cudaStreamAttrID
  // While it captures; under the graphs' mutex:
  std::shared_ptr<Capture> capture;
  std::vector<Node*> tail;  // what its next node depends on
};

struct Event {
  unsigned flags = 0;
  int device = 0;
  bool recorded = false;
  std::chrono::steady_clock::time_point time;
  observe::Progress progress;  // what was before it, while streams are checked
  // Recorded last in a stream that captured:
  std::shared_ptr<Capture> capture;
  std::vector<Node*> nodes;
};

/// The stream behind a handle, the default ones included. Throws ApiError
/// (cudaErrorInvalidResourceHandle) for a handle that is no stream.
Stream& stream_of(cudaStream_t handle);
/// Null when it is none.
Event* event_of(cudaEvent_t handle);

/// For calls that cannot be captured: the stream exists, and does not capture. Throws ApiError.
void check_stream(cudaStream_t handle);

/// Does the work, or adds it to what the stream captures.
cudaError_t submit(cudaStream_t handle, Work work);
/// The same for calls that wait for the end of what they do.
cudaError_t submit_and_wait(Work work);

/// cudaEventRecord.
cudaError_t record_event(cudaEvent_t event, cudaStream_t stream);

/// While one lives, a null stream of this thread is its own stream (--default-stream per-thread).
class PerThreadDefault {
 public:
  PerThreadDefault();
  ~PerThreadDefault();

 private:
  bool before_;
};

}  // namespace vgpu::runtime
