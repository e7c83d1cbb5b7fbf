// cross_entropy.h - log_softmax and negative log likelihood in one, as torch.nn.functional.cross_entropy.
#pragma once

#include "impl/core/tensor.h"

namespace plumb {

enum class Reduction : std::uint8_t { none, mean, sum };

struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;
  std::int64_t ignore_index = -100;
  double label_smoothing = 0;
};

struct CrossEntropyResult {
  Tensor loss;          // [] for mean and sum, the target's shape (class targets) or input without classes for none
  Tensor log_prob;      // [rows, classes], f32 (f64 for f64): saved for backward; rows = batch x spatial
  Tensor total_weight;  // []: what `mean` divides by; same dtype as log_prob
};

/// Source: PyTorch ATen/native/LossNLL.cpp. With p = log_softmax of the class dimension, K classes, w = weight or 1:
///   class targets y:   l_i = -(1 - e) w_y p_y - (e / K) sum_c w_c p_c, 0 where y = ignore_index;
///                      mean = sum l_i / sum w_y over what is not ignored (NaN when that is 0)
///   probabilities t:   l_i = -sum_c ((1 - e) t_c + e / K) w_c p_c;  mean = sum l_i / rows
///
/// input   [K], [N, K] or [N, K, d1, ..]; f64 f32 f16 bf16
/// target  class indices i64 or u8, of the input's shape without K; or probabilities of the input's shape and dtype
/// weight  [K], input's dtype; may be null
/// Throws ShapeError and ValueError with LibTorch's words; a class out of range names the first row that holds one, for
/// which the call waits for the stream. Halves are computed in f32, the loss is rounded once.
/// Bitwise repeatable: rows are summed in a fixed order.
CrossEntropyResult cross_entropy_forward(const Tensor& input, const Tensor& target, const Tensor* weight,
                                         const CrossEntropyOptions& options = {}, Stream stream = {});

/// dinput for dloss (the loss's shape) and what the forward pass returned. Other arguments as there. No gradient of the
/// target is given (LibTorch has one for probabilities).
Tensor cross_entropy_backward(const Tensor& dloss, const CrossEntropyResult& saved, const Tensor& input, const Tensor& target,
                              const Tensor* weight, const CrossEntropyOptions& options = {}, Stream stream = {});

}  // namespace plumb
