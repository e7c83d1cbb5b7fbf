// gelu - at::gelu.
//
// Magnitudes (verdicts b.3, gelu): 4 u |y| + 8 u |x| forward, 4 u |dx| + 8 u (1 + |x|) |dy|
// backward: 1 + erf rounds what is left of it by u, and that is multiplied by x. The floor of the
// relative L2 gate grows as half of the multiplied numbers does over what is left of them.
#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

using at::Tensor;

Tensor forward(const OpCall& call, const TensorMap& in) {
  return at::gelu(in.at("x"), call.attributes.at("approximate").get<std::string>());
}

double length(const Tensor& t) { return t.nan_to_num(0, 0, 0).norm().item<double>(); }

/// `multiplied` is what Phi, or a sum with it, is multiplied by.
Magnitude magnitude(const Tensor& output, const Tensor& multiplied, const Tensor& rounds) {
  const double left = length(output);
  const double cancelled = left > 0 ? length(multiplied) / (2 * left) : 1;
  return {output.abs() + 2 * rounds, kElementwiseFloor * std::max(1.0, cancelled)};
}

std::map<std::string, Magnitude> magnitudes(const OpCall& call, const TensorMap& outputs) {
  const Tensor x = call["x"].abs();
  if (!call.backward()) return {{"y", magnitude(outputs.at("y"), x, x)}};
  const Tensor dy = call["dy"].abs();
  return {{"dx", magnitude(outputs.at("dx"), dy, (1 + x) * dy)}};
}

}  // namespace

ReferenceOp gelu_reference() { return by_autograd({"gelu", "y", forward, {"x"}, magnitudes}); }

}  // namespace plumb::reference
