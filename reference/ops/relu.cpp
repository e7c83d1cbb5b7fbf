// relu - at::relu and its derivative by autograd; nothing rounds.
#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

TensorMap run(const OpCall& call) {
  const auto forward = [](const TensorMap& in) { return at::relu(in.at("x")); };
  if (!call.backward()) return {{"y", forward(call.inputs)}};
  return gradients_of(call, {"x"}, forward);
}

std::map<std::string, Magnitude> magnitudes(const OpCall&, const TensorMap&) { return {}; }

}  // namespace

ReferenceOp relu_reference() { return {"relu", run, magnitudes}; }

}  // namespace plumb::reference
