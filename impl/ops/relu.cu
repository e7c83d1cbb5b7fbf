// relu.cu - the rectifier, forward and backward.
//
// Maths     y = x < 0 ? 0 : x;  dx = y <= 0 ? 0 : dy
// Layout    dense vectors of `count` elements
// Mapping   elementwise.cuh: 16 bytes a thread where everything is aligned, else one element
// Numerics  elements are copied or 0: no rounding
// Determinism  bitwise repeatable
#include "impl/ops/relu.h"

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
  __host__ __device__ Scalar operator()(Scalar result, Scalar dy) const {
    return widen(result) <= 0 ? narrow<Scalar>(0) : dy;
  }
};

}  // namespace

// --- public functions ---

Tensor relu_forward(const Tensor& x, Stream stream) {
  return elementwise::apply("relu/forward", Rectify{}, stream, {"x", x});
}

Tensor relu_backward(const Tensor& dy, const Tensor& result, Stream stream) {
  return elementwise::apply("relu/backward", RectifyGradient{}, stream, {"result", result},
                            elementwise::Operand{"dy", dy});
}

}  // namespace plumb
