// cross_entropy - at::cross_entropy_loss.
//
// Magnitudes (verdicts b.3): the loss of a row rounds by 4 u (|logit|max + |loss|) for each factor
// of -log p; over N rows times g(N). The gradient of the logits is s (Q p_c - q_c): the softmax
// rounds by 8 u (1 + R) + 4 u g, R the range of the row; of the probabilities, s w_c log p_c.
#include <cmath>

#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

using at::Tensor;

std::int64_t reduction_of(const OpCall& call) {
  const std::string name = call.attributes.at("reduction");
  return name == "none"  ? at::Reduction::None
         : name == "sum" ? at::Reduction::Sum
                         : at::Reduction::Mean;
}

Tensor forward(const OpCall& call, const TensorMap& in) {
  const auto weight = in.find("weight");
  return at::cross_entropy_loss(in.at("input"), in.at("target"),
                                weight == in.end() ? std::optional<Tensor>() : weight->second,
                                reduction_of(call),
                                call.attributes.at("ignore_index").get<std::int64_t>(),
                                call.attributes.at("label_smoothing").get<double>());
}

/// The problem as rows: logits [rows, classes], factors q of -log p, the divisor of the mean.
struct Rows {
  Tensor logits, factors, slopes, logp;  // [rows, classes]
  Tensor total;                          // []
};

Tensor as_rows(const Tensor& t) {
  return t.dim() == 1 ? t.unsqueeze(0) : t.movedim(1, -1).reshape({-1, t.size(1)});
}

Tensor from_rows(const Tensor& rows, const Tensor& like) {
  if (like.dim() == 1) return rows.squeeze(0);
  std::vector<std::int64_t> shape = like.sizes().vec();
  const std::int64_t classes = shape[1];
  shape.erase(shape.begin() + 1);
  shape.push_back(classes);
  return rows.reshape(shape).movedim(-1, 1);
}

Rows rows_of(const OpCall& call) {
  Rows r;
  const Tensor target = call["target"];
  r.logits = as_rows(call["input"]);
  const std::int64_t classes = r.logits.size(1);
  const double e = std::max(0.0, call.attributes.at("label_smoothing").get<double>());
  const Tensor weight = call.has("weight") ? call["weight"] : at::ones({classes}, at::kDouble);
  r.logp = at::log_softmax(r.logits, 1);
  if (target.is_floating_point()) {
    r.factors = weight * (as_rows(target) * (1 - e) + e / static_cast<double>(classes));
    r.slopes = (weight * (1 - e)).expand_as(r.factors);
    r.total = at::full({}, static_cast<double>(r.logits.size(0)), at::kDouble);
    return r;
  }
  const Tensor labels = target.reshape({-1}).to(at::kLong);
  const Tensor counts =
      labels.ne(call.attributes.at("ignore_index").get<std::int64_t>()).to(at::kDouble);
  const Tensor safe = at::where(counts > 0, labels, at::zeros({}, at::kLong));
  const Tensor hot = at::one_hot(safe, classes).to(at::kDouble);
  r.factors = (weight * (hot * (1 - e) + e / static_cast<double>(classes))) * counts.unsqueeze(1);
  r.slopes = at::zeros_like(r.factors);
  r.total = (weight.index_select(0, safe) * counts).sum();
  return r;
}

/// Non-finite logits give non-finite answers, which are judged by their class: no bound there.
Tensor finite(const Tensor& t) { return at::nan_to_num(t, 0, 0, 0); }

std::map<std::string, Magnitude> magnitudes(const OpCall& call, const TensorMap& outputs) {
  const Rows r = rows_of(call);
  const std::int64_t rows = r.logits.size(0), classes = r.logits.size(1);
  const std::int64_t reduction = reduction_of(call);
  const Tensor largest = finite(r.logits.abs()).amax(1, true);
  const Tensor finite_logits = finite(r.logits);
  const Tensor range = finite_logits.amax(1, true) - finite_logits.amin(1, true);
  const Tensor q = r.factors.abs();
  const Tensor logp_error =
      largest + 1 + finite(r.logp.abs()) + std::log2(1.0 + static_cast<double>(classes));
  const Tensor row_magnitude = growth(classes) * (q * logp_error).sum(1);
  const Tensor divisor =
      reduction == at::Reduction::Mean ? r.total.abs() : at::ones({}, at::kDouble);
  const double g = growth(rows);
  if (!call.backward()) {
    if (reduction == at::Reduction::None)
      return {{"loss", {row_magnitude.reshape(outputs.at("loss").sizes()), 4 * kElementwiseFloor}}};
    return {{"loss", {g * row_magnitude.sum() / divisor, 4 * kElementwiseFloor}}};
  }
  Tensor dy = call["dy"].abs();
  if (reduction == at::Reduction::None) dy = dy.reshape({-1, 1});
  const Tensor scale = dy / divisor;
  const Tensor p = r.logp.exp(), total = q.sum(1, true);
  const Tensor softmax_error = 2 * (1 + range) + growth(classes) + g;
  std::map<std::string, Magnitude> m = {
      {"dinput",
       {from_rows(finite(scale * (total * p * softmax_error + (2 + g) * (total * p + q))),
                  call["input"]),
        4 * reduction_floor(growth(classes))}}};
  if (outputs.contains("dtarget"))
    m["dtarget"] = {
        from_rows(finite(scale * r.slopes.abs() * logp_error * growth(classes)), call["input"]),
        4 * kElementwiseFloor};
  return m;
}

}  // namespace

ReferenceOp cross_entropy_reference() {
  return by_autograd({"cross_entropy", "loss", forward, {"input", "target"}, magnitudes});
}

}  // namespace plumb::reference
