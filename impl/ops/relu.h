// relu.h - the rectifier: forward and backward.
#pragma once

#include "impl/core/stream.h"
#include "impl/core/tensor.h"

namespace plumb {

/// y = x < 0 ? 0 : x, element by element. So NaN stays NaN (with its bits) and -0 stays -0.
///
/// x        any shape and strides; f64, f32, f16 or bf16
/// returns y, the shape and dtype of x, contiguous
/// Throws ShapeError when x is not floating.
/// Queued on `stream`, does not synchronize. Bitwise repeatable. Scratch: a contiguous copy of an x
/// that is not.
Tensor relu_forward(const Tensor& x, Stream stream);

/// dx = result <= 0 ? 0 : dy. So the gradient is 0 at 0 and dy where the result is NaN.
///
/// dy       shape and dtype of result
/// result   what relu_forward returned (or its x: the gradient is the same)
/// returns dx, the shape and dtype of result, contiguous
/// Throws ShapeError when dy does not fit.
/// Queued on `stream`, does not synchronize. Bitwise repeatable. Scratch: a contiguous copy of each
/// input that is not.
Tensor relu_backward(const Tensor& dy, const Tensor& result, Stream stream);

}  // namespace plumb
