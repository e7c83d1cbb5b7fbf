// gelu.h - the Gaussian error linear unit: forward and backward.
#pragma once

#include <cstdint>
#include <string>

#include "impl/core/stream.h"
#include "impl/core/tensor.h"

namespace plumb {

/// LibTorch's `approximate`: the normal distribution itself, or tanh of a cubic in its place.
enum class GeluApproximate : std::uint8_t { none, tanh };
/// "none" or "tanh". Throws UsageError naming what is allowed.
GeluApproximate gelu_approximate_from_name(const std::string& name);

/// none: y = x Phi(x) = x/2 (1 + erf(x / sqrt 2)).
/// tanh: y = x/2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
/// So -Inf gives NaN (-Inf times 0) and +Inf gives +Inf; LibTorch's CPU gives NaN for both in f32
/// where oneDNN computes it.
///
/// x        any shape and strides; f64, f32, f16 or bf16; halves are computed in f32
/// returns y, the shape and dtype of x, contiguous
/// Throws ShapeError when x is not floating.
/// Queued on `stream`, does not synchronize. Bitwise repeatable. Scratch: a contiguous copy of an x
/// that is not. Source: arXiv:1606.08415; aten/src/ATen/native/cuda/ActivationGeluKernel.cu.
Tensor gelu_forward(const Tensor& x, GeluApproximate approximate, Stream stream);

/// none: dx = dy (Phi(x) + x phi(x)), phi the normal density.
/// tanh: dx = dy ((1 + t)/2 + x/2 (1 - t^2) sqrt(2 / pi) (1 + 3 * 0.044715 x^2)), t the tanh.
/// So +-Inf gives NaN. In tanh, as in LibTorch, x^2 overflows beyond 1.8e19 in f32 (1.3e154 in
/// f64) and the gradient is NaN from there on.
///
/// dy       shape and dtype of x
/// x        what gelu_forward was given
/// returns dx, the shape and dtype of x, contiguous
/// Throws ShapeError when x is not floating or dy does not fit.
/// Queued on `stream`, does not synchronize. Bitwise repeatable. Scratch: a contiguous copy of each
/// input that is not.
Tensor gelu_backward(const Tensor& dy, const Tensor& x, GeluApproximate approximate, Stream stream);

}  // namespace plumb
