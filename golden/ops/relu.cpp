// relu - ids: n4_c7 and any sizes after it.
#include "impl/ops/relu.h"

#include "golden/harness/op.h"

namespace plumb::golden {
namespace {

void describe(IdReader& id, Case& c) {
  const Shape shape = id.shape();
  c.exact = true;
  c.add("x", shape);
  if (id.backward()) c.add_ordinary("dy", shape);
}

Outputs run(const Case& c, const Inputs& in) {
  const Tensor y = relu_forward(in.at("x"), {});
  if (c.id.direction == "forward") return {{"y", y}};
  return {{"dx", relu_backward(in.at("dy"), y, {})}};
}

}  // namespace

Op relu_op() { return {"relu", {"forward", "backward"}, kFloatingDtypes, describe, run}; }

}  // namespace plumb::golden
