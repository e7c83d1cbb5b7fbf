// cross_entropy - ids: n32_c10, n2_c5_d7, n2_c5_h3_w4, c10; options: prob (probabilities instead of
// labels), byte (labels u8), weight, mean | sum | none, e0.1 (label smoothing), ignoreN (every N-th
// label is ignored), equal (all logits of a row are the same).
#include "impl/ops/cross_entropy.h"

#include "golden/harness/op.h"

namespace plumb::golden {
namespace {

Reduction reduction_of(const std::string& name) {
  return name == "none" ? Reduction::none : name == "sum" ? Reduction::sum : Reduction::mean;
}

CrossEntropyOptions options_of(const Case& c) {
  return {reduction_of(c.attributes.at("reduction")), c.attributes.at("ignore_index"),
          c.attributes.at("label_smoothing")};
}

void describe(IdReader& id, Case& c) {
  const Shape shape = id.shape();
  const std::size_t class_at = shape.size() > 1 ? 1 : 0;
  Shape rows = shape;
  rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(class_at));
  const std::string reduction = id.one_of({"mean", "sum", "none"}, "mean");
  c.attributes = {
      {"reduction", reduction}, {"ignore_index", -100}, {"label_smoothing", id.number("e", 0)}};
  const bool equal = id.flag("equal"), probabilities = id.flag("prob"), bytes = id.flag("byte");
  Recipe& input = c.add("input", shape);
  if (equal) {
    input.scale = 0;
    input.offset = 3.5;
    // Softmax = 1 / C, and C is a power of two. LibTorch's f64 takes exp of a rounded logarithm.
    c.exact = id.backward() && reduction == "sum" && c.dtype != Dtype::f64;
  } else if (c.fill == Fill::uniform) {
    input.scale *= 8;
  }
  Recipe& target = c.add_ordinary("target", probabilities ? shape : rows);
  if (probabilities) {
    target.absolute = true;
  } else {
    target.fill = Fill::labels;
    target.dtype = bytes ? Dtype::u8 : Dtype::i64;
    target.limit = shape[class_at];
    target.ignore_every = id.integer("ignore", 0);
  }
  if (id.flag("weight")) c.add_ordinary("weight", {shape[class_at]}).absolute = true;
  if (!id.backward()) return;
  Recipe& dy = c.add_ordinary("dy", reduction == "none" ? rows : Shape{});
  if (c.exact) dy.scale = 0, dy.offset = 1;
}

Outputs run(const Case& c, const Inputs& in) {
  const auto weight = in.find("weight");
  const Tensor* weight_or_null = weight == in.end() ? nullptr : &weight->second;
  const Tensor &x = in.at("input"), &target = in.at("target");
  const CrossEntropyOptions options = options_of(c);
  const CrossEntropyResult result = cross_entropy_forward(x, target, weight_or_null, options, {});
  if (c.id.direction == "forward") return {{"loss", result.loss}};
  const bool probabilities = is_floating(target.dtype());
  const CrossEntropyGrads grads = cross_entropy_backward(in.at("dy"), x, target, weight_or_null,
                                                         options, result, {true, probabilities});
  Outputs out = {{"dinput", grads.dinput}};
  if (probabilities) out["dtarget"] = grads.dtarget;
  return out;
}

}  // namespace

Op cross_entropy_op() {
  return {"cross_entropy", {"forward", "backward"}, kFloatingDtypes, describe, run};
}

}  // namespace plumb::golden
