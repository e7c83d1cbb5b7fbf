// linear.h - y = x weight^T + bias, as torch.nn.functional.linear.
#pragma once

#include "impl/core/tensor.h"

namespace plumb {

/// y[.., n] = sum_k x[.., k] * weight[n, k] + bias[n].
///
/// x       [.., in]    any leading dimensions, also none; f64 f32 f16 bf16
/// weight  [out, in]   x's dtype
/// bias    [out]       x's dtype; may be null: no bias
/// Returns y [.., out], contiguous. in = 0 gives zeros plus bias; strided operands are copied first.
/// Throws ShapeError with LibTorch's words for shapes that do not fit and for dtypes that differ.
/// Numerics: f32 sums for halves, f64 for f64, chunks of 128 terms, one output rounding; no TF32.
/// Queued on `stream`, does not synchronize. Bitwise repeatable. No scratch memory.
Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor* bias, Stream stream = {});

/// Which gradients are wanted.
struct LinearNeeds {
  bool dx = true, dweight = true, dbias = true;
};

struct LinearGrads {
  Tensor dx, dweight, dbias;  // undefined where not wanted
};

/// dx = dy weight;  dweight = dy^T x;  dbias = sum of dy over its leading dimensions.
///
/// dy [.., out], x [.., in], weight [out, in] as in the forward pass. Results have the shapes of x, weight and [out].
/// Throws ShapeError. Queued on `stream`. Bitwise repeatable. dbias of more than 1024 rows takes scratch of
/// rows / 1024 * out elements.
LinearGrads linear_backward(const Tensor& dy, const Tensor& x, const Tensor& weight, LinearNeeds needs = {}, Stream stream = {});

}  // namespace plumb
