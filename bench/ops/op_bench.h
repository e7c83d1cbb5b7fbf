// op_bench.h - what is timed of an op: calls over the batch, with the bytes and operations that
// each cannot do without.
//
// bench/ops/<op>.cpp defines one function, `BenchOp <op>_bench()`; impl/ops.txt is the list of
// them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "golden/harness/op.h"

namespace plumb::bench {

/// One step of the sweep.
struct Sweep {
  std::string dtype;
  double element;  // bytes of an element
  std::int64_t batch;
};

struct BenchCase {
  std::string id;       // golden/harness/case_id.h
  double bytes, flops;  // least that must be read and written; operations of the formula
};

/// A call, all before it done; made again and again.
using Call = std::function<golden::Outputs()>;

struct BenchOp {
  std::string name;
  /// As many cases, in the same order, at every batch.
  std::vector<BenchCase> (*cases)(const Sweep& at);
  /// Of a backward that needs what its forward kept: runs the forward, returns the backward alone.
  /// Null: the call is the op as a case runs it.
  Call (*backward)(const golden::Case& c, const golden::Inputs& inputs) = nullptr;
};

/// All ops, in the order of impl/ops.txt.
const std::vector<BenchOp>& bench_ops();
/// Throws UsageError naming the nearest op.
const BenchOp& find_bench(const std::string& op);

/// The call of a case that is timed. `c` and `inputs` outlive it.
Call prepare(const golden::Case& c, const golden::Inputs& inputs);

}  // namespace plumb::bench
