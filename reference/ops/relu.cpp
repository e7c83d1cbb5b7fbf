// relu - at::relu; nothing rounds.
#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

at::Tensor forward(const OpCall&, const TensorMap& in) { return at::relu(in.at("x")); }

}  // namespace

ReferenceOp relu_reference() { return by_autograd({"relu", "y", forward, {"x"}, nothing_rounds}); }

}  // namespace plumb::reference
