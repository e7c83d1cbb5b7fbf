// gelu - ids: n4_c7 and any sizes after it; option: tanh (approximate = tanh).
#include "impl/ops/gelu.h"

#include "golden/harness/op.h"

namespace plumb::golden {
namespace {

void describe(IdReader& id, Case& c) {
  const Shape shape = id.shape();
  c.attributes = {{"approximate", id.one_of({"none", "tanh"}, "none")}};
  c.add("x", shape);
  if (id.backward()) c.add_ordinary("dy", shape);
}

Outputs run(const Case& c, const Inputs& in) {
  const GeluApproximate approximate = gelu_approximate_from_name(c.attributes.at("approximate"));
  if (c.id.direction == "forward") return {{"y", gelu_forward(in.at("x"), approximate, {})}};
  return {{"dx", gelu_backward(in.at("dy"), in.at("x"), approximate, {})}};
}

}  // namespace

Op gelu_op() { return {"gelu", {"forward", "backward"}, kFloatingDtypes, describe, run}; }

}  // namespace plumb::golden
