// sgd.h - torch.optim.SGD: parameter groups, state, one step of all of them.
#pragma once

#include <string>
#include <vector>

#include "impl/autograd/tape.h"
#include "impl/ops/sgd.h"

namespace plumb::optim {

struct ParameterGroup {
  std::vector<Variable> params;
  SgdOptions options;
};

/// Source: PyTorch torch/optim/sgd.py and optimizer.py. Parameters whose gradient is undefined are
/// left alone.
class SGD {
 public:
  /// What state_dict() holds: parameters are numbered over the groups in order.
  struct State {
    std::vector<SgdOptions> groups;
    std::vector<std::vector<int>> params;
    std::vector<Tensor> momentum_buffers;  // by number; undefined: no state yet
  };

  /// Throws ValueError with LibTorch's text: empty list, options out of range, a parameter in two
  /// groups. Also for one that is twice in a group (LibTorch warns and steps it twice) or needs no
  /// gradient.
  explicit SGD(std::vector<ParameterGroup> groups);
  SGD(std::vector<Variable> params, const SgdOptions& options)
      : SGD(std::vector<ParameterGroup>{{std::move(params), options}}) {}

  void add_param_group(ParameterGroup group);
  std::vector<ParameterGroup>& param_groups() { return groups_; }
  /// One launch for each group and dtype.
  void step(Stream stream = {});
  void zero_grad() const;

  /// Buffers are shared, not copied.
  State state_dict() const;
  /// Copies the buffers. Throws ValueError, with LibTorch's text when groups do not fit; nothing is
  /// changed then.
  void load_state_dict(const State& state, Stream stream = {});

 private:
  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<Tensor>> buffers_;  // by group and parameter
};

}  // namespace plumb::optim
