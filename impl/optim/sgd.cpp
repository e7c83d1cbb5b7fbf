#include "impl/optim/sgd.h"

#include <algorithm>

#include "impl/core/error.h"

namespace plumb::optim {
namespace {

/// The momentum buffer of that number in the dtype of its parameter; undefined when there is none.
Tensor copy_of(const SGD::State& state, int number, const Variable& param, Stream stream) {
  const auto count = static_cast<std::int64_t>(state.momentum_buffers.size());
  PLUMB_CHECK(ValueError, number >= 0 && number < count, "parameter number {} of {}", number,
              count);
  const Tensor& from = state.momentum_buffers[static_cast<std::size_t>(number)];
  if (!from.defined()) return {};
  const Shape& shape = param.value().shape();
  PLUMB_CHECK(ValueError, from.shape() == shape,
              "momentum_buffer {} has shape {}, its parameter {}", number, to_string(from.shape()),
              to_string(shape));
  const MemoryScope scope(Category::optimizer_state);
  Tensor out = Tensor::empty(shape, param.value().dtype(), stream);
  out.copy_(from, stream);
  return out;
}

}  // namespace

SGD::SGD(std::vector<ParameterGroup> groups) {
  PLUMB_CHECK(ValueError, !groups.empty(), "optimizer got an empty parameter list");
  for (ParameterGroup& group : groups) add_param_group(std::move(group));
}

void SGD::add_param_group(ParameterGroup group) {
  check_sgd_options(group.options);
  PLUMB_CHECK(ValueError, !group.params.empty(), "optimizer got an empty parameter list");
  for (std::size_t i = 0; i < group.params.size(); ++i) {
    const Variable& p = group.params[i];
    PLUMB_CHECK(ValueError, p.defined() && p.requires_grad(),
                "parameter {} of the group needs no gradient", i);
    PLUMB_CHECK(ValueError, std::count(group.params.begin(), group.params.end(), p) == 1,
                "parameter {} of the group is in it twice", i);
    for (const ParameterGroup& other : groups_)
      PLUMB_CHECK(ValueError, std::count(other.params.begin(), other.params.end(), p) == 0,
                  "some parameters appear in more than one parameter group");
  }
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
  PLUMB_CHECK(ValueError,
              state.groups.size() == groups_.size() && state.params.size() == groups_.size(),
              "loaded state dict has a different number of parameter groups");
  for (std::size_t g = 0; g < groups_.size(); ++g)
    PLUMB_CHECK(ValueError, state.params[g].size() == groups_[g].params.size(),
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group");
  std::vector<std::vector<Tensor>> buffers;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    buffers.emplace_back();
    for (std::size_t i = 0; i < groups_[g].params.size(); ++i)
      buffers.back().push_back(copy_of(state, state.params[g][i], groups_[g].params[i], stream));
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) groups_[g].options = state.groups[g];
  buffers_ = std::move(buffers);
}

}  // namespace plumb::optim
