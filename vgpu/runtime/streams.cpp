#include "vgpu/runtime/streams.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/capture.h"
#include "vgpu/runtime/checked_streams.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

std::mutex mutex;
VGPU_EARLY std::unordered_map<const void*, std::unique_ptr<Stream>> streams;
VGPU_EARLY std::map<int, Stream> legacy_streams;  // by device
unsigned long long last_id = 2;                   // 1 and 2: the default streams' kinds
thread_local bool null_is_per_thread = false;

Stream& legacy_stream() {
  const std::lock_guard lock(mutex);
  const int device = current_device();
  const auto [at, fresh] = legacy_streams.try_emplace(device);
  if (fresh) {
    at->second.device = device;
    at->second.id = 1;
    at->second.is_legacy = true;
  }
  return at->second;
}

Stream& thread_stream() {
  thread_local std::map<int, Stream> of_thread;  // by device
  const int device = current_device();
  const auto [at, fresh] = of_thread.try_emplace(device);
  if (fresh) {
    const std::lock_guard lock(mutex);
    at->second.device = device;
    at->second.id = ++last_id;
  }
  return at->second;
}

cudaError_t create_stream(cudaStream_t* out, unsigned flags, int priority) {
  if (!out || flags > cudaStreamNonBlocking) return cudaErrorInvalidValue;
  auto stream = std::make_unique<Stream>();
  stream->flags = flags;
  stream->priority = std::clamp(priority, kGreatestPriority, kLeastPriority);
  stream->device = current_device();
  const std::lock_guard lock(mutex);
  stream->id = ++last_id;
  *out = reinterpret_cast<cudaStream_t>(stream.get());
  streams[stream.get()] = std::move(stream);
  return cudaSuccess;
}

/// Hints that a stream has; the priority is its own.
bool is_stream_attribute(int id) {
  return id == cudaLaunchAttributeAccessPolicyWindow ||
         id == cudaLaunchAttributeSynchronizationPolicy ||
         id == cudaLaunchAttributeMemSyncDomainMap || id == cudaLaunchAttributeMemSyncDomain ||
         id == cudaLaunchAttributePriority;
}

/// The last moment of a stream, unless it captures.
cudaError_t wait_for(cudaStream_t handle, const char* call) {
  const Stream& stream = stream_of(handle);
  forbid_on_capturing(stream, call);
  checked::host_waits(stream);
  return cudaSuccess;
}

}  // namespace

Stream& stream_of(cudaStream_t handle) {
  if (handle == cudaStreamPerThread || (!handle && null_is_per_thread)) return thread_stream();
  if (!handle || handle == cudaStreamLegacy) return legacy_stream();
  const std::lock_guard lock(mutex);
  const auto found = streams.find(handle);
  if (found == streams.end())
    throw ApiError(cudaErrorInvalidResourceHandle, "a stream that does not exist");
  return *found->second;
}

void check_stream(cudaStream_t handle) { forbid_on_capturing(stream_of(handle), "this call"); }

cudaError_t submit(cudaStream_t handle, Work work) {
  Stream& stream = stream_of(handle);
  if (std::holds_alternative<KernelWork>(work) && stream.device != current_device())
    throw ApiError(cudaErrorInvalidResourceHandle,
                   "a launch on device " + std::to_string(current_device()) +
                       " with a stream of device " + std::to_string(stream.device));
  if (captures_exist()) {
    if (is_capturing(stream)) return capture(stream, std::move(work));
    if (stream.is_legacy) forbid_on_legacy_stream();
  }
  const OnDevice there(stream.device);
  const checked::StreamWork piece(stream, work, checked::StreamWork::Host::goes_on);
  return run(work);
}

cudaError_t submit_and_wait(Work work) {
  if (captures_exist()) {
    forbid_on_legacy_stream();
    forbid_in_capture("a synchronous copy or fill");
  }
  const checked::StreamWork piece(stream_of(nullptr), work, checked::StreamWork::Host::waits);
  return run(work);
}

PerThreadDefault::PerThreadDefault() : before_(null_is_per_thread) { null_is_per_thread = true; }
PerThreadDefault::~PerThreadDefault() { null_is_per_thread = before_; }

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
VGPU_API(cudaStreamDestroy, (cudaStream_t handle), (handle)) {
  {
    const std::lock_guard lock(mutex);
    if (!streams.contains(handle)) return cudaErrorInvalidResourceHandle;
  }
  leave_capture(stream_of(handle));
  const std::lock_guard lock(mutex);
  streams.erase(handle);
  return cudaSuccess;
}
VGPU_API(cudaStreamSynchronize, (cudaStream_t handle), (handle)) {
  return wait_for(handle, "cudaStreamSynchronize");
}
VGPU_API(cudaStreamQuery, (cudaStream_t handle), (handle)) {
  return wait_for(handle, "cudaStreamQuery");
}
VGPU_API(cudaStreamGetFlags, (cudaStream_t handle, unsigned int* flags), (handle, flags)) {
  return give(flags, stream_of(handle).flags);
}
VGPU_API(cudaStreamGetPriority, (cudaStream_t handle, int* priority), (handle, priority)) {
  return give(priority, stream_of(handle).priority);
}
VGPU_API(cudaStreamGetId, (cudaStream_t handle, unsigned long long* id), (handle, id)) {
  return give(id, stream_of(handle).id);
}
VGPU_API(cudaStreamGetDevice, (cudaStream_t handle, int* device), (handle, device)) {
  return give(device, stream_of(handle).device);
}
VGPU_API(cudaStreamAttachMemAsync, (cudaStream_t handle, void* p, size_t bytes, unsigned int flags),
         (handle, p, bytes, flags)) {
  (void)bytes;
  check_stream(handle);
  const bool one =
      flags == cudaMemAttachGlobal || flags == cudaMemAttachHost || flags == cudaMemAttachSingle;
  return p && one ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaStreamSetAttribute,
         (cudaStream_t handle, cudaStreamAttrID id, const cudaStreamAttrValue* value),
         (handle, id, value)) {
  Stream& stream = stream_of(handle);
  if (!value || !is_stream_attribute(id)) return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex);
  if (id == cudaLaunchAttributePriority)
    stream.priority = std::clamp(value->priority, kGreatestPriority, kLeastPriority);
  else
    stream.attributes[id] = *value;
  return cudaSuccess;
}
VGPU_API(cudaStreamGetAttribute,
         (cudaStream_t handle, cudaStreamAttrID id, cudaStreamAttrValue* value),
         (handle, id, value)) {
  const Stream& stream = stream_of(handle);
  if (!value || !is_stream_attribute(id)) return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex);
  const auto found = stream.attributes.find(id);
  *value = found == stream.attributes.end() ? cudaStreamAttrValue{} : found->second;
  if (id == cudaLaunchAttributePriority) value->priority = stream.priority;
  return cudaSuccess;
}
VGPU_API(cudaStreamCopyAttributes, (cudaStream_t to, cudaStream_t from), (to, from)) {
  Stream& target = stream_of(to);
  const Stream& source = stream_of(from);
  const std::lock_guard lock(mutex);
  target.attributes = source.attributes;
  return cudaSuccess;
}
VGPU_API(cudaLaunchHostFunc, (cudaStream_t handle, cudaHostFn_t function, void* data),
         (handle, function, data)) {
  return function ? submit(handle, HostWork{function, data}) : cudaErrorInvalidValue;
}
VGPU_API(cudaLaunchHostFunc_v2,
         (cudaStream_t handle, cudaHostFn_t function, void* data, unsigned int mode),
         (handle, function, data, mode)) {
  (void)mode;  // how the host waits
  return function ? submit(handle, HostWork{function, data}) : cudaErrorInvalidValue;
}
VGPU_API(cudaStreamAddCallback,
         (cudaStream_t handle, cudaStreamCallback_t function, void* data, unsigned int flags),
         (handle, function, data, flags)) {
  if (!function || flags != 0) return cudaErrorInvalidValue;
  Stream& stream = stream_of(handle);
  forbid_on_capturing(stream, "cudaStreamAddCallback");
  checked::host_waits(stream);  // once it tells others that it ran
  return function(handle, cudaSuccess, data), cudaSuccess;
}
