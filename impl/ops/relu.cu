// relu.cu - the rectifier, forward and backward.
//
// Maths     y = x < 0 ? 0 : x;  dx = y <= 0 ? 0 : dy
// Layout    dense vectors of `count` elements
// Mapping   elementwise.cuh: 16 bytes a thread where everything is aligned, else one element
// Numerics  elements are copied or 0: no rounding
// Determinism  bitwise repeatable
#include "impl/ops/relu.h"

#include "impl/core/launch.cuh"
#include "impl/ops/common/elementwise.cuh"

namespace plumb {
namespace {

// --- device helpers ---

struct Rectify {
  template <class Scalar>
  __host__ __device__ Scalar operator()(Scalar x) const {
    return widen(x) < 0 ? narrow<Scalar>(0) : x;
  }
};

struct RectifyGradient {
  template <class Scalar>
  __host__ __device__ Scalar operator()(Scalar dy, Scalar result) const {
    return widen(result) <= 0 ? narrow<Scalar>(0) : dy;
  }
};

}  // namespace

// --- public functions ---

Tensor relu_forward(const Tensor& x, Stream stream) {
  const Tensor y = Tensor::empty(x.shape(), x.dtype(), stream);
  with_floating(x.dtype(), "relu_forward: x", [&](auto tag) {
    using Scalar = decltype(tag);
    const Tensor dense = x.contiguous(stream);
    elementwise::map("relu/forward", Rectify{}, y.data_as<Scalar>(), x.numel(), stream,
                     dense.data_as<const Scalar>());
  });
  return y;
}

Tensor relu_backward(const Tensor& dy, const Tensor& result, Stream stream) {
  PLUMB_CHECK(ShapeError, dy.shape() == result.shape(), "dy has shape {}, result has {} [the same]",
              to_string(dy.shape()), to_string(result.shape()));
  PLUMB_CHECK(ShapeError, dy.dtype() == result.dtype(), "dy has dtype {}, result has {} [the same]",
              name_of(dy.dtype()), name_of(result.dtype()));
  const Tensor dx = Tensor::empty(result.shape(), result.dtype(), stream);
  with_floating(result.dtype(), "relu_backward: result", [&](auto tag) {
    using Scalar = decltype(tag);
    const Tensor dense_dy = dy.contiguous(stream), dense_result = result.contiguous(stream);
    elementwise::map("relu/backward", RectifyGradient{}, dx.data_as<Scalar>(), result.numel(),
                     stream, dense_dy.data_as<const Scalar>(),
                     dense_result.data_as<const Scalar>());
  });
  return dx;
}

}  // namespace plumb
