// graph_work.cpp - a node's work from what CUDA's structures say.
#include <cstring>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/graph_memory.h"
#include "vgpu/runtime/graph_nodes.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

// How `extra` gives the arguments as one buffer: cuda.h's CU_LAUNCH_PARAM_*.
const void* const kExtraBuffer = reinterpret_cast<const void*>(std::uintptr_t{1});
const void* const kExtraBytes = reinterpret_cast<const void*>(std::uintptr_t{2});

cudaError_t from_extra(const cudaKernelNodeParams& p, std::vector<std::uint8_t>* buffer) {
  const std::uint8_t* bytes = nullptr;
  std::size_t count = 0;
  for (void** at = p.extra; *at; at += 2) {
    if (*at == kExtraBuffer)
      bytes = static_cast<const std::uint8_t*>(at[1]);
    else if (*at == kExtraBytes)
      count = *static_cast<const std::size_t*>(at[1]);
    else
      return cudaErrorInvalidValue;
  }
  if (!bytes && count) return cudaErrorInvalidValue;
  buffer->assign(bytes, bytes + count);
  return cudaSuccess;
}

}  // namespace

std::vector<void*> argument_places(const KernelInfo& info, std::uint8_t* buffer) {
  std::vector<void*> out;
  for (const ParameterLayout& p : info.parameters) out.push_back(buffer + p.offset);
  return out;
}

cudaError_t work_of(const cudaKernelNodeParams* p, Work* out) {
  if (!p || !p->func || (p->kernelParams && p->extra)) return cudaErrorInvalidValue;
  const KernelInfo& info = kernel_info(kernel_of(p->func));
  std::vector<std::uint8_t> buffer;
  std::vector<void*> places;
  void** arguments = p->kernelParams;
  if (p->extra) {
    if (const cudaError_t code = from_extra(*p, &buffer); code != cudaSuccess) return code;
    if (buffer.size() < info.parameter_bytes) return cudaErrorInvalidValue;
    places = argument_places(info, buffer.data());
    arguments = places.data();
  }
  if (!arguments && !info.parameters.empty()) return cudaErrorInvalidValue;
  *out = kernel_work(p->func, p->gridDim, p->blockDim, arguments, p->sharedMemBytes, false);
  return cudaSuccess;
}

cudaError_t work_of(const cudaMemcpy3DParms* p, Work* out) {
  if (!p) return cudaErrorInvalidValue;
  const bool from = p->srcPtr.ptr || p->srcArray, to = p->dstPtr.ptr || p->dstArray;
  if (!from || !to) return cudaErrorInvalidValue;
  if (p->kind < cudaMemcpyHostToHost || p->kind > cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  *out = CopyWork{*p};
  return cudaSuccess;
}

cudaError_t work_of(const cudaMemsetParams* p, Work* out) {
  if (!p || !p->dst || p->height == 0) return cudaErrorInvalidValue;
  if (p->elementSize != 1 && p->elementSize != 2 && p->elementSize != 4)
    return cudaErrorInvalidValue;
  *out = FillWork{*p};
  return cudaSuccess;
}

cudaError_t work_of(const cudaHostNodeParams* p, Work* out) {
  if (!p || !p->fn) return cudaErrorInvalidValue;
  *out = HostWork{p->fn, p->userData};
  return cudaSuccess;
}

cudaError_t work_of(cudaMemAllocNodeParams* p, Work* out) {
  if (!p || p->bytesize == 0 || p->poolProps.allocType != cudaMemAllocationTypePinned ||
      p->poolProps.location.type != cudaMemLocationTypeDevice ||
      p->poolProps.handleTypes != cudaMemHandleTypeNone || (p->accessDescCount && !p->accessDescs))
    return cudaErrorInvalidValue;
  const int device = p->poolProps.location.id;
  if (device < 0 || device >= device_choice().count) return cudaErrorInvalidValue;
  const OnDevice there(device);
  AllocateWork work{std::make_shared<GraphMemory>(p->bytesize), *p};
  p->dptr = work.asked.dptr = work.memory->address();
  *out = std::move(work);
  return cudaSuccess;
}

cudaError_t work_of_child(cudaGraph_t handle, Work* out) {
  const Graph* const child = graph_of(handle);
  if (!child) return cudaErrorInvalidValue;
  for (const auto& node : child->nodes)
    if (std::holds_alternative<AllocateWork>(node->work) ||
        std::holds_alternative<FreeWork>(node->work))
      return cudaErrorNotSupported;
  ChildWork work{clone(*child)};
  work.graph->is_child = true;
  *out = std::move(work);
  return cudaSuccess;
}

cudaError_t work_of_event(cudaEvent_t event, bool is_record, Work* out) {
  if (!event_of(event)) return cudaErrorInvalidValue;
  *out = is_record ? Work(RecordWork{event}) : Work(WaitWork{event});
  return cudaSuccess;
}

cudaError_t work_to_symbol(const void* symbol, const void* from, std::size_t bytes,
                           std::size_t offset, cudaMemcpyKind kind, Work* out) {
  char* at = nullptr;
  const cudaError_t code = find_symbol(symbol, bytes, offset, &at);
  return code != cudaSuccess ? code : work_of_copy(at, from, bytes, kind, out);
}

cudaError_t work_from_symbol(void* to, const void* symbol, std::size_t bytes, std::size_t offset,
                             cudaMemcpyKind kind, Work* out) {
  char* at = nullptr;
  const cudaError_t code = find_symbol(symbol, bytes, offset, &at);
  return code != cudaSuccess ? code : work_of_copy(to, at, bytes, kind, out);
}

cudaError_t work_of_copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                         Work* out) {
  const CopyWork work = copy_work(to, from, bytes, kind);
  return bytes == 0 ? cudaErrorInvalidValue : work_of(&work.box, out);
}

cudaError_t work_of_any(cudaGraphNodeParams* p, Work* out) {
  if (!p) return cudaErrorInvalidValue;
  switch (p->type) {
    case cudaGraphNodeTypeKernel: {
      const cudaKernelNodeParams kernel{p->kernel.func,         p->kernel.gridDim,
                                        p->kernel.blockDim,     p->kernel.sharedMemBytes,
                                        p->kernel.kernelParams, p->kernel.extra};
      return work_of(&kernel, out);
    }
    case cudaGraphNodeTypeMemcpy:
      return work_of(&p->memcpy.copyParams, out);
    case cudaGraphNodeTypeMemset: {
      const cudaMemsetParams fill{p->memset.dst,         p->memset.pitch, p->memset.value,
                                  p->memset.elementSize, p->memset.width, p->memset.height};
      return work_of(&fill, out);
    }
    case cudaGraphNodeTypeHost: {
      const cudaHostNodeParams host{p->host.fn, p->host.userData};
      return work_of(&host, out);
    }
    case cudaGraphNodeTypeGraph: {
      const cudaError_t code = work_of_child(p->graph.graph, out);
      if (code == cudaSuccess && p->graph.ownership == cudaGraphChildGraphOwnershipMove)
        destroy_graph(p->graph.graph);
      return code;
    }
    case cudaGraphNodeTypeEmpty:
      return *out = EmptyWork{}, cudaSuccess;
    case cudaGraphNodeTypeWaitEvent:
      return work_of_event(p->eventWait.event, false, out);
    case cudaGraphNodeTypeEventRecord:
      return work_of_event(p->eventRecord.event, true, out);
    case cudaGraphNodeTypeMemAlloc: {
      cudaMemAllocNodeParams memory{p->alloc.poolProps, p->alloc.accessDescs,
                                    p->alloc.accessDescCount, p->alloc.bytesize, nullptr};
      const cudaError_t code = work_of(&memory, out);
      p->alloc.dptr = memory.dptr;
      return code;
    }
    case cudaGraphNodeTypeMemFree:
      if (!p->free.dptr) return cudaErrorInvalidValue;
      return *out = FreeWork{p->free.dptr}, cudaSuccess;
    default:
      throw ApiError(cudaErrorNotSupported,
                     "graph nodes of type " + std::to_string(static_cast<int>(p->type)) +
                         " (conditional, external semaphore) are not supported by the virtual GPU");
  }
}

}  // namespace vgpu::runtime
