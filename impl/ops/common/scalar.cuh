// scalar.cuh - how kernels compute with the four float types: widen, sum in Accum, narrow once.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

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
  } else if constexpr (__is_same(Scalar, __half)) {
    return __float2half_rn(x);
  } else {
    return __float2bfloat16_rn(x);
  }
}

}  // namespace plumb
