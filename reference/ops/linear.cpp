// linear - at::linear; sums of K products: g(K) times the products' magnitudes.
#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

using at::Tensor;

Tensor forward(const OpCall&, const TensorMap& in) {
  const auto bias = in.find("bias");
  return at::linear(in.at("x"), in.at("weight"),
                    bias == in.end() ? std::optional<Tensor>() : bias->second);
}

std::map<std::string, Magnitude> magnitudes(const OpCall& call, const TensorMap& outputs) {
  const Tensor x = call["x"].abs(), weight = call["weight"].abs();
  const std::int64_t in = weight.size(1), out = weight.size(0);
  if (!call.backward()) {
    const double g = growth(in);
    Tensor m = g * at::linear(x, weight);
    if (call.has("bias")) m = m + call["bias"].abs();
    return {{"y", {m, reduction_floor(g)}}};
  }
  const Tensor dy = call["dy"].abs();
  const std::int64_t rows = c10::multiply_integers(x.sizes().slice(0, x.dim() - 1));
  const double of_x = growth(out), of_rows = growth(rows);
  std::map<std::string, Magnitude> m = {
      {"dx", {of_x * at::matmul(dy, weight), 2 * reduction_floor(of_x)}},
      {"dweight",
       {of_rows * at::matmul(dy.reshape({rows, out}).t(), x.reshape({rows, in})),
        4 * reduction_floor(of_rows)}}};
  if (outputs.contains("dbias"))
    m["dbias"] = {of_rows * dy.reshape({rows, out}).sum(0), 4 * reduction_floor(of_rows)};
  return m;
}

}  // namespace

ReferenceOp linear_reference() {
  return by_autograd({"linear", "y", forward, {"x", "weight", "bias"}, magnitudes});
}

}  // namespace plumb::reference
