// accumulate.cu - the sum of two gradients: one rounding; bitwise repeatable.
#include "impl/autograd/tape.h"
#include "impl/ops/common/elementwise.cuh"

namespace plumb {
namespace {

struct Add {
  template <class Scalar>
  __host__ __device__ Scalar operator()(Scalar a, Scalar b) const {
    return narrow<Scalar>(widen(a) + widen(b));
  }
};

}  // namespace

Tensor accumulate(const Tensor& a, const Tensor& b, Stream stream) {
  PLUMB_CHECK(ShapeError, a.shape() == b.shape() && a.dtype() == b.dtype(),
              "gradients of shapes {} and {}", to_string(a.shape()), to_string(b.shape()));
  const Tensor x = a.contiguous(stream), y = b.contiguous(stream);
  Tensor out = Tensor::empty(a.shape(), a.dtype(), stream);
  with_floating(a.dtype(), "a gradient", [&](auto tag) {
    using Scalar = decltype(tag);
    elementwise::map("autograd/accumulate", Add{}, out.data_as<Scalar>(), a.numel(), stream,
                     x.data_as<const Scalar>(), y.data_as<const Scalar>());
  });
  return out;
}

}  // namespace plumb
