// accumulate.cu - the sum of two gradients. One thread an element; one rounding; bitwise repeatable.
#include "impl/autograd/tape.h"
#include "impl/ops/common/dispatch.cuh"
#include "impl/ops/common/scalar.cuh"

namespace plumb {
namespace {

constexpr int kThreads = 256;

template <class Scalar>
__global__ void accumulate_kernel(const Scalar* a, const Scalar* b, Scalar* out, std::int64_t count) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step)
    out[i] = narrow<Scalar>(widen(a[i]) + widen(b[i]));
}

}  // namespace

Tensor accumulate(const Tensor& a, const Tensor& b, Stream stream) {
  PLUMB_CHECK(ShapeError, a.shape() == b.shape() && a.dtype() == b.dtype(), "gradients of shapes {} and {}", to_string(a.shape()), to_string(b.shape()));
  const Tensor x = a.contiguous(stream), y = b.contiguous(stream);
  Tensor out = Tensor::empty(a.shape(), a.dtype(), stream);
  dispatch_floating(a.dtype(), "accumulate", [&]<class Scalar>() {
    launch("autograd/accumulate", accumulate_kernel<Scalar>, elementwise_shape(a.numel(), kThreads), stream, x.data_as<Scalar>(), y.data_as<Scalar>(), out.data_as<Scalar>(), a.numel());
  });
  return out;
}

}  // namespace plumb
