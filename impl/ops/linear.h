// linear.h - the affine map of the last dimension: forward and backward.
#pragma once

#include "impl/core/stream.h"
#include "impl/core/tensor.h"

namespace plumb {

/// y = x weight^T + bias over the last dimension.
///
/// x       [*, in]    f64, f32, f16 or bf16; any leading dimensions, also none; any strides
/// weight  [out, in]  dtype of x
/// bias    [out]      dtype of x; null: no bias
/// returns y [*, out] contiguous. in = 0 gives the bias, or 0
/// Throws ShapeError when a shape or dtype does not fit.
/// Queued on `stream`, does not synchronize. Bitwise repeatable: products are summed along `in`
/// upwards in chunks of 128, in float (double for f64), and rounded once. Scratch: a contiguous
/// copy of each input that is not.
Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor* bias,
                      Stream stream = {});

/// Which gradients linear_backward computes.
struct LinearNeeds {
  bool dx = true, dweight = true, dbias = true;
};

/// Tensors that were not asked for are undefined.
struct LinearGrads {
  Tensor dx, dweight, dbias;
};

/// dx = dy weight;  dweight = dy^T x;  dbias = sum of dy over all but its last dimension.
///
/// dy      [*, out]   dtype of x, the leading dimensions of x
/// x, weight          as given to linear_forward
/// returns dx [*, in], dweight [out, in], dbias [out], each contiguous and each only if needed
/// Throws ShapeError when a shape or dtype does not fit.
/// Queued on `stream`, does not synchronize. Bitwise repeatable. Scratch: a contiguous copy of each
/// input that is not; for dbias of more than 1024 rows one number for each column and 1024 rows.
LinearGrads linear_backward(const Tensor& dy, const Tensor& x, const Tensor& weight,
                            LinearNeeds needs = {}, Stream stream = {});

}  // namespace plumb
