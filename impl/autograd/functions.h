// functions.h - the operations of impl/ops as recorded on a tape.
#pragma once

#include "impl/autograd/tape.h"
#include "impl/ops/cross_entropy.h"

namespace plumb::functional {

/// ops/linear.h; saves x and weight. bias may be undefined.
Variable linear(Tape& tape, const Variable& x, const Variable& weight, const Variable& bias,
                Stream stream = {});
/// ops/relu.h; saves its result.
Variable relu(Tape& tape, const Variable& x, Stream stream = {});
/// ops/cross_entropy.h; saves the input, each row's maximum and sum, total_weight and the target.
/// weight may be null. Probabilities may need a gradient.
Variable cross_entropy(Tape& tape, const Variable& input, const Variable& target,
                       const Tensor* weight, const CrossEntropyOptions& options = {},
                       Stream stream = {});

}  // namespace plumb::functional
