#include "vgpu/runtime/work.h"

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/graph_memory.h"
#include "vgpu/runtime/memory.h"

namespace vgpu::runtime {
namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

cudaGraphNodeType type_of(const Work& work) {
  return std::visit(Overloaded{
                        [](const KernelWork&) { return cudaGraphNodeTypeKernel; },
                        [](const CopyWork&) { return cudaGraphNodeTypeMemcpy; },
                        [](const FillWork&) { return cudaGraphNodeTypeMemset; },
                        [](const HostWork&) { return cudaGraphNodeTypeHost; },
                        [](const ChildWork&) { return cudaGraphNodeTypeGraph; },
                        [](const EmptyWork&) { return cudaGraphNodeTypeEmpty; },
                        [](const RecordWork&) { return cudaGraphNodeTypeEventRecord; },
                        [](const WaitWork&) { return cudaGraphNodeTypeWaitEvent; },
                        [](const AllocateWork&) { return cudaGraphNodeTypeMemAlloc; },
                        [](const FreeWork&) { return cudaGraphNodeTypeMemFree; },
                        [](const CallWork&) { return cudaGraphNodeTypeMemcpy; },
                    },
                    work);
}

cudaError_t run(const Work& work) {
  return std::visit(Overloaded{
                        [](const KernelWork& w) { return run_kernel(w); },
                        [](const CopyWork& w) { return copy_box(w.box); },
                        [](const FillWork& w) { return fill_rows(w.rows); },
                        [](const HostWork& w) { return w.function(w.data), cudaSuccess; },
                        [](const ChildWork& w) { return run_graph(*w.graph); },
                        [](const EmptyWork&) { return cudaSuccess; },
                        [](const RecordWork& w) { return record_now(w.event); },
                        [](const WaitWork& w) { return wait_now(w.event); },
                        [](const AllocateWork& w) { return w.memory->begin(); },
                        [](const FreeWork& w) { return release(w.memory, false); },
                        [](const CallWork& w) { return w.call(); },
                    },
                    work);
}

CopyWork copy_work(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  return copy_rows_work(to, bytes, from, bytes, bytes, 1, kind);
}

CopyWork copy_rows_work(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                        std::size_t width, std::size_t height, cudaMemcpyKind kind) {
  CopyWork out{};
  out.box.dstPtr = {to, to_pitch, to_pitch, height};
  out.box.srcPtr = {const_cast<void*>(from), from_pitch, from_pitch, height};
  out.box.extent = {width, height, 1};
  out.box.kind = kind;
  return out;
}

FillWork fill_work(void* to, int value, std::size_t bytes) {
  return fill_rows_work(to, bytes, value, bytes, 1);
}

FillWork fill_rows_work(void* to, std::size_t pitch, int value, std::size_t width,
                        std::size_t height) {
  return {{to, pitch, static_cast<unsigned>(value) & 0xffu, 1, width, height}};
}

}  // namespace vgpu::runtime
