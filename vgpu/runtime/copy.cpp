// copy.cpp - copies, fills and symbols.
#include <cstdint>
#include <cstring>
#include <functional>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/arrays.h"
#include "vgpu/runtime/checked_memory.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/registry.h"
#include "vgpu/runtime/streams.h"

namespace vgpu::runtime {
namespace {

cudaError_t copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  if (bytes == 0) return cudaSuccess;
  if (!to || !from) return cudaErrorInvalidValue;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (!is_inside_one_allocation(to, bytes, to_device) ||
      !is_inside_one_allocation(from, bytes, from_device))
    return cudaErrorInvalidValue;
  std::memmove(to, from, bytes);
  checked::copied(to, from, bytes);
  return cudaSuccess;
}

/// One side of a 3D copy: the address of its first byte in slice 0.
char* corner(const cudaPitchedPtr& memory, const cudaPos& at) {
  return static_cast<char*>(memory.ptr) + at.z * memory.pitch * memory.ysize + at.y * memory.pitch +
         at.x;
}

cudaError_t fill_row(char* to, const cudaMemsetParams& p) {
  const std::size_t bytes = p.width * p.elementSize;
  if (bytes == 0) return cudaSuccess;
  if (!to || !is_inside_one_allocation(to, bytes, true)) return cudaErrorInvalidValue;
  if (p.elementSize == 1) {
    std::memset(to, static_cast<int>(p.value), bytes);
  } else {
    for (std::size_t i = 0; i < p.width; ++i)
      std::memcpy(to + i * p.elementSize, &p.value, p.elementSize);
  }
  checked::filled(to, bytes);
  return cudaSuccess;
}

/// Slices of a box are filled one after another.
cudaError_t fill_box(const cudaPitchedPtr& memory, int value, const cudaExtent& extent,
                     const std::function<cudaError_t(Work)>& place) {
  for (std::size_t z = 0; z < extent.depth; ++z) {
    char* const slice = static_cast<char*>(memory.ptr) + z * memory.pitch * memory.ysize;
    const cudaError_t code =
        place(fill_rows_work(slice, memory.pitch, value, extent.width, extent.height));
    if (code != cudaSuccess) return code;
  }
  return cudaSuccess;
}

bool are_devices(int a, int b) {
  const int count = device_choice().count;
  return a >= 0 && b >= 0 && a < count && b < count;
}

/// A copy between devices: the memory says which ones, and all of it can be reached.
cudaMemcpy3DParms box_between(const cudaMemcpy3DPeerParms& p) {
  return {p.srcArray, p.srcPos, p.srcPtr, p.dstArray,
          p.dstPos,   p.dstPtr, p.extent, cudaMemcpyDefault};
}

/// A symbol's bytes as one side of a copy.
cudaError_t to_symbol(const void* symbol, const void* from, std::size_t bytes, std::size_t offset,
                      cudaMemcpyKind kind, Work* out) {
  char* at = nullptr;
  const cudaError_t code = find_symbol(symbol, bytes, offset, &at);
  if (code == cudaSuccess) *out = copy_work(at, from, bytes, kind);
  return code;
}

cudaError_t from_symbol(void* to, const void* symbol, std::size_t bytes, std::size_t offset,
                        cudaMemcpyKind kind, Work* out) {
  char* at = nullptr;
  const cudaError_t code = find_symbol(symbol, bytes, offset, &at);
  if (code == cudaSuccess) *out = copy_work(to, at, bytes, kind);
  return code;
}

bool is_access_order(cudaMemcpySrcAccessOrder order) {
  return order >= cudaMemcpySrcAccessOrderStream && order <= cudaMemcpySrcAccessOrderAny;
}

cudaError_t copy_batch(void* const* to, const void* const* from, const std::size_t* sizes,
                       std::size_t count, const cudaMemcpyAttributes* attributes,
                       const std::size_t* firsts, std::size_t attribute_count,
                       cudaStream_t stream) {
  if (!to || !from || !sizes || count == 0 || !attributes || !firsts || attribute_count == 0 ||
      attribute_count > count || firsts[0] != 0)
    return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < attribute_count; ++i)
    if (!is_access_order(attributes[i].srcAccessOrder) || firsts[i] >= count)
      return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i)
    if (const cudaError_t code =
            submit(stream, copy_work(to[i], from[i], sizes[i], cudaMemcpyDefault));
        code != cudaSuccess)
      return code;
  return cudaSuccess;
}

void take_operand(const cudaMemcpy3DOperand& operand, const cudaExtent& extent,
                  cudaPitchedPtr* memory, cudaArray_t* array, cudaPos* position) {
  if (operand.type == cudaMemcpyOperandTypeArray) {
    *array = operand.op.array.array;
    *position = {operand.op.array.offset.x, operand.op.array.offset.y, operand.op.array.offset.z};
    return;
  }
  const auto& p = operand.op.ptr;
  const std::size_t pitch = p.rowLength ? p.rowLength : extent.width;
  *memory = {p.ptr, pitch, pitch, p.layerHeight ? p.layerHeight : extent.height};
}

cudaError_t copy_3d_operation(const cudaMemcpy3DBatchOp* operation, unsigned long long flags,
                              cudaStream_t stream) {
  if (!operation || flags != 0 || !is_access_order(operation->srcAccessOrder))
    return cudaErrorInvalidValue;
  CopyWork work{};
  take_operand(operation->src, operation->extent, &work.box.srcPtr, &work.box.srcArray,
               &work.box.srcPos);
  take_operand(operation->dst, operation->extent, &work.box.dstPtr, &work.box.dstArray,
               &work.box.dstPos);
  work.box.extent = operation->extent;
  work.box.kind = cudaMemcpyDefault;
  return submit(stream, work);
}

}  // namespace

cudaError_t copy_box(const cudaMemcpy3DParms& p) {
  if (p.srcArray || p.dstArray) return copy_array_box(p);
  if (p.kind < cudaMemcpyHostToHost || p.kind > cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  if (p.extent.width == 0 || p.extent.height == 0 || p.extent.depth == 0) return cudaSuccess;
  if (!p.srcPtr.ptr || !p.dstPtr.ptr) return cudaErrorInvalidValue;
  if (p.extent.width > p.dstPtr.pitch || p.extent.width > p.srcPtr.pitch)
    return cudaErrorInvalidPitchValue;
  for (std::size_t z = 0; z < p.extent.depth; ++z)
    for (std::size_t y = 0; y < p.extent.height; ++y) {
      const cudaError_t code =
          copy(corner(p.dstPtr, p.dstPos) + (z * p.dstPtr.ysize + y) * p.dstPtr.pitch,
               corner(p.srcPtr, p.srcPos) + (z * p.srcPtr.ysize + y) * p.srcPtr.pitch,
               p.extent.width, p.kind);
      if (code != cudaSuccess) return code;
    }
  return cudaSuccess;
}

cudaError_t fill_rows(const cudaMemsetParams& p) {
  if (p.width * p.elementSize > p.pitch && p.height > 1) return cudaErrorInvalidPitchValue;
  for (std::size_t row = 0; row < p.height; ++row)
    if (const cudaError_t code = fill_row(static_cast<char*>(p.dst) + row * p.pitch, p);
        code != cudaSuccess)
      return code;
  return cudaSuccess;
}

cudaError_t find_symbol(const void* symbol, std::size_t bytes, std::size_t offset, char** address) {
  std::size_t whole = 0;
  char* const start = static_cast<char*>(variable_address(symbol, &whole));
  if (!start) return cudaErrorInvalidSymbol;
  if (offset > whole || bytes > whole - offset) return cudaErrorInvalidValue;
  *address = start + offset;
  return cudaSuccess;
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

// --- copies ---

VGPU_API(cudaMemcpy, (void* to, const void* from, size_t bytes, cudaMemcpyKind kind),
         (to, from, bytes, kind)) {
  return submit_and_wait(copy_work(to, from, bytes, kind));
}
VGPU_API(cudaMemcpyAsync,
         (void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream),
         (to, from, bytes, kind, stream)) {
  return submit(stream, copy_work(to, from, bytes, kind));
}
VGPU_API(cudaMemcpyPeer, (void* to, int to_device, const void* from, int from_device, size_t bytes),
         (to, to_device, from, from_device, bytes)) {
  if (!are_devices(to_device, from_device)) return cudaErrorInvalidDevice;
  return submit_and_wait(copy_work(to, from, bytes, cudaMemcpyDefault));
}
VGPU_API(cudaMemcpyPeerAsync,
         (void* to, int to_device, const void* from, int from_device, size_t bytes,
          cudaStream_t stream),
         (to, to_device, from, from_device, bytes, stream)) {
  if (!are_devices(to_device, from_device)) return cudaErrorInvalidDevice;
  return submit(stream, copy_work(to, from, bytes, cudaMemcpyDefault));
}
VGPU_API(cudaMemcpy2D,
         (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
          size_t height, cudaMemcpyKind kind),
         (to, to_pitch, from, from_pitch, width, height, kind)) {
  return submit_and_wait(copy_rows_work(to, to_pitch, from, from_pitch, width, height, kind));
}
VGPU_API(cudaMemcpy2DAsync,
         (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
          size_t height, cudaMemcpyKind kind, cudaStream_t stream),
         (to, to_pitch, from, from_pitch, width, height, kind, stream)) {
  return submit(stream, copy_rows_work(to, to_pitch, from, from_pitch, width, height, kind));
}
VGPU_API(cudaMemcpy3D, (const cudaMemcpy3DParms* parameters), (parameters)) {
  return parameters ? submit_and_wait(CopyWork{*parameters}) : cudaErrorInvalidValue;
}
VGPU_API(cudaMemcpy3DAsync, (const cudaMemcpy3DParms* parameters, cudaStream_t stream),
         (parameters, stream)) {
  return parameters ? submit(stream, CopyWork{*parameters}) : cudaErrorInvalidValue;
}
VGPU_API(cudaMemcpy3DPeer, (const cudaMemcpy3DPeerParms* parameters), (parameters)) {
  if (!parameters) return cudaErrorInvalidValue;
  if (!are_devices(parameters->srcDevice, parameters->dstDevice)) return cudaErrorInvalidDevice;
  return submit_and_wait(CopyWork{box_between(*parameters)});
}
VGPU_API(cudaMemcpy3DPeerAsync, (const cudaMemcpy3DPeerParms* parameters, cudaStream_t stream),
         (parameters, stream)) {
  if (!parameters) return cudaErrorInvalidValue;
  if (!are_devices(parameters->srcDevice, parameters->dstDevice)) return cudaErrorInvalidDevice;
  return submit(stream, CopyWork{box_between(*parameters)});
}
VGPU_API(cudaMemcpyBatchAsync,
         (void* const* to, const void* const* from, const size_t* sizes, size_t count,
          cudaMemcpyAttributes* attributes, size_t* firsts, size_t attribute_count,
          cudaStream_t stream),
         (to, from, sizes, count, attributes, firsts, attribute_count, stream)) {
  return copy_batch(to, from, sizes, count, attributes, firsts, attribute_count, stream);
}
VGPU_API(cudaMemcpyWithAttributesAsync,
         (void* to, const void* from, size_t bytes, cudaMemcpyAttributes* attributes,
          cudaStream_t stream),
         (to, from, bytes, attributes, stream)) {
  const std::size_t first = 0;
  return copy_batch(&to, &from, &bytes, 1, attributes, &first, 1, stream);
}
VGPU_API(cudaMemcpy3DBatchAsync,
         (size_t count, cudaMemcpy3DBatchOp* operations, unsigned long long flags,
          cudaStream_t stream),
         (count, operations, flags, stream)) {
  if (count == 0 || !operations) return cudaErrorInvalidValue;
  for (std::size_t i = 0; i < count; ++i)
    if (const cudaError_t code = copy_3d_operation(operations + i, flags, stream);
        code != cudaSuccess)
      return code;
  return cudaSuccess;
}
VGPU_API(cudaMemcpy3DWithAttributesAsync,
         (cudaMemcpy3DBatchOp * operation, unsigned long long flags, cudaStream_t stream),
         (operation, flags, stream)) {
  return copy_3d_operation(operation, flags, stream);
}

// --- fills ---

VGPU_API(cudaMemset, (void* to, int value, size_t bytes), (to, value, bytes)) {
  return submit_and_wait(fill_work(to, value, bytes));
}
VGPU_API(cudaMemsetAsync, (void* to, int value, size_t bytes, cudaStream_t stream),
         (to, value, bytes, stream)) {
  return submit(stream, fill_work(to, value, bytes));
}
VGPU_API(cudaMemset2D, (void* to, size_t pitch, int value, size_t width, size_t height),
         (to, pitch, value, width, height)) {
  return submit_and_wait(fill_rows_work(to, pitch, value, width, height));
}
VGPU_API(cudaMemset2DAsync,
         (void* to, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream),
         (to, pitch, value, width, height, stream)) {
  return submit(stream, fill_rows_work(to, pitch, value, width, height));
}
VGPU_API(cudaMemset3D, (cudaPitchedPtr memory, int value, cudaExtent extent),
         (memory, value, extent)) {
  return fill_box(memory, value, extent,
                  [](Work work) { return submit_and_wait(std::move(work)); });
}
VGPU_API(cudaMemset3DAsync,
         (cudaPitchedPtr memory, int value, cudaExtent extent, cudaStream_t stream),
         (memory, value, extent, stream)) {
  return fill_box(memory, value, extent,
                  [&](Work work) { return submit(stream, std::move(work)); });
}

// --- symbols ---

VGPU_API(cudaGetSymbolAddress, (void** address, const void* symbol), (address, symbol)) {
  char* at = nullptr;
  const cudaError_t code = find_symbol(symbol, 0, 0, &at);
  return code != cudaSuccess ? code : give(address, at);
}
VGPU_API(cudaGetSymbolSize, (size_t * bytes, const void* symbol), (bytes, symbol)) {
  std::size_t whole = 0;
  if (!variable_address(symbol, &whole)) return cudaErrorInvalidSymbol;
  return give(bytes, whole);
}
VGPU_API(cudaMemcpyToSymbol,
         (const void* symbol, const void* from, size_t bytes, size_t offset, cudaMemcpyKind kind),
         (symbol, from, bytes, offset, kind)) {
  Work work;
  const cudaError_t code = to_symbol(symbol, from, bytes, offset, kind, &work);
  return code != cudaSuccess ? code : submit_and_wait(std::move(work));
}
VGPU_API(cudaMemcpyToSymbolAsync,
         (const void* symbol, const void* from, size_t bytes, size_t offset, cudaMemcpyKind kind,
          cudaStream_t stream),
         (symbol, from, bytes, offset, kind, stream)) {
  Work work;
  const cudaError_t code = to_symbol(symbol, from, bytes, offset, kind, &work);
  return code != cudaSuccess ? code : submit(stream, std::move(work));
}
VGPU_API(cudaMemcpyFromSymbol,
         (void* to, const void* symbol, size_t bytes, size_t offset, cudaMemcpyKind kind),
         (to, symbol, bytes, offset, kind)) {
  Work work;
  const cudaError_t code = from_symbol(to, symbol, bytes, offset, kind, &work);
  return code != cudaSuccess ? code : submit_and_wait(std::move(work));
}
VGPU_API(cudaMemcpyFromSymbolAsync,
         (void* to, const void* symbol, size_t bytes, size_t offset, cudaMemcpyKind kind,
          cudaStream_t stream),
         (to, symbol, bytes, offset, kind, stream)) {
  Work work;
  const cudaError_t code = from_symbol(to, symbol, bytes, offset, kind, &work);
  return code != cudaSuccess ? code : submit(stream, std::move(work));
}
