// op.h - what LibTorch's side knows of an op: how to run it, and how far rounding may move each
// output.
//
// reference/ops/<op>.cpp defines one function, `ReferenceOp <op>_reference()`.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "impl/core/dtype.h"
#include "reference/tensors.h"

namespace plumb::reference {

/// A call: inputs by name, in one dtype but for labels.
struct OpCall {
  std::string direction;
  const nlohmann::json& attributes;
  TensorMap inputs;

  const at::Tensor& operator[](const std::string& name) const;  // throws std::invalid_argument
  bool has(const std::string& name) const { return inputs.contains(name); }
  bool backward() const { return direction == "backward"; }
};

/// Rounding may move an element by 4 u `value`: the magnitudes that it sums, times the growth of
/// their sum. `floor`: of the relative L2 gate in f32.
struct Magnitude {
  at::Tensor value;
  double floor;
};

/// A piece of work, everything before it done; called again and again.
using Work = std::function<void()>;

/// For each output that may round, of f64 inputs and what `run` made of them. One that is missing
/// has no rounding: its bits are judged.
using Magnitudes =
    std::function<std::map<std::string, Magnitude>(const OpCall& call, const TensorMap& outputs)>;

struct ReferenceOp {
  std::string name;
  /// What the direction computes, in the inputs' dtype.
  std::function<TensorMap(const OpCall& call)> run;
  Magnitudes magnitudes;
  /// What is timed when the direction is not "forward", which is `run`: a backward without its
  /// forward, a step in place. `call` outlives the work.
  std::function<Work(const OpCall& call)> work;
  /// Outputs whose dtype is not the inputs' ("save_mean" is f32 for halves).
  std::function<std::map<std::string, at::ScalarType>(const OpCall& call)> dtypes;
};

/// An op of one output whose backward is LibTorch's autograd.
struct Differentiable {
  std::string name;
  std::string output;  // "y"
  std::function<at::Tensor(const OpCall& call, const TensorMap& inputs)> forward;
  std::vector<std::string> inputs;  // with gradients "d<input>", where they are given and floating
  Magnitudes magnitudes;
};
ReferenceOp by_autograd(const Differentiable& op);

/// Magnitudes of an op that copies, compares and selects.
std::map<std::string, Magnitude> nothing_rounds(const OpCall& call, const TensorMap& outputs);

/// Throws std::invalid_argument naming what is allowed.
const ReferenceOp& find_reference(const std::string& op);

/// The answer to a case: tensors "<output>" and "<output>.magnitude" in f64 go to `path`; returns
/// for each output dtype, floor, and the relative L2 distance of LibTorch's own run and of its f32
/// run. Throws std::exception with LibTorch's text for what it refuses.
nlohmann::json answer_case(const nlohmann::json& request);

at::ScalarType scalar_type(Dtype dtype);
/// The recipes' elements (golden/cases/recipe.h) by name, each in its dtype.
TensorMap make_inputs(const nlohmann::json& recipes);

// --- for ops ---

/// g(K) of a sum of K terms whose order is not known: sqrt(K), at least 1.
double growth(std::int64_t terms);
/// F of b.3 for a sum whose growth is g.
double reduction_floor(double g);
inline constexpr double kElementwiseFloor = 2e-7;

}  // namespace plumb::reference
