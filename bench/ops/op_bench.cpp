#include "bench/ops/op_bench.h"

namespace plumb::bench {

#define PLUMB_OP(name) BenchOp name##_bench();
#include "golden/ops/list.inc"
#undef PLUMB_OP

const std::vector<BenchOp>& bench_ops() {
  static const std::vector<BenchOp> all = {
#define PLUMB_OP(name) name##_bench(),
#include "golden/ops/list.inc"
#undef PLUMB_OP
  };
  return all;
}

const BenchOp& find_bench(const std::string& op) {
  const std::string& name = golden::find_op(op).name;
  for (const BenchOp& known : bench_ops())
    if (known.name == name) return known;
  throw UsageError("op '" + op + "' is not timed");
}

Call prepare(const golden::Case& c, const golden::Inputs& inputs) {
  const BenchOp& op = find_bench(c.id.op);
  if (op.backward != nullptr && c.id.direction == "backward") return op.backward(c, inputs);
  return [&c, &inputs, run = golden::find_op(c.id.op).run] { return run(c, inputs); };
}

}  // namespace plumb::bench
