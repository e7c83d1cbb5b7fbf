// linear.cu - fully connected layer, forward and backward.
//
// Maths     see linear.h: three matrix products and a column sum
// Layout    leading dimensions folded: x [M, in], y and dy [M, out], weight [out, in]
// Mapping   ops/common/matmul.cuh
// Numerics  ops/common/matmul.cuh
// Determinism  bitwise repeatable; the bits do not depend on the tile
#include "impl/core/launch.cuh"
#include "impl/ops/common/column_sum.cuh"
#include "impl/ops/common/dispatch.cuh"
#include "impl/ops/common/matmul.cuh"
#include "impl/ops/linear.h"

namespace plumb {
namespace {

using matmul::Layout;

// --- launchers ---

template <class In, class Out>
void sum_columns(const In* x, Out* out, std::int64_t rows, std::int64_t columns, Stream stream) {
  const std::int64_t across = (columns + column_sum::kWarp - 1) / column_sum::kWarp;
  launch("linear/column_sum", column_sum::column_sum_kernel<In, Out>,
         {dim3(static_cast<unsigned>(across * column_sum::row_blocks(rows))), dim3(column_sum::kThreads)}, stream, x, out, rows, columns);
}

template <class Scalar>
constexpr Dtype kAccumDtype = sizeof(accum_t<Scalar>) == 8 ? Dtype::f64 : Dtype::f32;

/// Sums until one row is left; partial sums stay in Accum.
template <class Scalar>
void sum_rows(const Tensor& dy, const Tensor& out, std::int64_t rows, std::int64_t columns, Stream stream) {
  using Accum = accum_t<Scalar>;
  if (column_sum::row_blocks(rows) == 1) return sum_columns(dy.data_as<Scalar>(), out.data_as<Scalar>(), rows, columns, stream);
  const MemoryScope scope(Category::workspace);
  std::int64_t left = column_sum::row_blocks(rows);
  Tensor partial = Tensor::empty({left, columns}, kAccumDtype<Scalar>, stream);
  sum_columns(dy.data_as<Scalar>(), partial.data_as<Accum>(), rows, columns, stream);
  while (column_sum::row_blocks(left) > 1) {
    Tensor next = Tensor::empty({column_sum::row_blocks(left), columns}, kAccumDtype<Scalar>, stream);
    sum_columns(partial.data_as<Accum>(), next.data_as<Accum>(), left, columns, stream);
    left = column_sum::row_blocks(left);
    partial = next;
  }
  sum_columns(partial.data_as<Accum>(), out.data_as<Scalar>(), left, columns, stream);
}

void check_operands(const Tensor& x, const Tensor& weight) {
  PLUMB_CHECK(ShapeError, weight.dim() == 2, "weight has shape {}, need [out, in]", to_string(weight.shape()));
  PLUMB_CHECK(ShapeError, x.dim() >= 1, "x has no dimensions, need [.., in]");
  const std::int64_t in = x.size(-1), rows = in ? x.numel() / in : 0;
  PLUMB_CHECK(ShapeError, in == weight.size(1), "mat1 and mat2 shapes cannot be multiplied ({}x{} and {}x{})", rows, in, weight.size(1), weight.size(0));
  PLUMB_CHECK(ShapeError, x.dtype() == weight.dtype(), "mat1 and mat2 must have the same dtype, but got {} and {}", name_of(x.dtype()), name_of(weight.dtype()));
}

std::int64_t leading(const Tensor& t) {
  std::int64_t rows = 1;
  for (int d = 0; d + 1 < t.dim(); ++d) rows *= t.size(d);
  return rows;
}

}  // namespace

// --- public functions ---

Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor* bias, Stream stream) {
  check_operands(x, weight);
  if (bias)
    PLUMB_CHECK(ShapeError, bias->shape() == Shape{weight.size(0)} && bias->dtype() == x.dtype(), "bias is {} {}, need {} [{}]",
                name_of(bias->dtype()), to_string(bias->shape()), name_of(x.dtype()), weight.size(0));
  const Tensor a = x.contiguous(stream), b = weight.contiguous(stream), offset = bias ? bias->contiguous(stream) : Tensor();
  Shape shape = x.shape();
  shape.back() = weight.size(0);
  Tensor y = Tensor::empty(shape, x.dtype(), stream);
  dispatch_floating(x.dtype(), "linear_forward", [&]<class Scalar>() {
    matmul::multiply<Layout::plain, Layout::transposed, Scalar>("linear/forward", a.data_as<Scalar>(), b.data_as<Scalar>(), bias ? offset.data_as<Scalar>() : nullptr,
                                                        y.data_as<Scalar>(), {leading(x), weight.size(0), weight.size(1)}, stream);
  });
  return y;
}

LinearGrads linear_backward(const Tensor& dy, const Tensor& x, const Tensor& weight, LinearNeeds needs, Stream stream) {
  check_operands(x, weight);
  Shape expected = x.shape();
  expected.back() = weight.size(0);
  PLUMB_CHECK(ShapeError, dy.shape() == expected && dy.dtype() == x.dtype(), "dy is {} {}, need {} {}", name_of(dy.dtype()),
              to_string(dy.shape()), name_of(x.dtype()), to_string(expected));
  const std::int64_t rows = leading(x), in = weight.size(1), out = weight.size(0);
  const Tensor grad = dy.contiguous(stream);
  LinearGrads result;
  dispatch_floating(x.dtype(), "linear_backward", [&]<class Scalar>() {
    const Scalar* g = grad.data_as<Scalar>();
    const Scalar* none = nullptr;
    if (needs.dx) {
      const Tensor w = weight.contiguous(stream);
      result.dx = Tensor::empty(x.shape(), x.dtype(), stream);
      matmul::multiply<Layout::plain, Layout::plain, Scalar>("linear/dx", g, w.data_as<Scalar>(), none, result.dx.data_as<Scalar>(), {rows, in, out}, stream);
    }
    if (needs.dweight) {
      const Tensor saved = x.contiguous(stream);
      result.dweight = Tensor::empty(weight.shape(), x.dtype(), stream);
      matmul::multiply<Layout::transposed, Layout::plain, Scalar>("linear/dweight", g, saved.data_as<Scalar>(), none, result.dweight.data_as<Scalar>(), {out, in, rows}, stream);
    }
    if (needs.dbias) {
      result.dbias = Tensor::empty({out}, x.dtype(), stream);
      if (out) sum_rows<Scalar>(grad, result.dbias, rows, out, stream);
    }
  });
  return result;
}

}  // namespace plumb
