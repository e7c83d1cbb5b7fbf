// sgd.h - one step of stochastic gradient descent over many parameters.
#pragma once

#include <span>

#include "impl/core/stream.h"
#include "impl/core/tensor.h"

namespace plumb {

struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
};

/// One parameter of a step. A parameter without a gradient is left out by the caller: it has no
/// step at all (no decay, no momentum).
struct SgdParam {
  Tensor param;             // in/out, contiguous
  Tensor grad;              // shape and dtype of param; any strides
  Tensor momentum_buffer;   // in/out, like param; undefined when momentum is 0
  bool first_step = false;  // the buffer holds nothing yet: it becomes g
};

/// For each element, in LibTorch's order (PyTorch's sense of momentum: lr is outside the buffer):
///   g = maximize ? -grad : grad;   weight_decay != 0:  g = g + weight_decay p
///   momentum != 0:  buffer = first_step ? g : momentum buffer + (1 - dampening) g
///                   g = nesterov ? g + momentum buffer : buffer
///   p = p - lr g
/// where a + b c is one fma, and momentum buffer a product that is rounded on its own. In float for
/// f32, f16 and bf16, double for f64; options are rounded to that from double, parameter and buffer
/// once to their dtype at the end.
///
/// params   any number, also 0; of any floating dtypes. No two may share memory
/// Throws ShapeError when a tensor does not fit, naming the parameter's place in `params`, and
/// ValueError, in LibTorch's words, for an option out of range: lr, momentum, weight_decay not
/// below 0; nesterov needs momentum > 0 and dampening 0.
/// Queued on `stream`, does not synchronize: one launch for each dtype and 64 parameters. Bitwise
/// repeatable. Scratch: a contiguous copy of each gradient that is not.
void sgd_step(std::span<const SgdParam> params, const SgdOptions& options, Stream stream);

/// The check of sgd_step's options alone.
void check_sgd_options(const SgdOptions& options);

}  // namespace plumb
