// module.h - layers that own parameters, with LibTorch's names and state_dict.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "impl/autograd/functions.h"
#include "impl/random/distributions.h"

namespace plumb::nn {

/// Tensors by name; a parameter inside a Sequential is "<index>.<name>".
using StateDict = std::map<std::string, Tensor>;
using NamedParameters = std::vector<std::pair<std::string, Variable>>;

class Module {
 public:
  virtual ~Module() = default;
  virtual Variable forward(Tape& tape, const Variable& x, Stream stream = {}) = 0;
  /// In the order of registration.
  virtual NamedParameters named_parameters(const std::string& prefix = {}) const {
    return (void)prefix, NamedParameters{};
  }
  std::vector<Variable> parameters() const;

  /// Training or evaluation mode, for this module and those inside.
  virtual void train(bool on = true) { training_ = on; }
  bool training() const { return training_; }
  /// Forgets all gradients.
  void zero_grad() const;

  /// The parameters themselves, not copies.
  StateDict state_dict() const;
  /// Copies the values. Strict: throws ValueError, one line, with missing and unexpected names, and
  /// shapes that differ.
  void load_state_dict(const StateDict& state, Stream stream = {}) const;

 private:
  bool training_ = true;
};

/// y = x weight^T + bias. Default initialisation as torch.nn.Linear draws it from `generator`:
/// weight, then bias, each uniform in +-1/sqrt(in_features); in the form of `kernels`.
/// in_features 0: weight empty, bias zeros, no draws.
class Linear : public Module {
 public:
  Linear(std::int64_t in_features, std::int64_t out_features, bool bias, Dtype dtype,
         Mt19937& generator, random::Kernels kernels = random::Kernels::avx2);
  Variable forward(Tape& tape, const Variable& x, Stream stream = {}) override;
  NamedParameters named_parameters(const std::string& prefix = {}) const override;

 private:
  Variable weight_, bias_;
};

class ReLU : public Module {
 public:
  Variable forward(Tape& tape, const Variable& x, Stream stream = {}) override {
    return functional::relu(tape, x, stream);
  }
};

class Sequential : public Module {
 public:
  explicit Sequential(std::vector<std::unique_ptr<Module>> layers) : layers_(std::move(layers)) {}
  Variable forward(Tape& tape, const Variable& x, Stream stream = {}) override;
  NamedParameters named_parameters(const std::string& prefix = {}) const override;
  void train(bool on = true) override;

 private:
  std::vector<std::unique_ptr<Module>> layers_;
};

/// functional::cross_entropy with its options kept.
class CrossEntropyLoss {
 public:
  explicit CrossEntropyLoss(CrossEntropyOptions options = {}, Tensor weight = {})
      : options_(options), weight_(std::move(weight)) {
    weight_.set_category(Category::buffer);
  }
  Variable forward(Tape& tape, const Variable& input, const Tensor& target,
                   Stream stream = {}) const {
    return forward(tape, input, Variable(target), stream);
  }
  /// The target as a variable: probabilities that need a gradient get one.
  Variable forward(Tape& tape, const Variable& input, const Variable& target,
                   Stream stream = {}) const {
    return functional::cross_entropy(tape, input, target, weight_.defined() ? &weight_ : nullptr,
                                     options_, stream);
  }

 private:
  CrossEntropyOptions options_;
  Tensor weight_;
};

/// Linear layers of the given sizes with ReLU between them, e.g. {784, 256, 128, 10}. Throws
/// ValueError for fewer than two.
std::unique_ptr<Sequential> mlp(const std::vector<std::int64_t>& sizes, Dtype dtype,
                                Mt19937& generator,
                                random::Kernels kernels = random::Kernels::avx2);

}  // namespace plumb::nn
