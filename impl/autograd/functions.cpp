#include "impl/autograd/functions.h"

#include <utility>

#include "impl/ops/linear.h"
#include "impl/ops/relu.h"

namespace plumb::functional {

Variable linear(Tape& tape, const Variable& x, const Variable& weight, const Variable& bias,
                Stream stream) {
  Tensor y =
      linear_forward(x.value(), weight.value(), bias.defined() ? &bias.value() : nullptr, stream);
  const LinearNeeds needs{x.requires_grad(), weight.requires_grad(),
                          bias.defined() && bias.requires_grad()};
  const Tensor saved_x = x.value(), saved_weight = weight.value();
  return tape.record("linear", std::move(y), {x, weight, bias},
                     {{"x", saved_x}, {"weight", saved_weight}},
                     [=](const Tensor& dy) -> std::vector<Tensor> {
                       LinearGrads g = linear_backward(dy, saved_x, saved_weight, needs, stream);
                       return {g.dx, g.dweight, g.dbias};
                     });
}

Variable relu(Tape& tape, const Variable& x, Stream stream) {
  const Tensor result = relu_forward(x.value(), stream);
  return tape.record(
      "relu", result, {x}, {{"result", result}},
      [=](const Tensor& dy) -> std::vector<Tensor> { return {relu_backward(dy, result, stream)}; });
}

Variable cross_entropy(Tape& tape, const Variable& input, const Variable& target,
                       const Tensor* weight, const CrossEntropyOptions& options, Stream stream) {
  const Tensor x = input.value(), y = target.value(), class_weight = weight ? *weight : Tensor();
  const CrossEntropyNeeds needs{input.requires_grad(), target.requires_grad()};
  CrossEntropyResult saved = cross_entropy_forward(x, y, weight, options, stream);
  Tensor loss = std::exchange(saved.loss, {});  // no backward reads it
  return tape.record("cross_entropy", std::move(loss), {input, target},
                     {{"input", x},
                      {"row_max", saved.row_max},
                      {"row_sum", saved.row_sum},
                      {"total_weight", saved.total_weight},
                      {"target", y}},
                     [=](const Tensor& dloss) -> std::vector<Tensor> {
                       const CrossEntropyGrads g = cross_entropy_backward(
                           dloss, x, y, class_weight.defined() ? &class_weight : nullptr, options,
                           saved, needs, stream);
                       return {g.dinput, g.dtarget};
                     });
}

}  // namespace plumb::functional
