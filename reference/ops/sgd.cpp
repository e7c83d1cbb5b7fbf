// sgd - one step of torch.optim.SGD: the formula of torch/optim/sgd.py in at:: calls.
//
// Magnitudes (verdicts b.4.1): S = |momentum buffer| + (1 - dampening) |g'| with |g'| = |g| + wd
// |p|; the parameter rounds by |p| + lr times what the direction sums.
#include <cmath>

#include "reference/ops/op.h"

namespace plumb::reference {
namespace {

using at::Tensor;

struct Options {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize, first_step;
};

Options options_of(const OpCall& call) {
  const nlohmann::json& a = call.attributes;
  const Options o{a.at("lr"),       a.at("momentum"), a.at("dampening"), a.at("weight_decay"),
                  a.at("nesterov"), a.at("maximize"), a.at("first_step")};
  // torch.optim.SGD's own checks; the C++ optimizer has the first three.
  if (o.lr < 0) throw std::invalid_argument("Invalid learning rate: " + std::to_string(o.lr));
  if (o.momentum < 0)
    throw std::invalid_argument("Invalid momentum value: " + std::to_string(o.momentum));
  if (o.weight_decay < 0)
    throw std::invalid_argument("Invalid weight_decay value: " + std::to_string(o.weight_decay));
  if (o.nesterov && (o.momentum <= 0 || o.dampening != 0))
    throw std::invalid_argument("Nesterov momentum requires a momentum and zero dampening");
  return o;
}

/// Parameters of a case are named param0, param1 ...; grad0 and momentum_buffer0 belong to the
/// first.
std::vector<std::string> numbers_of(const OpCall& call) {
  std::vector<std::string> out;
  for (std::size_t i = 0; call.has("param" + std::to_string(i)); ++i)
    out.push_back(std::to_string(i));
  return out;
}

TensorMap run(const OpCall& call) {
  const Options o = options_of(call);
  TensorMap out;
  for (const std::string& i : numbers_of(call)) {
    Tensor p = call["param" + i], g = call["grad" + i];
    if (o.maximize) g = g.neg();
    if (o.weight_decay != 0) g = g.add(p, o.weight_decay);
    if (o.momentum != 0) {
      const Tensor buffer =
          o.first_step ? g.clone()
                       : call["momentum_buffer" + i].mul(o.momentum).add(g, 1 - o.dampening);
      out["momentum_buffer" + i] = buffer;
      g = o.nesterov ? g.add(buffer, o.momentum) : buffer;
    }
    out["param" + i] = p.add(g, -o.lr);
  }
  return out;
}

/// LibTorch's fused step.
Work work(const OpCall& call) {
  std::vector<Tensor> params, grads, buffers;
  for (const std::string& i : numbers_of(call)) {
    params.push_back(call["param" + i]);
    grads.push_back(call["grad" + i]);
    if (call.has("momentum_buffer" + i)) buffers.push_back(call["momentum_buffer" + i]);
  }
  return [o = options_of(call), params, grads, buffers] {
    at::_fused_sgd_(params, grads, buffers, o.weight_decay, o.momentum, o.lr, o.dampening,
                    o.nesterov, o.maximize, o.first_step);
  };
}

std::map<std::string, Magnitude> magnitudes(const OpCall& call, const TensorMap&) {
  const Options o = options_of(call);
  std::map<std::string, Magnitude> m;
  for (const std::string& i : numbers_of(call)) {
    const Tensor p = call["param" + i].abs();
    Tensor g = call["grad" + i].abs();
    if (o.weight_decay != 0) g = g + o.weight_decay * p;  // 0 times infinity is no magnitude
    Tensor direction = g;
    if (o.momentum != 0) {
      const Tensor buffer = o.first_step ? g
                                         : o.momentum * call["momentum_buffer" + i].abs() +
                                               std::fabs(1 - o.dampening) * g;
      m["momentum_buffer" + i] = {buffer, kElementwiseFloor};
      direction = o.nesterov ? g + o.momentum * buffer : buffer;
    }
    m["param" + i] = {p + std::fabs(o.lr) * direction, kElementwiseFloor};
  }
  return m;
}

}  // namespace

ReferenceOp sgd_reference() { return {"sgd", run, magnitudes, work, {}}; }

}  // namespace plumb::reference
