#include "impl/nn/module.h"

#include <cmath>

#include "impl/core/error.h"
#include "impl/nn/init.h"

namespace plumb::nn {
namespace {

Variable make_parameter(const Tensor& value) {
  value.set_category(Category::parameter);
  return Variable(value, true);
}

}  // namespace

std::vector<Variable> Module::parameters() const {
  std::vector<Variable> out;
  for (const auto& [name, parameter] : named_parameters()) out.push_back(parameter);
  return out;
}

void Module::zero_grad() const {
  for (const Variable& parameter : parameters()) parameter.grad() = Tensor();
}

StateDict Module::state_dict() const {
  StateDict out;
  for (const auto& [name, parameter] : named_parameters()) out[name] = parameter.value();
  return out;
}

void Module::load_state_dict(const StateDict& state, Stream stream) const {
  std::string missing, unexpected, different;
  const NamedParameters own = named_parameters();
  const StateDict known = state_dict();
  for (const auto& [name, parameter] : own) {
    const auto found = state.find(name);
    if (found == state.end())
      missing += " " + name;
    else if (found->second.shape() != parameter.value().shape())
      different += " " + name + " is " + to_string(found->second.shape()) + ", need " +
                   to_string(parameter.value().shape()) + ";";
  }
  for (const auto& [name, tensor] : state)
    if (!known.count(name)) unexpected += " " + name;
  PLUMB_CHECK(ValueError, missing.empty() && unexpected.empty() && different.empty(),
              "state_dict does not fit: missing:{} unexpected:{} different:{}",
              missing.empty() ? " none" : missing, unexpected.empty() ? " none" : unexpected,
              different.empty() ? " none" : different);
  for (const auto& [name, parameter] : own) parameter.value().copy_(state.at(name), stream);
}

Linear::Linear(std::int64_t in_features, std::int64_t out_features, bool bias, Dtype dtype,
               Mt19937& generator, random::Kernels kernels) {
  PLUMB_CHECK(ValueError, in_features >= 0 && out_features >= 0, "Linear({}, {})", in_features,
              out_features);
  const Tensor weight = Tensor::empty({out_features, in_features}, dtype);
  init::kaiming_uniform_(weight, generator, {.a = std::sqrt(5.0)}, kernels);
  weight_ = make_parameter(weight);
  if (!bias) return;
  const Tensor values = Tensor::zeros({out_features}, dtype);
  const double bound = 1 / std::sqrt(static_cast<double>(in_features));
  if (in_features != 0) init::uniform_(values, generator, -bound, bound, kernels);
  bias_ = make_parameter(values);
}

Variable Linear::forward(Tape& tape, const Variable& x, Stream stream) {
  return functional::linear(tape, x, weight_, bias_, stream);
}

NamedParameters Linear::named_parameters(const std::string& prefix) const {
  NamedParameters out{{prefix + "weight", weight_}};
  if (bias_.defined()) out.emplace_back(prefix + "bias", bias_);
  return out;
}

Variable Sequential::forward(Tape& tape, const Variable& x, Stream stream) {
  Variable y = x;
  for (const auto& layer : layers_) y = layer->forward(tape, y, stream);
  return y;
}

NamedParameters Sequential::named_parameters(const std::string& prefix) const {
  NamedParameters out;
  for (std::size_t i = 0; i < layers_.size(); ++i)
    for (auto& named : layers_[i]->named_parameters(prefix + std::to_string(i) + "."))
      out.push_back(std::move(named));
  return out;
}

void Sequential::train(bool on) {
  Module::train(on);
  for (const auto& layer : layers_) layer->train(on);
}

std::unique_ptr<Sequential> mlp(const std::vector<std::int64_t>& sizes, Dtype dtype,
                                Mt19937& generator, random::Kernels kernels) {
  PLUMB_CHECK(ValueError, sizes.size() >= 2, "an MLP of {} sizes, need at least 2", sizes.size());
  std::vector<std::unique_ptr<Module>> layers;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    if (i) layers.push_back(std::make_unique<ReLU>());
    layers.push_back(
        std::make_unique<Linear>(sizes[i], sizes[i + 1], true, dtype, generator, kernels));
  }
  return std::make_unique<Sequential>(std::move(layers));
}

}  // namespace plumb::nn
