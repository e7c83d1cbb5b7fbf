// tape.h - what each operation of a forward pass saved, and its backward; run in reverse it gives
// the gradients.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "impl/core/tensor.h"

namespace plumb {

/// A tensor with a gradient: a parameter, or a value inside a forward pass. Copies are the same
/// variable.
class Variable {
 public:
  Variable() = default;
  explicit Variable(Tensor value, bool requires_grad = false);

  bool defined() const { return value_ != nullptr; }
  Tensor& value() const { return *value_; }
  /// Undefined before a backward pass reached it, and after zero_grad.
  Tensor& grad() const { return gradient_->sum; }
  bool requires_grad() const { return gradient_->wanted; }
  bool operator==(const Variable& other) const { return gradient_ == other.gradient_; }

 private:
  friend class Tape;
  /// Apart from the value, so that a tape does not keep a value that no backward needs.
  struct Gradient {
    Tensor sum;
    bool wanted;
  };
  std::shared_ptr<Tensor> value_;
  std::shared_ptr<Gradient> gradient_;
};

/// Operations in the order of their forward pass. Not shared between threads.
///
/// What a backward needs lives in what it saves; values that no operation saved go with their
/// variables. Memory accounts: what is saved moves from `temporary` to `activation`, the gradients
/// of parameters and inputs to `gradient`.
class Tape {
 public:
  struct Saved {
    std::string name;  // "x", "row_max" ...
    Tensor tensor;
  };
  /// From the gradient of the result to those of the inputs, in the inputs' order; undefined where
  /// not needed. It may capture saved tensors and nothing else of the pass.
  using Backward = std::function<std::vector<Tensor>(const Tensor& grad)>;

  /// Adds an operation and returns its result, which needs a gradient when an input does. An
  /// operation of which no input does is not kept. After backward() a new pass begins; throws
  /// ValueError when an input is a result of the pass that was released.
  Variable record(std::string op, Tensor result, const std::vector<Variable>& inputs,
                  std::vector<Saved> saved, Backward backward);

  /// Gradients of `root` (one element, unless `grad` is given) added into every parameter and input
  /// that needs one. Releases what was saved, node by node, unless `retain`. Throws ValueError when
  /// the root was not recorded here, and for a second backward of a pass that was released;
  /// ShapeError when `grad` does not fit the root.
  void backward(const Variable& root, Tensor grad = {}, Stream stream = {}, bool retain = false);

  /// "linear saved x [64, 784] f32 200704 bytes; weight ...", one line an operation.
  std::string description() const;
  /// Bytes that saved tensors hold in the account `activation`; each storage once.
  std::size_t saved_bytes() const;
  void clear();

 private:
  using GradientPtr = std::shared_ptr<Variable::Gradient>;
  struct Node {
    std::string op;
    GradientPtr result;
    std::vector<GradientPtr> inputs;  // null: not needed
    std::vector<Saved> saved;
    Backward backward;
  };
  bool made(const GradientPtr& gradient) const;
  void run(const Node& node, Stream stream) const;

  std::vector<Node> nodes_;
  bool released_ = false;
};

/// a + b of the same shape and dtype, elementwise: how gradients of a variable used twice meet.
Tensor accumulate(const Tensor& a, const Tensor& b, Stream stream);

}  // namespace plumb
