// dispatch.cuh - from a tensor's dtype to a kernel's template argument, and the shape of an
// elementwise launch.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "impl/core/dtype.h"
#include "impl/core/error.h"
#include "impl/core/launch.cuh"

namespace plumb {

/// Calls body.operator()<Scalar>() for f64, f32, f16 and bf16. Throws ShapeError naming the
/// function otherwise.
template <class Body>
void dispatch_floating(Dtype dtype, const char* function, Body&& body) {
  switch (dtype) {
    case Dtype::f64:
      return body.template operator()<double>();
    case Dtype::f32:
      return body.template operator()<float>();
    case Dtype::f16:
      return body.template operator()<__half>();
    case Dtype::bf16:
      return body.template operator()<__nv_bfloat16>();
    default:
      PLUMB_THROW(ShapeError, "{} of a {} tensor, allowed: f64, f32, f16, bf16", function,
                  name_of(dtype));
  }
}

/// Blocks for a grid-stride loop over `count` elements.
inline LaunchShape elementwise_shape(std::int64_t count, int threads) {
  constexpr std::int64_t kMostBlocks = 1 << 16;
  const std::int64_t blocks = (count + threads - 1) / threads;
  return {dim3(static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks)),
          dim3(static_cast<unsigned>(threads))};
}

}  // namespace plumb
