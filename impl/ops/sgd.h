// sgd.h - stochastic gradient descent, one step of all parameters in one launch; LibTorch's
// torch.optim.SGD.
#pragma once

#include <span>

#include "impl/core/tensor.h"

namespace plumb {

struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0, dampening = 0, weight_decay = 0;
  bool nesterov = false, maximize = false;
};

/// One parameter. With momentum, `momentum_buffer` is undefined before the first step and made by
/// it.
struct SgdParam {
  Tensor param, grad;
  Tensor* momentum_buffer = nullptr;
};

/// Source: PyTorch torch/optim/sgd.py, _single_tensor_sgd:
///   g = maximize ? -grad : grad;  if (weight_decay != 0) g = g + weight_decay * param
///   if (momentum != 0) { first step: buf = g;  later: buf = momentum * buf + (1 - dampening) * g
///                        g = nesterov ? g + momentum * buf : buf }
///   param = param - lr * g
/// Options are combined in double and rounded to the computing type; halves are computed in f32 and
/// rounded once at each write. Each product and sum is one fma, as LibTorch's vectorised add(alpha)
/// has it.
///
/// param, grad, *momentum_buffer  same shape and dtype (f64 f32 f16 bf16), contiguous; grad may be
/// strided Writes param and *momentum_buffer. Throws ShapeError (shapes, dtypes or layouts that
/// differ; a null momentum_buffer with momentum) and ValueError with LibTorch's text for options
/// out of range. Queued on `stream`; one launch for up to 64 parameters of a dtype. Bitwise
/// repeatable.
void sgd_step(std::span<const SgdParam> params, const SgdOptions& options, Stream stream = {});

/// The checks of torch.optim.SGD's constructor. Throws ValueError.
void check_sgd_options(const SgdOptions& options);

}  // namespace plumb
