// events.cpp - events: a moment on the host's clock, or a place in what a stream captures.
#include <mutex>
#include <unordered_map>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/capture.h"
#include "vgpu/runtime/checked_streams.h"
#include "vgpu/runtime/registry.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

constexpr unsigned kEventFlags =
    cudaEventBlockingSync | cudaEventDisableTiming | cudaEventInterprocess;

std::mutex mutex;
VGPU_EARLY std::unordered_map<const void*, std::unique_ptr<Event>> events;

cudaError_t create_event(cudaEvent_t* out, unsigned flags) {
  const bool wrong_pair = (flags & cudaEventInterprocess) && !(flags & cudaEventDisableTiming);
  if (!out || (flags & ~kEventFlags) || wrong_pair) return cudaErrorInvalidValue;
  if (flags & cudaEventInterprocess)
    throw ApiError(cudaErrorNotSupported,
                   "cudaEventCreate: cudaEventInterprocess is not supported by the virtual GPU");
  auto event = std::make_unique<Event>();
  event->flags = flags;
  event->device = current_device();
  const std::lock_guard lock(mutex);
  *out = reinterpret_cast<cudaEvent_t>(event.get());
  events[event.get()] = std::move(event);
  return cudaSuccess;
}

cudaError_t record(cudaEvent_t handle, cudaStream_t stream_handle, unsigned flags) {
  Stream& stream = stream_of(stream_handle);
  Event* const event = event_of(handle);
  if (!event || event->device != stream.device) return cudaErrorInvalidResourceHandle;
  if (flags & ~unsigned{cudaEventRecordExternal}) return cudaErrorInvalidValue;
  if (captures_exist()) {
    if (is_capturing(stream)) return capture_record(stream, handle, *event, flags != 0);
    if (stream.is_legacy) forbid_on_legacy_stream();
  }
  if (flags) return cudaErrorInvalidValue;  // for captures alone
  const cudaError_t code = record_now(handle);
  checked::recorded(*event, stream);
  return code;
}

/// All that was recorded is done, unless it is a place in a capture.
cudaError_t status(cudaEvent_t handle) {
  const Event* const event = event_of(handle);
  if (!event) return cudaErrorInvalidResourceHandle;
  if (event->capture) return cudaErrorCapturedEvent;
  checked::host_waits(*event);
  return cudaSuccess;
}

}  // namespace

Event* event_of(cudaEvent_t handle) {
  const std::lock_guard lock(mutex);
  const auto found = events.find(handle);
  return found == events.end() ? nullptr : found->second.get();
}

cudaError_t record_now(cudaEvent_t handle) {
  Event* const event = event_of(handle);
  if (!event) return cudaErrorInvalidResourceHandle;
  event->capture = nullptr;
  event->recorded = true;
  event->time = std::chrono::steady_clock::now();
  checked::recorded_in_graph(*event);
  return cudaSuccess;
}

cudaError_t wait_now(cudaEvent_t handle) {
  if (const Event* const event = event_of(handle)) checked::waited_in_graph(*event);
  return cudaSuccess;
}

cudaError_t record_event(cudaEvent_t event, cudaStream_t stream) {
  return record(event, stream, cudaEventRecordDefault);
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaEventCreate, (cudaEvent_t * out), (out)) { return create_event(out, 0); }
VGPU_API(cudaEventCreateWithFlags, (cudaEvent_t * out, unsigned int flags), (out, flags)) {
  return create_event(out, flags);
}
VGPU_API(cudaEventDestroy, (cudaEvent_t handle), (handle)) {
  const std::lock_guard lock(mutex);
  return events.erase(handle) ? cudaSuccess : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaEventRecord, (cudaEvent_t event, cudaStream_t stream), (event, stream)) {
  return record_event(event, stream);
}
VGPU_API(cudaEventRecordWithFlags, (cudaEvent_t event, cudaStream_t stream, unsigned int flags),
         (event, stream, flags)) {
  return record(event, stream, flags);
}
VGPU_API(cudaStreamWaitEvent, (cudaStream_t handle, cudaEvent_t event_handle, unsigned int flags),
         (handle, event_handle, flags)) {
  Stream& stream = stream_of(handle);
  const Event* const event = event_of(event_handle);
  if (!event) return cudaErrorInvalidResourceHandle;
  if (flags & ~unsigned{cudaEventWaitExternal}) return cudaErrorInvalidValue;
  if (!event->capture && !is_capturing(stream)) {
    checked::waits(stream, *event);
    return cudaSuccess;
  }
  return capture_wait(stream, event_handle, *event, flags != 0);
}
VGPU_API(cudaEventSynchronize, (cudaEvent_t event), (event)) { return status(event); }
VGPU_API(cudaEventQuery, (cudaEvent_t event), (event)) { return status(event); }
VGPU_API(cudaEventElapsedTime, (float* milliseconds, cudaEvent_t start, cudaEvent_t end),
         (milliseconds, start, end)) {
  const Event *a = event_of(start), *b = event_of(end);
  if (!milliseconds) return cudaErrorInvalidValue;
  if (!a || !b) return cudaErrorInvalidResourceHandle;
  if (a->capture || b->capture) return cudaErrorCapturedEvent;
  if (!a->recorded || !b->recorded || ((a->flags | b->flags) & cudaEventDisableTiming))
    return cudaErrorInvalidResourceHandle;
  *milliseconds = std::chrono::duration<float, std::milli>(b->time - a->time).count();
  return cudaSuccess;
}
