#include "impl/autograd/tape.h"

#include <algorithm>

#include "impl/core/error.h"

namespace plumb {

Variable::Variable(Tensor value, bool requires_grad)
    : value_(std::make_shared<Tensor>(std::move(value))),
      gradient_(std::make_shared<Gradient>(Gradient{{}, requires_grad})) {}

bool Tape::made(const GradientPtr& gradient) const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [&](const Node& node) { return node.result == gradient; });
}

Variable Tape::record(std::string op, Tensor result, const std::vector<Variable>& inputs,
                      std::vector<Saved> saved, Backward backward) {
  std::vector<GradientPtr> wanted;
  for (const Variable& v : inputs)
    wanted.push_back(v.defined() && v.requires_grad() ? v.gradient_ : nullptr);
  const bool needed = std::any_of(wanted.begin(), wanted.end(), [](const auto& g) { return g; });
  Variable out(std::move(result), needed);
  if (!needed) return out;
  if (released_) {
    for (const GradientPtr& g : wanted)
      PLUMB_CHECK(ValueError, !g || !made(g),
                  "{}: an input is a result of a pass whose saved tensors were released", op);
    clear();
  }
  for (const Saved& s : saved)
    if (s.tensor.storage_block().category == Category::temporary)
      s.tensor.set_category(Category::activation);
  nodes_.push_back(
      {std::move(op), out.gradient_, std::move(wanted), std::move(saved), std::move(backward)});
  return out;
}

/// One operation's backward, its gradients added to those of its inputs.
void Tape::run(const Node& node, Stream stream) const {
  const std::vector<Tensor> grads = node.backward(node.result->sum);
  PLUMB_CHECK(ValueError, grads.size() == node.inputs.size(),
              "{} returned {} gradients for {} inputs", node.op, grads.size(), node.inputs.size());
  for (std::size_t i = 0; i < grads.size(); ++i) {
    if (!node.inputs[i] || !grads[i].defined()) continue;
    Tensor& sum = node.inputs[i]->sum;
    sum = sum.defined() ? accumulate(sum, grads[i], stream) : grads[i];
    if (!made(node.inputs[i])) sum.set_category(Category::gradient);
  }
  node.result->sum = Tensor();
}

void Tape::backward(const Variable& root, Tensor grad, Stream stream, bool retain) {
  PLUMB_CHECK(ValueError, !released_,
              "Trying to backward through the graph a second time; pass retain to the first");
  PLUMB_CHECK(ValueError, root.defined() && made(root.gradient_),
              "this variable does not require grad: no operation on this tape made it");
  const Shape& shape = root.value().shape();
  if (!grad.defined()) {
    PLUMB_CHECK(ShapeError, root.value().numel() == 1,
                "grad can be implicitly created only for scalar outputs, got shape {}",
                to_string(shape));
    grad = Tensor::full(shape, 1, root.value().dtype(), stream);
  }
  PLUMB_CHECK(ShapeError, grad.shape() == shape && grad.dtype() == root.value().dtype(),
              "grad is {} {}, its root {} {}", name_of(grad.dtype()), to_string(grad.shape()),
              name_of(root.value().dtype()), to_string(shape));
  for (const Node& node : nodes_) node.result->sum = Tensor();  // what a failed pass left
  released_ = !retain;
  root.grad() = std::move(grad);
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    if (node->result->sum.defined()) run(*node, stream);
    if (retain) continue;
    node->saved.clear();
    node->backward = nullptr;
  }
}

std::string Tape::description() const {
  std::string text;
  for (const Node& node : nodes_) {
    text += node.op + " saved";
    if (node.saved.empty()) text += " nothing";
    const char* separator = " ";
    for (const Saved& s : node.saved) {
      text += separator + s.name + " " + to_string(s.tensor.shape()) + " " +
              name_of(s.tensor.dtype()) + " " + std::to_string(s.tensor.bytes()) + " bytes";
      separator = "; ";
    }
    text += "\n";
  }
  return text;
}

std::size_t Tape::saved_bytes() const {
  std::vector<Tensor> seen;
  std::size_t bytes = 0;
  for (const Node& node : nodes_)
    for (const Saved& s : node.saved) {
      const MemoryBlock block = s.tensor.storage_block();
      const bool counted = std::any_of(seen.begin(), seen.end(), [&](const Tensor& t) {
        return t.shares_memory_with(s.tensor);
      });
      if (counted || block.category != Category::activation) continue;
      seen.push_back(s.tensor);
      bytes += block.bytes;
    }
  return bytes;
}

void Tape::clear() {
  nodes_.clear();
  released_ = false;
}

}  // namespace plumb
