// copy.cpp - copies, fills and symbols. Each is done when its call returns.
#include <cstdint>
#include <cstring>

#include "vgpu/runtime/api.h"
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
  return cudaSuccess;
}

struct Rows {
  std::size_t to_pitch, from_pitch, width, height;
};

cudaError_t copy_rows(void* to, const void* from, const Rows& rows, cudaMemcpyKind kind) {
  if (rows.width > rows.to_pitch || rows.width > rows.from_pitch) return cudaErrorInvalidPitchValue;
  for (std::size_t row = 0; row < rows.height; ++row) {
    const cudaError_t code =
        copy(static_cast<char*>(to) + row * rows.to_pitch,
             static_cast<const char*>(from) + row * rows.from_pitch, rows.width, kind);
    if (code != cudaSuccess) return code;
  }
  return cudaSuccess;
}

cudaError_t fill(void* to, int value, std::size_t bytes) {
  if (bytes == 0) return cudaSuccess;
  if (!to || !is_inside_one_allocation(to, bytes, true)) return cudaErrorInvalidValue;
  std::memset(to, value, bytes);
  return cudaSuccess;
}

cudaError_t fill_rows(void* to, std::size_t pitch, int value, std::size_t width,
                      std::size_t height) {
  if (width > pitch && height > 1) return cudaErrorInvalidPitchValue;
  for (std::size_t row = 0; row < height; ++row) {
    const cudaError_t code = fill(static_cast<char*>(to) + row * pitch, value, width);
    if (code != cudaSuccess) return code;
  }
  return cudaSuccess;
}

/// One side of a 3D copy: the address of its first byte in slice 0.
char* corner(const cudaPitchedPtr& memory, const cudaPos& at) {
  return static_cast<char*>(memory.ptr) + at.z * memory.pitch * memory.ysize + at.y * memory.pitch +
         at.x;
}

cudaError_t copy_box(const cudaMemcpy3DParms* p) {
  if (!p) return cudaErrorInvalidValue;
  if (p->srcArray || p->dstArray)
    throw ApiError(cudaErrorNotSupported,
                   "cudaMemcpy3D: arrays are not supported by the virtual GPU");
  if (!p->srcPtr.ptr || !p->dstPtr.ptr) return cudaErrorInvalidValue;
  const Rows rows{p->dstPtr.pitch, p->srcPtr.pitch, p->extent.width, p->extent.height};
  for (std::size_t z = 0; z < p->extent.depth; ++z) {
    const cudaError_t code = copy_rows(
        corner(p->dstPtr, p->dstPos) + z * p->dstPtr.pitch * p->dstPtr.ysize,
        corner(p->srcPtr, p->srcPos) + z * p->srcPtr.pitch * p->srcPtr.ysize, rows, p->kind);
    if (code != cudaSuccess) return code;
  }
  return cudaSuccess;
}

cudaError_t fill_box(const cudaPitchedPtr& memory, int value, const cudaExtent& extent) {
  for (std::size_t z = 0; z < extent.depth; ++z) {
    char* slice = static_cast<char*>(memory.ptr) + z * memory.pitch * memory.ysize;
    const cudaError_t code = fill_rows(slice, memory.pitch, value, extent.width, extent.height);
    if (code != cudaSuccess) return code;
  }
  return cudaSuccess;
}

cudaError_t copy_between(void* to, int to_device, const void* from, int from_device,
                         std::size_t bytes) {
  for (int device : {to_device, from_device})
    if (device < 0 || device >= device_choice().count) return cudaErrorInvalidDevice;
  return copy(to, from, bytes, cudaMemcpyDeviceToDevice);
}

cudaError_t find_symbol(const void* symbol, std::size_t bytes, std::size_t offset, char** address) {
  std::size_t whole = 0;
  char* const start = static_cast<char*>(variable_address(symbol, &whole));
  if (!start) return cudaErrorInvalidSymbol;
  if (offset > whole || bytes > whole - offset) return cudaErrorInvalidValue;
  *address = start + offset;
  return cudaSuccess;
}

cudaError_t copy_to_symbol(const void* symbol, const void* from, std::size_t bytes,
                           std::size_t offset, cudaMemcpyKind kind) {
  char* at = nullptr;
  const cudaError_t code = find_symbol(symbol, bytes, offset, &at);
  return code != cudaSuccess ? code : copy(at, from, bytes, kind);
}

cudaError_t copy_from_symbol(void* to, const void* symbol, std::size_t bytes, std::size_t offset,
                             cudaMemcpyKind kind) {
  char* at = nullptr;
  const cudaError_t code = find_symbol(symbol, bytes, offset, &at);
  return code != cudaSuccess ? code : copy(to, at, bytes, kind);
}

}  // namespace
}  // namespace vgpu::runtime

using namespace vgpu::runtime;

// --- copies ---

VGPU_API(cudaMemcpy, (void* to, const void* from, size_t bytes, cudaMemcpyKind kind),
         (to, from, bytes, kind)) {
  return copy(to, from, bytes, kind);
}
VGPU_API(cudaMemcpyAsync,
         (void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream),
         (to, from, bytes, kind, stream)) {
  check_stream(stream);
  return copy(to, from, bytes, kind);
}
VGPU_API(cudaMemcpyPeer, (void* to, int to_device, const void* from, int from_device, size_t bytes),
         (to, to_device, from, from_device, bytes)) {
  return copy_between(to, to_device, from, from_device, bytes);
}
VGPU_API(cudaMemcpyPeerAsync,
         (void* to, int to_device, const void* from, int from_device, size_t bytes,
          cudaStream_t stream),
         (to, to_device, from, from_device, bytes, stream)) {
  check_stream(stream);
  return copy_between(to, to_device, from, from_device, bytes);
}
VGPU_API(cudaMemcpy2D,
         (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
          size_t height, cudaMemcpyKind kind),
         (to, to_pitch, from, from_pitch, width, height, kind)) {
  return copy_rows(to, from, {to_pitch, from_pitch, width, height}, kind);
}
VGPU_API(cudaMemcpy2DAsync,
         (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
          size_t height, cudaMemcpyKind kind, cudaStream_t stream),
         (to, to_pitch, from, from_pitch, width, height, kind, stream)) {
  check_stream(stream);
  return copy_rows(to, from, {to_pitch, from_pitch, width, height}, kind);
}
VGPU_API(cudaMemcpy3D, (const cudaMemcpy3DParms* parameters), (parameters)) {
  return copy_box(parameters);
}
VGPU_API(cudaMemcpy3DAsync, (const cudaMemcpy3DParms* parameters, cudaStream_t stream),
         (parameters, stream)) {
  check_stream(stream);
  return copy_box(parameters);
}

// --- fills ---

VGPU_API(cudaMemset, (void* to, int value, size_t bytes), (to, value, bytes)) {
  return fill(to, value, bytes);
}
VGPU_API(cudaMemsetAsync, (void* to, int value, size_t bytes, cudaStream_t stream),
         (to, value, bytes, stream)) {
  check_stream(stream);
  return fill(to, value, bytes);
}
VGPU_API(cudaMemset2D, (void* to, size_t pitch, int value, size_t width, size_t height),
         (to, pitch, value, width, height)) {
  return fill_rows(to, pitch, value, width, height);
}
VGPU_API(cudaMemset2DAsync,
         (void* to, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream),
         (to, pitch, value, width, height, stream)) {
  check_stream(stream);
  return fill_rows(to, pitch, value, width, height);
}
VGPU_API(cudaMemset3D, (cudaPitchedPtr memory, int value, cudaExtent extent),
         (memory, value, extent)) {
  return fill_box(memory, value, extent);
}
VGPU_API(cudaMemset3DAsync,
         (cudaPitchedPtr memory, int value, cudaExtent extent, cudaStream_t stream),
         (memory, value, extent, stream)) {
  check_stream(stream);
  return fill_box(memory, value, extent);
}

// --- hints for managed memory: everything lies in one memory already ---

VGPU_API(cudaMemPrefetchAsync,
         (const void* p, size_t bytes, cudaMemLocation where, unsigned int flags,
          cudaStream_t stream),
         (p, bytes, where, flags, stream)) {
  (void)where, (void)flags;
  check_stream(stream);
  return is_inside_one_allocation(p, bytes, true) ? cudaSuccess : cudaErrorInvalidValue;
}
VGPU_API(cudaMemAdvise,
         (const void* p, size_t bytes, cudaMemoryAdvise advice, cudaMemLocation where),
         (p, bytes, advice, where)) {
  (void)advice, (void)where;
  return is_inside_one_allocation(p, bytes, true) ? cudaSuccess : cudaErrorInvalidValue;
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
  return copy_to_symbol(symbol, from, bytes, offset, kind);
}
VGPU_API(cudaMemcpyToSymbolAsync,
         (const void* symbol, const void* from, size_t bytes, size_t offset, cudaMemcpyKind kind,
          cudaStream_t stream),
         (symbol, from, bytes, offset, kind, stream)) {
  check_stream(stream);
  return copy_to_symbol(symbol, from, bytes, offset, kind);
}
VGPU_API(cudaMemcpyFromSymbol,
         (void* to, const void* symbol, size_t bytes, size_t offset, cudaMemcpyKind kind),
         (to, symbol, bytes, offset, kind)) {
  return copy_from_symbol(to, symbol, bytes, offset, kind);
}
VGPU_API(cudaMemcpyFromSymbolAsync,
         (void* to, const void* symbol, size_t bytes, size_t offset, cudaMemcpyKind kind,
          cudaStream_t stream),
         (to, symbol, bytes, offset, kind, stream)) {
  check_stream(stream);
  return copy_from_symbol(to, symbol, bytes, offset, kind);
}
