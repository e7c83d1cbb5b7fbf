#include "impl/autograd/tape.h"

#include <algorithm>

#include "impl/core/error.h"

namespace plumb {

Variable::Variable(Tensor value, bool requires_grad) : state_(std::make_shared<State>(State{std::move(value), {}, requires_grad})) {}

Variable Tape::record(std::string op, Tensor result, std::vector<Variable> inputs, std::vector<Saved> saved, Backward backward) {
  const bool needed = std::any_of(inputs.begin(), inputs.end(), [](const Variable& v) { return v.defined() && v.requires_grad(); });
  Variable out(std::move(result), needed);
  if (!needed) return out;
  if (spent_) clear();
  nodes_.push_back({std::move(op), out, std::move(inputs), std::move(saved), std::move(backward)});
  return out;
}

void Tape::backward(const Variable& root, Tensor grad, Stream stream) {
  PLUMB_CHECK(ValueError, !spent_, "Trying to backward through the graph a second time");
  const bool known = std::any_of(nodes_.begin(), nodes_.end(), [&](const Node& n) { return n.result == root; });
  PLUMB_CHECK(ValueError, known, "this variable does not require grad: no operation on this tape made it");
  if (!grad.defined()) {
    PLUMB_CHECK(ShapeError, root.value().numel() == 1, "grad can be implicitly created only for scalar outputs, got shape {}", to_string(root.value().shape()));
    grad = Tensor::full(root.value().shape(), 1, root.value().dtype(), stream);
  }
  spent_ = true;
  root.grad() = std::move(grad);
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (node->result.grad().defined()) {
      std::vector<Tensor> grads = node->backward(node->result.grad());
      for (std::size_t i = 0; i < node->inputs.size(); ++i) {
        const Variable& input = node->inputs[i];
        if (!input.defined() || !input.requires_grad() || !grads[i].defined()) continue;
        input.grad() = input.grad().defined() ? accumulate(input.grad(), grads[i], stream) : grads[i];
      }
      node->result.grad() = Tensor();
    }
    node->saved.clear();
    node->backward = nullptr;
  }
}

std::string Tape::description() const {
  std::string text;
  for (const Node& node : nodes_) {
    text += node.op + " saved";
    for (const Saved& s : node.saved)
      text += " " + s.name + " " + to_string(s.tensor.shape()) + " " + name_of(s.tensor.dtype()) + " " + std::to_string(s.tensor.bytes()) + " bytes;";
    text.back() = '\n';
  }
  return text;
}

std::size_t Tape::saved_bytes() const {
  std::vector<Tensor> seen;
  std::size_t bytes = 0;
  for (const Node& node : nodes_)
    for (const Saved& s : node.saved) {
      if (std::any_of(seen.begin(), seen.end(), [&](const Tensor& t) { return t.shares_memory_with(s.tensor); })) continue;
      seen.push_back(s.tensor);
      bytes += s.tensor.bytes();
    }
  return bytes;
}

void Tape::clear() {
  nodes_.clear();
  spent_ = false;
}

}  // namespace plumb
