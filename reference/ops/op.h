// op.h - what LibTorch's side knows of an op: how to run it, and how far rounding may move each
// output.
//
// reference/ops/<op>.cpp defines one function, `ReferenceOp <op>_reference()`.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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

struct ReferenceOp {
  std::string name;
  /// What the direction computes, in the inputs' dtype.
  TensorMap (*run)(const OpCall& call);
  /// For each output that may round, of f64 inputs and what `run` made of them. One that is missing
  /// has no rounding: its bits are judged.
  std::map<std::string, Magnitude> (*magnitudes)(const OpCall& call, const TensorMap& outputs);
  /// Outputs whose dtype is not the inputs' ("save_mean" is f32 for halves).
  std::map<std::string, at::ScalarType> (*dtypes)(const OpCall& call) = nullptr;
};

/// Throws std::invalid_argument naming what is allowed.
const ReferenceOp& find_reference(const std::string& op);

/// The answer to a case: tensors "<output>" and "<output>.magnitude" in f64 go to `path`; returns
/// for each output dtype, floor, and the relative L2 distance of LibTorch's own run and of its f32
/// run. Throws std::exception with LibTorch's text for what it refuses.
nlohmann::json answer_case(const nlohmann::json& request);

// --- for ops ---

/// Gradients of outputs . dy by the named inputs, "d<name>" each. `forward` computes the output.
TensorMap gradients_of(const OpCall& call, const std::vector<std::string>& names,
                       const std::function<at::Tensor(const TensorMap&)>& forward);

/// g(K) of a sum of K terms whose order is not known: sqrt(K), at least 1.
double growth(std::int64_t terms);
/// F of b.3 for a sum whose growth is g.
double reduction_floor(double g);
inline constexpr double kElementwiseFloor = 2e-7;

}  // namespace plumb::reference
