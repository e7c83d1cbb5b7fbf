// linear - ids: n64_in784_out256; options: nobias.
#include "impl/ops/linear.h"

#include "golden/harness/op.h"

namespace plumb::golden {
namespace {

void describe(IdReader& id, Case& c) {
  const std::int64_t rows = id.dim("n"), in = id.dim("in"), out = id.dim("out");
  const bool bias = !id.flag("nobias");
  c.exact = c.fill == Fill::exact || c.fill == Fill::wide;
  c.add("x", {rows, in});
  Recipe& weight = c.add("weight", {out, in});
  if (c.fill == Fill::wide) weight.fill = Fill::signs;
  if (bias) c.add("bias", {out});
  if (!id.backward()) return;
  Recipe& dy = c.add("dy", {rows, out});
  if (c.fill == Fill::wide) dy.fill = Fill::signs;
}

Outputs run(const Case& c, const Inputs& in) {
  const auto bias = in.find("bias");
  if (c.id.direction == "forward")
    return {{"y", linear_forward(in.at("x"), in.at("weight"),
                                 bias == in.end() ? nullptr : &bias->second)}};
  const LinearGrads grads =
      linear_backward(in.at("dy"), in.at("x"), in.at("weight"), {true, true, bias != in.end()});
  Outputs out = {{"dx", grads.dx}, {"dweight", grads.dweight}};
  if (bias != in.end()) out["dbias"] = grads.dbias;
  return out;
}

}  // namespace

Op linear_op() { return {"linear", {"forward", "backward"}, kFloatingDtypes, describe, run}; }

}  // namespace plumb::golden
