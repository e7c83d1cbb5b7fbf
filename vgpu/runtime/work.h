// work.h - what a stream may be given to do: run at once, or kept as a node of a graph.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {

struct Graph;
class GraphMemory;

struct KernelWork {
  KernelRecord* record = nullptr;
  dim3 grid, block;
  std::size_t shared = 0;
  bool cooperative = false;
  std::vector<std::uint8_t> parameters;  // as the kernel's .param space has them
};
struct CopyWork {
  cudaMemcpy3DParms box;
};
struct FillWork {
  cudaMemsetParams rows;
};
struct HostWork {
  cudaHostFn_t function = nullptr;
  void* data = nullptr;
};
struct ChildWork {
  std::shared_ptr<Graph> graph;
};
struct EmptyWork {};
struct RecordWork {
  cudaEvent_t event = nullptr;
};
struct WaitWork {
  cudaEvent_t event = nullptr;
};
struct AllocateWork {
  std::shared_ptr<GraphMemory> memory;
  cudaMemAllocNodeParams asked;
};
struct FreeWork {
  void* memory = nullptr;
};
/// Anything else that a stream does in its order; in a graph it shows as a memory copy.
struct CallWork {
  std::function<cudaError_t()> call;
};

using Work = std::variant<KernelWork, CopyWork, FillWork, HostWork, ChildWork, EmptyWork,
                          RecordWork, WaitWork, AllocateWork, FreeWork, CallWork>;

cudaGraphNodeType type_of(const Work& work);

/// Does it on the current device. Throws Fault and ApiError.
cudaError_t run(const Work& work);

/// A launch with its arguments copied. Throws ApiError for what is no kernel and for more dynamic
/// shared memory than the kernel may have.
KernelWork kernel_work(const void* function, dim3 grid, dim3 block, void** arguments,
                       std::size_t shared, bool cooperative);

/// Rows of bytes: a copy of one row, of several, and a fill with one byte.
CopyWork copy_work(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind);
CopyWork copy_rows_work(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                        std::size_t width, std::size_t height, cudaMemcpyKind kind);
FillWork fill_work(void* to, int value, std::size_t bytes);
FillWork fill_rows_work(void* to, std::size_t pitch, int value, std::size_t width,
                        std::size_t height);

/// copy.cpp. Each checks its memory first.
cudaError_t copy_box(const cudaMemcpy3DParms& box);
cudaError_t fill_rows(const cudaMemsetParams& rows);
/// The address of a symbol's byte on the current device; cudaErrorInvalidSymbol, and
/// cudaErrorInvalidValue for bytes outside of it.
cudaError_t find_symbol(const void* symbol, std::size_t bytes, std::size_t offset, char** address);

/// launch.cpp
cudaError_t run_kernel(const KernelWork& work);
/// graph.cpp
cudaError_t run_graph(const Graph& graph);
/// events.cpp: the event is recorded now.
cudaError_t record_now(cudaEvent_t event);
/// What comes next comes after the event.
cudaError_t wait_now(cudaEvent_t event);

}  // namespace vgpu::runtime
