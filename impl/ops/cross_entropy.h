// cross_entropy.h - log-softmax and negative log-likelihood in one: forward and backward.
#pragma once

#include <cstdint>

#include "impl/core/stream.h"
#include "impl/core/tensor.h"

namespace plumb {

enum class Reduction : std::uint8_t { none, mean, sum };

struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  /// A label that takes no part: loss 0, gradient 0, not counted by the mean. With probabilities
  /// it must stay negative.
  std::int64_t ignore_index = -100;
  /// e in the formulas below, at most 1. Not above 0 (also NaN): no smoothing, as in LibTorch.
  double label_smoothing = 0;
};

/// The loss, and what the backward needs of the forward.
struct CrossEntropyResult {
  Tensor loss;          // [], or the shape of a row index for Reduction::none; dtype of input
  Tensor row_max;       // [rows]  largest logit of a row; float, double for f64
  Tensor row_sum;       // [rows]  sum_c exp(x_c - row_max)
  Tensor total_weight;  // []      what the mean divides by
};

/// Loss of a row (one place of one sample) with logits x_c, c < C:
///   logp_c = x_c - max - log(sum_c exp(x_c - max))
///   label y:           l = -(1 - e) w_y logp_y - (e / C) sum_c w_c logp_c;   0 if y is
///   ignore_index probabilities p:   l = -sum_c w_c ((1 - e) p_c + e / C) logp_c
/// mean = sum l / total_weight, where total_weight = sum of w_y over the rows that are not ignored
/// (labels; NaN when it is 0) or the number of rows (probabilities).
///
/// input    [C], [N, C] or [N, C, d1, ...]; f64, f32, f16 or bf16; any strides; C >= 1
/// target   labels i64 or u8 of shape [], [N] or [N, d1, ...]; or probabilities of input's shape
///          and dtype
/// weight   [C], dtype of input; null: 1 for every class
/// Throws ShapeError when a shape or dtype does not fit, ValueError for an option out of range and
/// for a label that is neither in [0, C) nor ignore_index: it names row, label and C.
/// Queued on `stream`. With labels it waits for the stream, because the kernel checks them; with
/// probabilities it does not. Bitwise repeatable: sums in a fixed order, in float (double for f64).
/// Scratch: two numbers a row, and a contiguous copy of each input that is not.
CrossEntropyResult cross_entropy_forward(const Tensor& input, const Tensor& target,
                                         const Tensor* weight, const CrossEntropyOptions& options,
                                         Stream stream);

/// Which gradients cross_entropy_backward computes.
struct CrossEntropyNeeds {
  bool dinput = true;
  bool dtarget = false;  // of probabilities; labels have none
};

/// Tensors that were not asked for are undefined.
struct CrossEntropyGrads {
  Tensor dinput, dtarget;
};

/// dinput_c = s (Q exp(x_c - max) / sum - q_c), where q_c is the factor of -logp_c in the loss of
/// the row, Q = sum_c q_c, and s is dy, for the mean dy / total_weight. Rows that are ignored get
/// 0, but NaN where the softmax is none, as in LibTorch.
/// dtarget_c = -s (1 - e) w_c logp_c, of probabilities. The weight gets no gradient (LibTorch has
/// one beside probabilities).
///
/// dy       shape and dtype of the loss
/// input, target, weight, options   as given to the forward; `forward` is what it returned
/// returns dinput and dtarget, shape and dtype of input, contiguous, each only if needed
/// Throws ShapeError when dy does not fit and for the gradient of labels, and what the forward
/// throws for shapes and options. Labels are not checked again: one out of range gives its row NaN.
/// Queued on `stream`, does not synchronize. Bitwise repeatable. Scratch: a contiguous copy of each
/// input that is not.
CrossEntropyGrads cross_entropy_backward(const Tensor& dy, const Tensor& input,
                                         const Tensor& target, const Tensor* weight,
                                         const CrossEntropyOptions& options,
                                         const CrossEntropyResult& forward,
                                         CrossEntropyNeeds needs = {}, Stream stream = {});

}  // namespace plumb
