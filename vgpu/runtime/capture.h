// capture.h - streams whose work becomes a graph instead of being done.
#pragma once

#include <cuda_runtime_api.h>

#include <thread>

#include "vgpu/runtime/graph.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {

struct Capture {
  Graph* graph = nullptr;
  bool owns_graph = true;  // false: cudaStreamBeginCaptureToGraph
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  unsigned long long id = 0;
  bool invalidated = false, ended = false;
  const Stream* origin = nullptr;
  std::vector<Stream*> streams;  // the origin and those that joined
  std::vector<Node*> left;       // last nodes of streams that were destroyed meanwhile
};

/// Whether any stream captures now: the question that calls outside of captures pay for.
bool captures_exist();
bool is_capturing(const Stream& stream);

/// Adds a node to what the stream captures. Throws ApiError (cudaErrorStreamCaptureInvalidated).
cudaError_t capture(Stream& stream, Work work);
cudaError_t capture_record(Stream& stream, cudaEvent_t handle, Event& event, bool external);
/// The stream waits for an event: joins its capture, or is refused.
cudaError_t capture_wait(Stream& stream, cudaEvent_t handle, const Event& event, bool external);
/// The stream is destroyed: what it captured has to be joined like any other stream's; the capture
/// that began on it ends.
void leave_capture(Stream& stream);

// What a capture forbids: each throws ApiError and spoils the captures concerned.
/// A call that could not be captured, in a thread that may not make it now.
void forbid_in_capture(const char* call);
/// A call that waits for a stream, or cannot be captured, on a stream that captures.
void forbid_on_capturing(const Stream& stream, const char* call);
/// Work on the legacy stream, which would wait for the streams that capture. A mere question
/// spoils nothing.
void forbid_on_legacy_stream(bool spoils = true);
/// A call that waits for the current device.
void forbid_on_capturing_device(const char* call);

}  // namespace vgpu::runtime
