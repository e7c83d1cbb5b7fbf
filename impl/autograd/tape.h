// tape.h - what each operation of a forward pass saved, and its backward; run in reverse it gives the gradients.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "impl/core/tensor.h"

namespace plumb {

/// A tensor with a gradient: a parameter, or a value inside a forward pass. Copies are the same variable.
class Variable {
 public:
  Variable() = default;
  explicit Variable(Tensor value, bool requires_grad = false);

  bool defined() const { return state_ != nullptr; }
  Tensor& value() const { return state_->value; }
  /// Undefined before a backward pass reached it, and after zero_grad.
  Tensor& grad() const { return state_->grad; }
  bool requires_grad() const { return state_->requires_grad; }
  bool operator==(const Variable& other) const { return state_ == other.state_; }

 private:
  struct State {
    Tensor value, grad;
    bool requires_grad;
  };
  std::shared_ptr<State> state_;
};

/// Operations in the order of their forward pass. Not shared between threads.
class Tape {
 public:
  struct Saved {
    std::string name;  // "x", "log_prob" ...
    Tensor tensor;
  };
  /// From the gradient of the result to those of the inputs, in the inputs' order; undefined where not needed.
  using Backward = std::function<std::vector<Tensor>(const Tensor& grad)>;

  /// Adds an operation and returns its result, which needs a gradient when an input does. An operation of which no input
  /// does is not kept.
  Variable record(std::string op, Tensor result, std::vector<Variable> inputs, std::vector<Saved> saved, Backward backward);

  /// Gradients of `root` (one element, unless `grad` is given) added into every variable that needs one. Releases what was
  /// saved. Throws ValueError when the root was not recorded here, and for a second backward of the same pass.
  void backward(const Variable& root, Tensor grad = {}, Stream stream = {});

  /// "linear saved x [64, 784] f32 200704 bytes; weight ...", one line an operation.
  std::string description() const;
  /// Bytes of saved tensors that are no inputs of the whole pass; each storage once.
  std::size_t saved_bytes() const;
  void clear();

 private:
  struct Node {
    std::string op;
    Variable result;
    std::vector<Variable> inputs;
    std::vector<Saved> saved;
    Backward backward;
  };
  std::vector<Node> nodes_;
  bool spent_ = false;
};

/// a + b of the same shape and dtype, elementwise: how gradients of a variable used twice meet.
Tensor accumulate(const Tensor& a, const Tensor& b, Stream stream);

}  // namespace plumb
