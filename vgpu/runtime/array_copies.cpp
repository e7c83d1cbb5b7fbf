// array_copies.cpp - copies into, out of and between CUDA arrays. All but the old ones that count
// bytes are boxes, as cudaMemcpy3D's.
#include <cstring>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/arrays.h"
#include "vgpu/runtime/checked_memory.h"
#include "vgpu/runtime/memory.h"
#include "vgpu/runtime/streams.h"
#include "vgpu/runtime/work.h"

namespace vgpu::runtime {
namespace {

/// One side of a box: its first byte, and how far apart rows and slices lie.
struct Side {
  std::uint8_t* at = nullptr;
  std::size_t row_bytes = 0, slice_bytes = 0;
  bool is_array = false, must_be_device = false;
};

bool reaches_beyond(std::size_t at, std::size_t count, std::size_t size) {
  return at > size || count > size - at;
}

cudaError_t array_side(const Array& array, const cudaPos& at, const cudaExtent& extent,
                       Side* side) {
  const ImageLevel& image = array.image;
  if (reaches_beyond(at.x, extent.width, image.width) ||
      reaches_beyond(at.y, extent.height, image.height) ||
      reaches_beyond(at.z, extent.depth, image.depth))
    return cudaErrorInvalidValue;
  side->at =
      image.data + at.z * image.slice_bytes + at.y * image.row_bytes + at.x * array.format.bytes();
  side->row_bytes = image.row_bytes;
  side->slice_bytes = image.slice_bytes;
  side->is_array = true;
  return cudaSuccess;
}

cudaError_t pointer_side(const cudaPitchedPtr& memory, const cudaPos& at, std::size_t row,
                         const cudaExtent& extent, Side* side) {
  if (row > memory.pitch && (extent.height > 1 || extent.depth > 1))
    return cudaErrorInvalidPitchValue;
  side->row_bytes = memory.pitch;
  side->slice_bytes = memory.pitch * memory.ysize;
  side->at = static_cast<std::uint8_t*>(memory.ptr) + at.z * side->slice_bytes +
             at.y * side->row_bytes + at.x;
  return cudaSuccess;
}

bool holds(const Side& side, const std::uint8_t* row, std::size_t bytes) {
  return side.is_array || is_inside_one_allocation(row, bytes, side.must_be_device);
}

cudaError_t copy_rows(const Side& to, const Side& from, std::size_t row, const cudaExtent& extent) {
  for (std::size_t z = 0; z < extent.depth; ++z)
    for (std::size_t y = 0; y < extent.height; ++y) {
      std::uint8_t* target = to.at + z * to.slice_bytes + y * to.row_bytes;
      const std::uint8_t* source = from.at + z * from.slice_bytes + y * from.row_bytes;
      if (!holds(to, target, row) || !holds(from, source, row)) return cudaErrorInvalidValue;
      std::memmove(target, source, row);
      checked::copied(target, source, row);
    }
  return cudaSuccess;
}

bool is_kind(cudaMemcpyKind kind) {
  return kind >= cudaMemcpyHostToHost && kind <= cudaMemcpyDefault;
}
bool from_device(cudaMemcpyKind kind) {
  return kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
}
bool to_device(cudaMemcpyKind kind) {
  return kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
}

// --- rows, given in bytes ---

/// Where rows begin in an array: a byte and a row.
struct Corner {
  cudaArray_const_t array;
  std::size_t byte, row;
};

cudaError_t corner_position(const Corner& corner, std::size_t* element, cudaPos* at) {
  const Array* array = find_array(corner.array);
  if (!array) return cudaErrorInvalidResourceHandle;
  *element = array->format.bytes();
  if (corner.byte % *element != 0) return cudaErrorInvalidValue;
  *at = {corner.byte / *element, corner.row, 0};
  return cudaSuccess;
}

/// Makes a box of rows `width` bytes wide; `to` or `from` says the other side's corner.
cudaError_t array_box(const Corner* to, const Corner* from, std::size_t width, std::size_t height,
                      cudaMemcpyKind kind, cudaMemcpy3DParms* box) {
  std::size_t element = 1;
  if (from) {
    if (const cudaError_t code = corner_position(*from, &element, &box->srcPos);
        code != cudaSuccess)
      return code;
    box->srcArray = const_cast<cudaArray_t>(from->array);
  }
  if (to) {
    if (const cudaError_t code = corner_position(*to, &element, &box->dstPos); code != cudaSuccess)
      return code;
    box->dstArray = const_cast<cudaArray_t>(to->array);
  }
  if (width % element != 0) return cudaErrorInvalidValue;
  box->extent = {width / element, height, 1};
  box->kind = kind;
  return cudaSuccess;
}

cudaError_t box_to_array(const Corner& to, const void* from, std::size_t pitch, std::size_t width,
                         std::size_t height, cudaMemcpyKind kind, cudaMemcpy3DParms* box) {
  if (width > pitch) return cudaErrorInvalidPitchValue;
  box->srcPtr = {const_cast<void*>(from), pitch, width, height};
  return array_box(&to, nullptr, width, height, kind, box);
}

cudaError_t box_from_array(void* to, std::size_t pitch, const Corner& from, std::size_t width,
                           std::size_t height, cudaMemcpyKind kind, cudaMemcpy3DParms* box) {
  if (width > pitch) return cudaErrorInvalidPitchValue;
  box->dstPtr = {to, pitch, width, height};
  return array_box(nullptr, &from, width, height, kind, box);
}

// --- bytes that run on from row to row, which lie side by side here ---

cudaError_t run_in_array(const Corner& corner, std::size_t count, std::uint8_t** at) {
  const Array* array = find_array(corner.array);
  if (!array) return cudaErrorInvalidResourceHandle;
  const ImageLevel& image = array->image;
  if (corner.byte >= image.row_bytes || corner.row >= image.height) return cudaErrorInvalidValue;
  const std::size_t offset = corner.row * image.row_bytes + corner.byte;
  if (count > image.slice_bytes - offset) return cudaErrorInvalidValue;
  *at = image.data + offset;
  return cudaSuccess;
}

cudaError_t copy_run_to(const Corner& to, const void* from, std::size_t count,
                        cudaMemcpyKind kind) {
  std::uint8_t* at = nullptr;
  if (!is_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  if (const cudaError_t code = run_in_array(to, count, &at); code != cudaSuccess) return code;
  if (!from || !is_inside_one_allocation(from, count, from_device(kind)))
    return cudaErrorInvalidValue;
  std::memmove(at, from, count);
  checked::copied(at, from, count);
  return cudaSuccess;
}

cudaError_t copy_run_from(void* to, const Corner& from, std::size_t count, cudaMemcpyKind kind) {
  std::uint8_t* at = nullptr;
  if (!is_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  if (const cudaError_t code = run_in_array(from, count, &at); code != cudaSuccess) return code;
  if (!to || !is_inside_one_allocation(to, count, to_device(kind))) return cudaErrorInvalidValue;
  std::memmove(to, at, count);
  checked::copied(to, at, count);
  return cudaSuccess;
}

cudaError_t copy_run_between(const Corner& to, const Corner& from, std::size_t count) {
  std::uint8_t *target = nullptr, *source = nullptr;
  if (const cudaError_t code = run_in_array(to, count, &target); code != cudaSuccess) return code;
  if (const cudaError_t code = run_in_array(from, count, &source); code != cudaSuccess) return code;
  std::memmove(target, source, count);
  checked::copied(target, source, count);
  return cudaSuccess;
}

}  // namespace

cudaError_t copy_array_box(const cudaMemcpy3DParms& p) {
  if (!is_kind(p.kind)) return cudaErrorInvalidMemcpyDirection;
  const bool one_source = (p.srcArray != nullptr) != (p.srcPtr.ptr != nullptr),
             one_target = (p.dstArray != nullptr) != (p.dstPtr.ptr != nullptr);
  if (!one_source || !one_target) return cudaErrorInvalidValue;
  const Array *source = find_array(p.srcArray), *target = find_array(p.dstArray);
  if ((p.srcArray && !source) || (p.dstArray && !target)) return cudaErrorInvalidResourceHandle;
  const std::size_t element = (source ? source : target)->format.bytes();
  if (source && target && target->format.bytes() != element) return cudaErrorInvalidValue;
  const std::size_t row = p.extent.width * element;
  Side from, to;
  from.must_be_device = from_device(p.kind);
  to.must_be_device = to_device(p.kind);
  cudaError_t code = source ? array_side(*source, p.srcPos, p.extent, &from)
                            : pointer_side(p.srcPtr, p.srcPos, row, p.extent, &from);
  if (code != cudaSuccess) return code;
  code = target ? array_side(*target, p.dstPos, p.extent, &to)
                : pointer_side(p.dstPtr, p.dstPos, row, p.extent, &to);
  return code != cudaSuccess ? code : copy_rows(to, from, row, p.extent);
}

}  // namespace vgpu::runtime

using namespace vgpu::runtime;

VGPU_API(cudaMemcpy2DToArray,
         (cudaArray_t to, size_t byte, size_t row, const void* from, size_t pitch, size_t width,
          size_t height, cudaMemcpyKind kind),
         (to, byte, row, from, pitch, width, height, kind)) {
  CopyWork work{};
  const cudaError_t code =
      box_to_array({to, byte, row}, from, pitch, width, height, kind, &work.box);
  return code != cudaSuccess ? code : submit_and_wait(work);
}
VGPU_API(cudaMemcpy2DToArrayAsync,
         (cudaArray_t to, size_t byte, size_t row, const void* from, size_t pitch, size_t width,
          size_t height, cudaMemcpyKind kind, cudaStream_t stream),
         (to, byte, row, from, pitch, width, height, kind, stream)) {
  CopyWork work{};
  const cudaError_t code =
      box_to_array({to, byte, row}, from, pitch, width, height, kind, &work.box);
  return code != cudaSuccess ? code : submit(stream, work);
}
VGPU_API(cudaMemcpy2DFromArray,
         (void* to, size_t pitch, cudaArray_const_t from, size_t byte, size_t row, size_t width,
          size_t height, cudaMemcpyKind kind),
         (to, pitch, from, byte, row, width, height, kind)) {
  CopyWork work{};
  const cudaError_t code =
      box_from_array(to, pitch, {from, byte, row}, width, height, kind, &work.box);
  return code != cudaSuccess ? code : submit_and_wait(work);
}
VGPU_API(cudaMemcpy2DFromArrayAsync,
         (void* to, size_t pitch, cudaArray_const_t from, size_t byte, size_t row, size_t width,
          size_t height, cudaMemcpyKind kind, cudaStream_t stream),
         (to, pitch, from, byte, row, width, height, kind, stream)) {
  CopyWork work{};
  const cudaError_t code =
      box_from_array(to, pitch, {from, byte, row}, width, height, kind, &work.box);
  return code != cudaSuccess ? code : submit(stream, work);
}
VGPU_API(cudaMemcpy2DArrayToArray,
         (cudaArray_t to, size_t to_byte, size_t to_row, cudaArray_const_t from, size_t from_byte,
          size_t from_row, size_t width, size_t height, cudaMemcpyKind kind),
         (to, to_byte, to_row, from, from_byte, from_row, width, height, kind)) {
  CopyWork work{};
  const Corner target{to, to_byte, to_row}, source{from, from_byte, from_row};
  const cudaError_t code = array_box(&target, &source, width, height, kind, &work.box);
  return code != cudaSuccess ? code : submit_and_wait(work);
}

VGPU_API(cudaMemcpyToArray,
         (cudaArray_t to, size_t byte, size_t row, const void* from, size_t count,
          cudaMemcpyKind kind),
         (to, byte, row, from, count, kind)) {
  return submit_and_wait(CallWork{[=] { return copy_run_to({to, byte, row}, from, count, kind); }});
}
VGPU_API(cudaMemcpyToArrayAsync,
         (cudaArray_t to, size_t byte, size_t row, const void* from, size_t count,
          cudaMemcpyKind kind, cudaStream_t stream),
         (to, byte, row, from, count, kind, stream)) {
  return submit(stream, CallWork{[=] { return copy_run_to({to, byte, row}, from, count, kind); }});
}
VGPU_API(cudaMemcpyFromArray,
         (void* to, cudaArray_const_t from, size_t byte, size_t row, size_t count,
          cudaMemcpyKind kind),
         (to, from, byte, row, count, kind)) {
  return submit_and_wait(CallWork{[=] {
    return copy_run_from(to, {from, byte, row}, count, kind);
  }});
}
VGPU_API(cudaMemcpyFromArrayAsync,
         (void* to, cudaArray_const_t from, size_t byte, size_t row, size_t count,
          cudaMemcpyKind kind, cudaStream_t stream),
         (to, from, byte, row, count, kind, stream)) {
  return submit(stream, CallWork{[=] {
                  return copy_run_from(to, {from, byte, row}, count, kind);
                }});
}
VGPU_API(cudaMemcpyArrayToArray,
         (cudaArray_t to, size_t to_byte, size_t to_row, cudaArray_const_t from, size_t from_byte,
          size_t from_row, size_t count, cudaMemcpyKind kind),
         (to, to_byte, to_row, from, from_byte, from_row, count, kind)) {
  if (!is_kind(kind)) return cudaErrorInvalidMemcpyDirection;
  return submit_and_wait(CallWork{[=] {
    return copy_run_between({to, to_byte, to_row}, {from, from_byte, from_row}, count);
  }});
}
