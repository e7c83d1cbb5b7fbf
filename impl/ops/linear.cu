// linear.cu - the affine map of the last dimension, forward and backward.
//
// Maths     y = x weight^T + bias;  dx = dy weight;  dweight = dy^T x;  dbias = sum_rows dy
// Layout    x [rows, in], weight [out, in], y and dy [rows, out]: row-major, dense, so that the
//           three products are the three layouts of matmul.cuh
// Mapping   matmul.cuh's tiles; column_sum.cuh for dbias
// Numerics  sums in float for f32, f16 and bf16, in double for f64; one rounding
// Determinism  bitwise repeatable: no atomics, the order of every sum is fixed
#include "impl/ops/linear.h"

#include "impl/ops/common/column_sum.cuh"
#include "impl/ops/common/matmul.cuh"

namespace plumb {
namespace {

using matmul::Layout;

struct LinearShape {
  std::int64_t rows, in, out;
};

Shape with_last(Shape shape, std::int64_t last) {
  shape.back() = last;
  return shape;
}

/// Throws ShapeError unless x and weight fit each other.
LinearShape linear_shape(const Tensor& x, const Tensor& weight) {
  PLUMB_CHECK(ShapeError, is_floating(x.dtype()), "x has dtype {} [{}]", name_of(x.dtype()),
              kFloatingNames);
  PLUMB_CHECK(ShapeError, x.dim() >= 1, "x has no dimension [*, in]");
  PLUMB_CHECK(ShapeError, weight.dim() == 2, "weight has shape {} [out, in]",
              to_string(weight.shape()));
  PLUMB_CHECK(ShapeError, x.size(-1) == weight.size(1),
              "x of shape {} has {} features, weight of shape {} takes {} [x: *, in; weight: "
              "out, in]",
              to_string(x.shape()), x.size(-1), to_string(weight.shape()), weight.size(1));
  PLUMB_CHECK(ShapeError, weight.dtype() == x.dtype(), "weight has dtype {}, x has {} [the same]",
              name_of(weight.dtype()), name_of(x.dtype()));
  std::int64_t rows = 1;
  for (int d = 0; d + 1 < x.dim(); ++d) rows *= x.size(d);
  return {rows, weight.size(1), weight.size(0)};
}

// --- launchers ---

template <class Scalar>
void forward(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y,
             LinearShape shape, Stream stream) {
  matmul::multiply<Layout::plain, Layout::transposed>(
      "linear/forward", x.data_as<const Scalar>(), weight.data_as<const Scalar>(),
      bias.defined() ? bias.data_as<const Scalar>() : nullptr, y.data_as<Scalar>(),
      {shape.rows, shape.out, shape.in}, stream);
}

template <class Scalar>
void backward_x(const Tensor& dy, const Tensor& weight, const Tensor& dx, LinearShape shape,
                Stream stream) {
  matmul::multiply<Layout::plain, Layout::plain>(
      "linear/backward_x", dy.data_as<const Scalar>(), weight.data_as<const Scalar>(),
      static_cast<const Scalar*>(nullptr), dx.data_as<Scalar>(), {shape.rows, shape.in, shape.out},
      stream);
}

template <class Scalar>
void backward_weight(const Tensor& dy, const Tensor& x, const Tensor& dweight, LinearShape shape,
                     Stream stream) {
  matmul::multiply<Layout::transposed, Layout::plain>(
      "linear/backward_weight", dy.data_as<const Scalar>(), x.data_as<const Scalar>(),
      static_cast<const Scalar*>(nullptr), dweight.data_as<Scalar>(),
      {shape.out, shape.in, shape.rows}, stream);
}

template <class Scalar>
void backward_bias(const Tensor& dy, const Tensor& dbias, LinearShape shape, Stream stream) {
  column_sum::sum_rows("linear/backward_bias", dy.data_as<const Scalar>(), dbias.data_as<Scalar>(),
                       shape.rows, shape.out, stream);
}

}  // namespace

// --- public functions ---

Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor* bias, Stream stream) {
  const LinearShape shape = linear_shape(x, weight);
  if (bias != nullptr) {
    PLUMB_CHECK(ShapeError, bias->shape() == Shape{shape.out}, "bias has shape {}, need [{}]",
                to_string(bias->shape()), shape.out);
    PLUMB_CHECK(ShapeError, bias->dtype() == x.dtype(), "bias has dtype {}, x has {} [the same]",
                name_of(bias->dtype()), name_of(x.dtype()));
  }
  const Tensor y = Tensor::empty(with_last(x.shape(), shape.out), x.dtype(), stream);
  with_floating(x.dtype(), "x", [&](auto tag) {
    forward<decltype(tag)>(x.contiguous(stream), weight.contiguous(stream),
                           bias != nullptr ? bias->contiguous(stream) : Tensor{}, y, shape, stream);
  });
  return y;
}

LinearGrads linear_backward(const Tensor& dy, const Tensor& x, const Tensor& weight,
                            LinearNeeds needs, Stream stream) {
  const LinearShape shape = linear_shape(x, weight);
  const Shape y_shape = with_last(x.shape(), shape.out);
  PLUMB_CHECK(ShapeError, dy.shape() == y_shape, "dy has shape {}, need {}", to_string(dy.shape()),
              to_string(y_shape));
  PLUMB_CHECK(ShapeError, dy.dtype() == x.dtype(), "dy has dtype {}, x has {} [the same]",
              name_of(dy.dtype()), name_of(x.dtype()));
  const Tensor dense_dy = dy.contiguous(stream);
  LinearGrads grads;
  with_floating(x.dtype(), "x", [&](auto tag) {
    using Scalar = decltype(tag);
    if (needs.dx) {
      grads.dx = Tensor::empty(x.shape(), x.dtype(), stream);
      backward_x<Scalar>(dense_dy, weight.contiguous(stream), grads.dx, shape, stream);
    }
    if (needs.dweight) {
      grads.dweight = Tensor::empty(weight.shape(), x.dtype(), stream);
      backward_weight<Scalar>(dense_dy, x.contiguous(stream), grads.dweight, shape, stream);
    }
    if (needs.dbias) {
      grads.dbias = Tensor::empty({shape.out}, x.dtype(), stream);
      backward_bias<Scalar>(dense_dy, grads.dbias, shape, stream);
    }
  });
  return grads;
}

}  // namespace plumb
