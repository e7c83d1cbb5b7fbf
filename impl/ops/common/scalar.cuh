// scalar.cuh - how kernels compute with the four float types: widen, sum in Accum, narrow once.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <type_traits>

#include "impl/core/dtype.h"
#include "impl/core/error.h"

namespace plumb {

/// What a kernel computes and sums in: double for double, float for float, half and bfloat16.
template <class Scalar>
struct AccumOf {
  using type = float;
};
template <>
struct AccumOf<double> {
  using type = double;
};
template <class Scalar>
using accum_t = typename AccumOf<Scalar>::type;

__host__ __device__ inline double widen(double x) { return x; }
__host__ __device__ inline float widen(float x) { return x; }
__host__ __device__ inline float widen(__half x) { return __half2float(x); }
__host__ __device__ inline float widen(__nv_bfloat16 x) { return __bfloat162float(x); }

/// Rounds to nearest, ties to even.
template <class Scalar>
__host__ __device__ Scalar narrow(accum_t<Scalar> x) {
  if constexpr (sizeof(Scalar) == sizeof(accum_t<Scalar>)) {
    return x;
  } else if constexpr (std::is_same_v<Scalar, __half>) {
    return __float2half_rn(x);
  } else {
    return __float2bfloat16_rn(x);
  }
}

inline constexpr const char* kFloatingNames = "f64, f32, f16, bf16";

/// Calls `body` with a value-initialised object of the dtype's C++ type: decltype(tag) is Scalar.
/// Throws ShapeError for a dtype that is not floating; `what` names the tensor.
template <class Body>
decltype(auto) with_floating(Dtype dtype, const char* what, Body&& body) {
  switch (dtype) {
    case Dtype::f64:
      return body(double{});
    case Dtype::f32:
      return body(float{});
    case Dtype::f16:
      return body(__half{});
    case Dtype::bf16:
      return body(__nv_bfloat16{});
    default:
      PLUMB_THROW(ShapeError, "{} has dtype {} [{}]", what, name_of(dtype), kFloatingNames);
  }
}

/// The dtype that `Scalar` is summed in.
template <class Scalar>
constexpr Dtype accum_dtype() {
  return sizeof(accum_t<Scalar>) == 8 ? Dtype::f64 : Dtype::f32;
}

}  // namespace plumb
