// op.h - what the harness knows of an op: what its case ids mean, and how its kernels are called.
//
// golden/ops/<op>.cpp defines one function, `Op <op>_op()`; impl/ops.txt is the list of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "golden/harness/case.h"
#include "golden/harness/id_reader.h"
#include "impl/core/tensor.h"

namespace plumb::golden {

inline const std::vector<Dtype> kFloatingDtypes = {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16};

using Inputs = std::map<std::string, Tensor>;   // by LibTorch's names; absent: not given
using Outputs = std::map<std::string, Tensor>;  // y, dx, dweight ...

struct Op {
  std::string name;
  std::vector<std::string> directions;
  std::vector<Dtype> dtypes;
  /// Fills in inputs and attributes of the direction from the id. Throws UsageError.
  void (*describe)(IdReader& id, Case& c);
  /// Runs our kernels on the default stream; returns what the direction computes.
  Outputs (*run)(const Case& c, const Inputs& inputs);
  /// Roundings to the dtype between inputs and an output, for halves (verdicts b.3, rho).
  double roundings = 1;
};

/// All ops, in the order of impl/ops.txt.
const std::vector<Op>& ops();
/// Throws UsageError naming the nearest op.
const Op& find_op(const std::string& name);
/// Puts a mutant in an op's place, for this process; null: the op itself again.
void replace_op(const std::string& name, const Op* mutant);

/// The case that an id describes. Throws UsageError, one line, for an op, direction, dtype, size or
/// option that does not exist.
Case make_case(const std::string& id);

}  // namespace plumb::golden
