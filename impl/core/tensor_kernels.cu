// tensor_kernels.cu - one thread an element; the walk over the shape is the same for every pair of
// dtypes.
//
// Numerics  a value goes through the widest type of its kind (double or int64), so it is rounded
// once Determinism  bitwise repeatable
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "impl/core/launch.cuh"
#include "impl/core/tensor_kernels.h"

namespace plumb {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kMostBlocks = 1 << 20;

struct Walk {
  std::int64_t count;
  int dimensions;
  std::int64_t shape[kMostDimensions];
};

// --- device helpers ---

__device__ std::int64_t element_offset(const Walk& walk, const StridedPlace& place,
                                       std::int64_t i) {
  std::int64_t offset = 0;
  for (int d = walk.dimensions - 1; d >= 0; --d) {
    offset += i % walk.shape[d] * place.strides[d];
    i /= walk.shape[d];
  }
  return offset;
}

struct Value {
  bool floating;
  double real;
  std::int64_t integer;
};

__device__ Value load(const StridedPlace& place, std::int64_t at) {
  switch (place.dtype) {
    case Dtype::f64:
      return {true, static_cast<const double*>(place.data)[at], 0};
    case Dtype::f32:
      return {true, static_cast<const float*>(place.data)[at], 0};
    case Dtype::f16:
      return {true, __half2float(static_cast<const __half*>(place.data)[at]), 0};
    case Dtype::bf16:
      return {true, __bfloat162float(static_cast<const __nv_bfloat16*>(place.data)[at]), 0};
    case Dtype::i64:
      return {false, 0, static_cast<const std::int64_t*>(place.data)[at]};
    case Dtype::i32:
      return {false, 0, static_cast<const std::int32_t*>(place.data)[at]};
    default:
      return {false, 0, static_cast<const std::uint8_t*>(place.data)[at]};
  }
}

__device__ void store(const StridedPlace& place, std::int64_t at, const Value& v) {
  const std::int64_t whole = v.floating ? static_cast<std::int64_t>(v.real) : v.integer;
  switch (place.dtype) {
    case Dtype::f64:
      static_cast<double*>(place.data)[at] = v.floating ? v.real : static_cast<double>(v.integer);
      break;
    case Dtype::f32:
      static_cast<float*>(place.data)[at] =
          v.floating ? static_cast<float>(v.real) : static_cast<float>(v.integer);
      break;
    case Dtype::f16:
      static_cast<__half*>(place.data)[at] =
          __double2half(v.floating ? v.real : static_cast<double>(v.integer));
      break;
    case Dtype::bf16:
      static_cast<__nv_bfloat16*>(place.data)[at] =
          __double2bfloat16(v.floating ? v.real : static_cast<double>(v.integer));
      break;
    case Dtype::i64:
      static_cast<std::int64_t*>(place.data)[at] = whole;
      break;
    case Dtype::i32:
      static_cast<std::int32_t*>(place.data)[at] = static_cast<std::int32_t>(whole);
      break;
    case Dtype::u8:
      static_cast<std::uint8_t*>(place.data)[at] = static_cast<std::uint8_t>(whole);
      break;
    default:
      static_cast<std::uint8_t*>(place.data)[at] = v.floating ? v.real != 0 : v.integer != 0;
      break;
  }
}

// --- kernels ---

__global__ void copy_strided_kernel(StridedPlace to, StridedPlace from, Walk walk) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
       i < walk.count; i += step)
    store(to, element_offset(walk, to, i), load(from, element_offset(walk, from, i)));
}

__global__ void fill_strided_kernel(StridedPlace to, double value, Walk walk) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
       i < walk.count; i += step)
    store(to, element_offset(walk, to, i), {true, value, 0});
}

// --- launchers ---

Walk walk_over(const Shape& shape) {
  Walk walk{count_of(shape), static_cast<int>(shape.size()), {}};
  for (std::size_t d = 0; d < shape.size(); ++d) walk.shape[d] = shape[d];
  return walk;
}

LaunchShape launch_over(std::int64_t count) {
  const std::int64_t blocks = (count + kThreads - 1) / kThreads;
  return {dim3(static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks)), dim3(kThreads)};
}

}  // namespace

// --- public functions ---

void copy_strided(const StridedPlace& to, const StridedPlace& from, const Shape& shape,
                  Stream stream) {
  const Walk walk = walk_over(shape);
  launch("tensor/copy", copy_strided_kernel, launch_over(walk.count), stream, to, from, walk);
}

void fill_strided(const StridedPlace& to, double value, const Shape& shape, Stream stream) {
  const Walk walk = walk_over(shape);
  launch("tensor/fill", fill_strided_kernel, launch_over(walk.count), stream, to, value, walk);
}

}  // namespace plumb
