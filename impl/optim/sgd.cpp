#include "impl/optim/sgd.h"

#include <algorithm>

#include "impl/core/error.h"

namespace plumb::optim {

SGD::SGD(std::vector<ParameterGroup> groups) {
  PLUMB_CHECK(ValueError, !groups.empty(), "optimizer got an empty parameter list");
  for (ParameterGroup& group : groups) add_param_group(std::move(group));
}

void SGD::add_param_group(ParameterGroup group) {
  check_sgd_options(group.options);
  PLUMB_CHECK(ValueError, !group.params.empty(), "optimizer got an empty parameter list");
  for (const Variable& p : group.params)
    for (const ParameterGroup& other : groups_)
      PLUMB_CHECK(ValueError, std::find(other.params.begin(), other.params.end(), p) == other.params.end(),
                  "some parameters appear in more than one parameter group");
  buffers_.emplace_back(group.params.size());
  groups_.push_back(std::move(group));
}

void SGD::step(Stream stream) {
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    std::vector<SgdParam> params;
    for (std::size_t i = 0; i < groups_[g].params.size(); ++i) {
      const Variable& p = groups_[g].params[i];
      if (!p.grad().defined()) continue;
      Tensor& buffer = buffers_[g][i];
      const bool first = !buffer.defined();
      if (first && groups_[g].options.momentum != 0) {
        const MemoryScope scope(Category::optimizer_state);
        buffer = Tensor::empty(p.value().shape(), p.value().dtype(), stream);
      }
      params.push_back({p.value(), p.grad(), buffer, first});
    }
    sgd_step(params, groups_[g].options, stream);
  }
}

void SGD::zero_grad() const {
  for (const ParameterGroup& group : groups_)
    for (const Variable& p : group.params) p.grad() = Tensor();
}

SGD::State SGD::state_dict() const {
  State out;
  int number = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    out.groups.push_back(groups_[g].options);
    out.params.emplace_back();
    for (const Tensor& buffer : buffers_[g]) {
      out.params.back().push_back(number++);
      out.momentum_buffers.push_back(buffer);
    }
  }
  return out;
}

void SGD::load_state_dict(const State& state, Stream stream) {
  PLUMB_CHECK(ValueError, state.groups.size() == groups_.size() && state.params.size() == groups_.size(),
              "loaded state dict has a different number of parameter groups");
  for (std::size_t g = 0; g < groups_.size(); ++g)
    PLUMB_CHECK(ValueError, state.params[g].size() == groups_[g].params.size(),
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
  const MemoryScope scope(Category::optimizer_state);
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    groups_[g].options = state.groups[g];
    for (std::size_t i = 0; i < groups_[g].params.size(); ++i) {
      const Tensor& from = state.momentum_buffers.at(static_cast<std::size_t>(state.params[g][i]));
      const Tensor& param = groups_[g].params[i].value();
      if (from.defined())
        PLUMB_CHECK(ValueError, from.shape() == param.shape(), "momentum_buffer is {}, its param {}", to_string(from.shape()), to_string(param.shape()));
      buffers_[g][i] = from.defined() ? from.to(param.dtype(), stream).clone(stream) : Tensor();
    }
  }
}

}  // namespace plumb::optim
