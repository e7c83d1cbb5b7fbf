#include "reference/mlp.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <set>

namespace plumb::reference {
namespace {

using at::Tensor;

constexpr double kU = 0x1p-24;  // unit roundoff of f32

/// A value in f64 and how far f32's may be from it, element by element (spec: a-priori bounds, 4 u
/// g S; the order of summation is not known, so g(K) = sqrt(K)).
struct Bounded {
  Tensor value, error;
};

/// a b for error-carrying factors: |da||b| + |a||db| + |da||db|, and 4 u sqrt(K) of the magnitudes
/// summed.
Bounded multiply(const Bounded& a, const Bounded& b) {
  const double terms = static_cast<double>(a.value.size(1));
  const Tensor ma = a.value.abs(), mb = b.value.abs();
  const Tensor whole = at::mm(ma + a.error, mb + b.error);
  return {at::mm(a.value, b.value), whole - at::mm(ma, mb) + 4 * kU * std::sqrt(terms) * whole};
}

Bounded exact(const Tensor& t) { return {t, at::zeros_like(t)}; }

Bounded add_bias(const Bounded& y, const Tensor& bias) {
  const Tensor sum = y.value + bias;
  return {sum, y.error + kU * (y.value.abs() + bias.abs() + y.error)};
}

/// ReLU changes distances by at most 1.
Bounded relu(const Bounded& x) { return {at::relu(x.value), x.error}; }

/// Where the sign of the input is not certain the whole gradient is not.
Bounded relu_backward(const Bounded& dy, const Bounded& x) {
  const Tensor mask = (x.value > 0).to(at::kDouble);
  const Tensor unsure = x.value.abs() <= x.error;
  return {dy.value * mask, at::where(unsure, dy.value.abs() + dy.error, dy.error * mask)};
}

/// The sum over rows.
Bounded sum_rows(const Bounded& x) {
  const double rows = static_cast<double>(x.value.size(0));
  return {x.value.sum(0),
          x.error.sum(0) + 4 * kU * std::sqrt(rows) * (x.value.abs() + x.error).sum(0)};
}

struct LossParts {
  Bounded loss, dlogits;
};

/// log p_c = z_c - max - log(sum exp): an error d in the logits moves it by at most d_c + sum p d;
/// rounding adds 4 u (|max| + |log p| + 1 + log2 C) (spec: CE loss). The gradient is (p - q) / N, q
/// the smoothed target.
LossParts cross_entropy(const Bounded& z, const Tensor& labels, double smoothing) {
  const double rows = static_cast<double>(z.value.size(0)),
               classes = static_cast<double>(z.value.size(1));
  const Tensor logp = at::log_softmax(z.value, 1), p = logp.exp();
  const Tensor moved = z.error + (p * z.error).sum(1, true);
  const Tensor rounding =
      4 * kU * (z.value.abs().amax(1, true) + logp.abs() + 1 + std::log2(classes));
  const Tensor logp_error = moved + rounding;
  const Tensor q =
      at::one_hot(labels, static_cast<std::int64_t>(classes)).to(at::kDouble) * (1 - smoothing) +
      smoothing / classes;
  const Tensor loss = -(q * logp).sum() / rows;
  const Tensor loss_error =
      (q * logp_error).sum() / rows +
      4 * kU * (std::sqrt(rows) + std::log2(classes)) * (q * logp.abs()).sum() / rows;
  const Tensor range = z.value.amax(1, true) - z.value.amin(1, true);
  const Tensor p_error =
      p * (moved.expm1() + 8 * kU * (1 + range) + 4 * kU * std::log2(classes)) + 4 * kU * q;
  return {{loss, loss_error}, {(p - q) / rows, p_error / rows + 2 * kU * (p + q) / rows}};
}

struct Update {
  Bounded param, buffer;  // buffer undefined without momentum
};

/// torch.optim.SGD with the gradient's error carried through; each product and sum rounds once: 4 u
/// of the magnitudes.
Update sgd(const Tensor& param, const Bounded& grad, const Tensor& buffer, const MlpOptions& o) {
  const Tensor g = (o.maximize ? -grad.value : grad.value) + o.weight_decay * param;
  Tensor error = grad.error + 2 * kU * (grad.value.abs() + o.weight_decay * param.abs());
  Update out;
  Tensor direction = g;
  if (o.momentum != 0) {
    if (buffer.defined()) {
      const Tensor old = buffer.to(at::kDouble);
      out.buffer.value = o.momentum * old + (1 - o.dampening) * g;
      out.buffer.error = std::abs(1 - o.dampening) * error +
                         4 * kU * (o.momentum * old.abs() + std::abs(1 - o.dampening) * g.abs());
    } else {
      out.buffer = {g, error};
    }
    direction = o.nesterov ? g + o.momentum * out.buffer.value : out.buffer.value;
    error = o.nesterov ? error + o.momentum * out.buffer.error +
                             2 * kU * (g.abs() + o.momentum * out.buffer.value.abs())
                       : out.buffer.error;
  }
  out.param = {param - o.lr * direction,
               o.lr * error + 4 * kU * (param.abs() + o.lr * direction.abs())};
  return out;
}

}  // namespace

MlpOptions options_from(const nlohmann::json& request) {
  MlpOptions o;
  o.layers = request.at("layers").get<std::vector<std::int64_t>>();
  if (o.layers.size() < 2) throw std::invalid_argument("layers: need at least 2 sizes");
  const auto& s = request.at("optimizer");
  static const std::set<std::string> known = {"lr",           "momentum", "dampening",
                                              "weight_decay", "nesterov", "maximize"};
  for (const auto& [name, value] : s.items())
    if (!known.count(name))
      throw std::invalid_argument(
          "optimizer: field '" + name +
          "' is unknown; allowed: lr, momentum, dampening, weight_decay, nesterov, maximize");
  o.lr = s.at("lr");
  o.momentum = s.value("momentum", 0.0);
  o.dampening = s.value("dampening", 0.0);
  o.weight_decay = s.value("weight_decay", 0.0);
  o.nesterov = s.value("nesterov", false);
  o.maximize = s.value("maximize", false);
  o.label_smoothing = request.value("label_smoothing", 0.0);
  return o;
}

Mlp::Mlp(MlpOptions options, std::uint64_t seed, at::ScalarType dtype)
    : options_(std::move(options)) {
  at::manual_seed(seed);
  for (std::size_t i = 0; i + 1 < options_.layers.size(); ++i) {
    const std::int64_t in = options_.layers[i], out = options_.layers[i + 1];
    const double gain = std::sqrt(2.0 / (1.0 + std::sqrt(5.0) * std::sqrt(5.0)));
    const double bound = std::sqrt(3.0) * (gain / std::sqrt(static_cast<double>(in))),
                 bias = 1.0 / std::sqrt(static_cast<double>(in));
    parameters.push_back(at::empty({out, in}, at::kFloat).uniform_(-bound, bound).to(dtype));
    parameters.push_back(at::empty({out}, at::kFloat).uniform_(-bias, bias).to(dtype));
  }
  buffers.resize(parameters.size());
}

std::string Mlp::name_of(std::size_t parameter) const {
  return std::to_string(parameter / 2 * 2) + (parameter % 2 ? ".bias" : ".weight");
}

Tensor Mlp::logits(const Tensor& images) const {
  Tensor x = images.to(parameters[0].scalar_type());
  for (std::size_t i = 0; i < parameters.size(); i += 2) {
    x = at::linear(x, parameters[i], parameters[i + 1]);
    if (i + 2 < parameters.size()) x = at::relu(x);
  }
  return x;
}

double Mlp::step(const Tensor& images, const Tensor& labels) {
  std::vector<Tensor> leaves;
  for (Tensor& p : parameters)
    leaves.push_back(p = torch::autograd::make_variable(p.detach(), true));
  const Tensor loss = at::cross_entropy_loss(logits(images), labels, {}, at::Reduction::Mean, -100,
                                             options_.label_smoothing);
  const std::vector<Tensor> grads = torch::autograd::grad({loss}, leaves);
  const at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Tensor g = options_.maximize ? grads[i].neg() : grads[i];
    Tensor p = parameters[i].detach();
    if (options_.weight_decay != 0) g = g.add(p, options_.weight_decay);
    if (options_.momentum != 0) {
      buffers[i] = buffers[i].defined()
                       ? buffers[i].mul(options_.momentum).add_(g, 1 - options_.dampening)
                       : g.clone();
      g = options_.nesterov ? g.add(buffers[i], options_.momentum) : buffers[i];
    }
    parameters[i] = p.add(g, -options_.lr);
  }
  return loss.item<double>();
}

std::pair<double, std::int64_t> Mlp::evaluate(const Tensor& images, const Tensor& labels) const {
  const at::NoGradGuard no_grad;
  const Tensor out = logits(images);
  return {at::cross_entropy_loss(out, labels).item<double>(),
          out.argmax(1).eq(labels).sum().item<std::int64_t>()};
}

TensorMap Mlp::judge(const Tensor& images, const Tensor& labels) const {
  const at::NoGradGuard no_grad;
  TensorMap out;
  const auto put = [&](const std::string& name, const Bounded& b) {
    out[name] = b.value, out["bound." + name] = b.error;
  };
  std::vector<Tensor> p;
  for (const Tensor& parameter : parameters) p.push_back(parameter.detach().to(at::kDouble));
  std::vector<Bounded> inputs{exact(images.to(at::kDouble))},
      before;  // of each layer; its result before ReLU
  for (std::size_t i = 0; i < p.size(); i += 2) {
    before.push_back(add_bias(multiply(inputs.back(), exact(p[i].t())), p[i + 1]));
    inputs.push_back(i + 2 < p.size() ? relu(before.back()) : before.back());
  }
  put("logits", before.back());
  const LossParts parts = cross_entropy(before.back(), labels, options_.label_smoothing);
  put("loss", parts.loss);
  Bounded d = parts.dlogits;
  for (std::size_t layer = p.size() / 2; layer-- > 0;) {
    const Bounded grads[] = {multiply({d.value.t(), d.error.t()}, inputs[layer]), sum_rows(d)};
    for (std::size_t k = 0; k < 2; ++k) {
      const std::size_t i = 2 * layer + k;
      const Update u = sgd(p[i], grads[k], buffers[i], options_);
      put("gradient." + name_of(i), grads[k]);
      put(name_of(i), u.param);
      if (u.buffer.value.defined()) put("momentum_buffer." + name_of(i), u.buffer);
    }
    if (layer) d = relu_backward(multiply(d, exact(p[2 * layer])), before[layer - 1]);
  }
  return out;
}

TensorMap Mlp::state() const {
  TensorMap out;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    out[name_of(i)] = parameters[i].detach();
    if (buffers[i].defined()) out["momentum_buffer." + std::to_string(i)] = buffers[i].detach();
  }
  return out;
}

}  // namespace plumb::reference
