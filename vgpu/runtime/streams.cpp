#include "vgpu/runtime/streams.h"

#include <chrono>
#include <mutex>
#include <set>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

struct Stream {
  unsigned flags;
  int priority, device;
};

struct Event {
  unsigned flags;
  bool recorded;
  std::chrono::steady_clock::time_point time;
};

std::mutex mutex;
std::set<const void*> handles;  // of streams and events

template <class T>
T* known(const void* handle) {
  const std::lock_guard lock(mutex);
  return handles.count(handle) ? static_cast<T*>(const_cast<void*>(handle)) : nullptr;
}

bool is_stream(cudaStream_t stream) {
  return !stream || stream == cudaStreamLegacy || stream == cudaStreamPerThread ||
         known<Stream>(stream);
}

cudaError_t create_stream(cudaStream_t* out, unsigned flags, int priority) {
  if (!out || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
  auto* stream = new Stream{flags, priority, current_device()};
  const std::lock_guard lock(mutex);
  handles.insert(stream);
  *out = reinterpret_cast<cudaStream_t>(stream);
  return cudaSuccess;
}

cudaError_t create_event(cudaEvent_t* out, unsigned flags) {
  if (!out) return cudaErrorInvalidValue;
  auto* event = new Event{flags, false, {}};
  const std::lock_guard lock(mutex);
  handles.insert(event);
  *out = reinterpret_cast<cudaEvent_t>(event);
  return cudaSuccess;
}

cudaError_t record(cudaEvent_t handle, cudaStream_t stream) {
  auto* event = known<Event>(handle);
  if (!event || !is_stream(stream)) return cudaErrorInvalidResourceHandle;
  event->recorded = true;
  event->time = std::chrono::steady_clock::now();
  return cudaSuccess;
}

cudaError_t stream_status(cudaStream_t stream) {
  return is_stream(stream) ? cudaSuccess : cudaErrorInvalidResourceHandle;
}
cudaError_t event_status(cudaEvent_t event) {
  return known<Event>(event) ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

}  // namespace

void check_stream(cudaStream_t stream) {
  if (!is_stream(stream))
    throw ApiError(cudaErrorInvalidResourceHandle, "a launch on a stream that does not exist");
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaStreamCreate, (cudaStream_t * out), (out)) { return create_stream(out, 0, 0); }
VGPU_API(cudaStreamCreateWithFlags, (cudaStream_t * out, unsigned int flags), (out, flags)) {
  return create_stream(out, flags, 0);
}
VGPU_API(cudaStreamCreateWithPriority, (cudaStream_t * out, unsigned int flags, int priority),
         (out, flags, priority)) {
  return create_stream(out, flags, priority);
}
VGPU_API(cudaStreamDestroy, (cudaStream_t stream), (stream)) {
  auto* known_stream = known<Stream>(stream);
  if (!known_stream) return cudaErrorInvalidResourceHandle;
  const std::lock_guard lock(mutex);
  handles.erase(known_stream);
  delete known_stream;
  return cudaSuccess;
}
VGPU_API(cudaStreamSynchronize, (cudaStream_t stream), (stream)) { return stream_status(stream); }
VGPU_API(cudaStreamQuery, (cudaStream_t stream), (stream)) { return stream_status(stream); }
VGPU_API(cudaStreamWaitEvent, (cudaStream_t stream, cudaEvent_t event, unsigned int flags),
         (stream, event, flags)) {
  (void)flags;
  return is_stream(stream) ? event_status(event) : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaStreamGetFlags, (cudaStream_t stream, unsigned int* flags), (stream, flags)) {
  auto* s = known<Stream>(stream);
  return is_stream(stream) ? give(flags, s ? s->flags : 0) : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaStreamGetPriority, (cudaStream_t stream, int* priority), (stream, priority)) {
  auto* s = known<Stream>(stream);
  return is_stream(stream) ? give(priority, s ? s->priority : 0) : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaStreamGetId, (cudaStream_t stream, unsigned long long* id), (stream, id)) {
  return is_stream(stream) ? give(id, reinterpret_cast<unsigned long long>(stream))
                           : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaStreamIsCapturing, (cudaStream_t stream, cudaStreamCaptureStatus* status),
         (stream, status)) {
  return is_stream(stream) ? give(status, cudaStreamCaptureStatusNone)
                           : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaStreamGetDevice, (cudaStream_t stream, int* device), (stream, device)) {
  auto* s = known<Stream>(stream);
  return is_stream(stream) ? give(device, s ? s->device : current_device())
                           : cudaErrorInvalidResourceHandle;
}
VGPU_API(cudaStreamAttachMemAsync, (cudaStream_t stream, void* p, size_t bytes, unsigned int flags),
         (stream, p, bytes, flags)) {
  return (void)p, (void)bytes, (void)flags, stream_status(stream);
}
VGPU_API(cudaStreamSetAttribute,
         (cudaStream_t stream, cudaStreamAttrID id, const cudaStreamAttrValue* value),
         (stream, id, value)) {
  return (void)id, value ? stream_status(stream) : cudaErrorInvalidValue;  // hints alone
}
VGPU_API(cudaThreadExchangeStreamCaptureMode, (cudaStreamCaptureMode * mode), (mode)) {
  return mode ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaLaunchHostFunc, (cudaStream_t stream, cudaHostFn_t function, void* data),
         (stream, function, data)) {
  if (!is_stream(stream)) return cudaErrorInvalidResourceHandle;
  return function(data), cudaSuccess;
}
VGPU_API(cudaStreamAddCallback,
         (cudaStream_t stream, cudaStreamCallback_t function, void* data, unsigned int flags),
         (stream, function, data, flags)) {
  (void)flags;
  if (!is_stream(stream)) return cudaErrorInvalidResourceHandle;
  return function(stream, cudaSuccess, data), cudaSuccess;
}

VGPU_API(cudaEventCreate, (cudaEvent_t * out), (out)) { return create_event(out, 0); }
VGPU_API(cudaEventCreateWithFlags, (cudaEvent_t * out, unsigned int flags), (out, flags)) {
  return create_event(out, flags);
}
VGPU_API(cudaEventDestroy, (cudaEvent_t event), (event)) {
  auto* known_event = known<Event>(event);
  if (!known_event) return cudaErrorInvalidResourceHandle;
  const std::lock_guard lock(mutex);
  handles.erase(known_event);
  delete known_event;
  return cudaSuccess;
}
VGPU_API(cudaEventRecord, (cudaEvent_t event, cudaStream_t stream), (event, stream)) {
  return record(event, stream);
}
VGPU_API(cudaEventRecordWithFlags, (cudaEvent_t event, cudaStream_t stream, unsigned int flags),
         (event, stream, flags)) {
  return (void)flags, record(event, stream);
}
VGPU_API(cudaEventSynchronize, (cudaEvent_t event), (event)) { return event_status(event); }
VGPU_API(cudaEventQuery, (cudaEvent_t event), (event)) { return event_status(event); }
VGPU_API(cudaEventElapsedTime, (float* milliseconds, cudaEvent_t start, cudaEvent_t end),
         (milliseconds, start, end)) {
  auto *a = known<Event>(start), *b = known<Event>(end);
  if (!milliseconds) return cudaErrorInvalidValue;
  if (!a || !b || !a->recorded || !b->recorded || ((a->flags | b->flags) & cudaEventDisableTiming))
    return cudaErrorInvalidResourceHandle;
  *milliseconds = std::chrono::duration<float, std::milli>(b->time - a->time).count();
  return cudaSuccess;
}
