#include "reference/ops/op.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <cmath>

#include "golden/cases/elements.h"

namespace plumb::reference {

#define PLUMB_OP(name) ReferenceOp name##_reference();
#include "golden/ops/list.inc"
#undef PLUMB_OP

namespace {

using at::Tensor;

const char* name_of(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return "f64";
    case at::kHalf:
      return "f16";
    case at::kBFloat16:
      return "bf16";
    case at::kLong:
      return "i64";
    case at::kInt:
      return "i32";
    default:
      return "f32";
  }
}

TensorMap converted(const TensorMap& inputs, at::ScalarType type) {
  TensorMap out;
  for (const auto& [name, tensor] : inputs)
    out[name] = tensor.is_floating_point() ? tensor.to(type) : tensor;
  return out;
}

/// ||a - want|| / ||want|| over elements that are finite in both; NaN without a norm.
double distance(const Tensor& a, const Tensor& want) {
  const Tensor wide = a.to(at::kDouble), finite = wide.isfinite().logical_and(want.isfinite());
  const Tensor zero = at::zeros({}, at::kDouble);
  const double norm = at::where(finite, want, zero).norm().item<double>();
  if (!(norm > 0)) return std::nan("");
  return at::where(finite, wide - want, zero).norm().item<double>() / norm;
}

nlohmann::json or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

/// A forward that has been run, with the inputs that have a gradient as leaves.
struct Graph {
  std::vector<std::string> names;
  std::vector<Tensor> leaves;
  Tensor output, dy;

  Graph(const OpCall& call, const Differentiable& op) : dy(call["dy"]) {
    TensorMap inputs = call.inputs;
    for (const std::string& name : op.inputs) {
      if (!call.has(name) || !call[name].is_floating_point()) continue;
      inputs[name] = torch::autograd::make_variable(call[name].detach().clone(), true);
      leaves.push_back(inputs[name]);
      names.push_back(name);
    }
    output = op.forward(call, inputs);
  }
  std::vector<Tensor> backward(bool keep) const {
    return torch::autograd::grad({output}, leaves, {dy}, keep, /*create_graph=*/false,
                                 /*allow_unused=*/true);
  }
  TensorMap gradients() const {
    const auto grads = backward(/*keep=*/false);
    TensorMap out;
    for (std::size_t i = 0; i < grads.size(); ++i)
      out["d" + names[i]] = grads[i].defined() ? grads[i] : at::zeros_like(leaves[i]);
    return out;
  }
};

}  // namespace

at::ScalarType scalar_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return at::kDouble;
    case Dtype::f32:
      return at::kFloat;
    case Dtype::f16:
      return at::kHalf;
    case Dtype::bf16:
      return at::kBFloat16;
    case Dtype::i64:
      return at::kLong;
    case Dtype::i32:
      return at::kInt;
    case Dtype::u8:
      return at::kByte;
    default:
      return at::kBool;
  }
}

TensorMap make_inputs(const nlohmann::json& recipes) {
  TensorMap out;
  for (const nlohmann::json& json : recipes) {
    const golden::Recipe recipe = golden::recipe_from_json(json);
    const golden::HostArray array = golden::make(recipe);
    const Tensor values =
        at::from_blob(const_cast<double*>(array.values.data()), array.shape, at::kDouble);
    // By way of f64: every element is one that the dtype holds, so nothing rounds here.
    if (!out.emplace(recipe.name, values.to(scalar_type(recipe.dtype), false, true)).second)
      throw std::invalid_argument("input '" + recipe.name + "' is there twice");
  }
  return out;
}

const Tensor& OpCall::operator[](const std::string& name) const {
  const auto found = inputs.find(name);
  if (found == inputs.end()) throw std::invalid_argument("the case has no input '" + name + "'");
  return found->second;
}

const ReferenceOp& find_reference(const std::string& op) {
  static const std::vector<ReferenceOp> all = {
#define PLUMB_OP(name) name##_reference(),
#include "golden/ops/list.inc"
#undef PLUMB_OP
  };
  std::string names;
  for (const ReferenceOp& known : all) {
    if (known.name == op) return known;
    names += (names.empty() ? "" : ", ") + known.name;
  }
  throw std::invalid_argument("op '" + op + "' is unknown; allowed: " + names);
}

nlohmann::json answer_case(const nlohmann::json& request) {
  const ReferenceOp& op = find_reference(request.at("op"));
  const std::string direction = request.at("direction"), path = request.at("path");
  const nlohmann::json& attributes = request.at("attributes");
  const at::ScalarType type = scalar_type(dtype_from_name(request.at("dtype")));
  const TensorMap given = make_inputs(request.at("inputs"));
  const OpCall own_call{direction, attributes, given};
  const TensorMap own = op.run(own_call);  // the dtype's own refusals come first
  const OpCall wide{direction, attributes, converted(given, at::kDouble)};
  const TensorMap want = type == at::kDouble ? own : op.run(wide);
  const TensorMap f32 = type == at::kFloat ? own
                        : type == at::kDouble
                            ? TensorMap{}
                            : op.run({direction, attributes, converted(given, at::kFloat)});
  const auto magnitudes = op.magnitudes(wide, want);
  const auto dtypes = op.dtypes ? op.dtypes(own_call) : std::map<std::string, at::ScalarType>{};
  TensorMap file;
  nlohmann::json outputs = nlohmann::json::object();
  for (const auto& [name, tensor] : want) {
    file[name] = tensor.to(at::kDouble);
    const auto other = dtypes.find(name);
    nlohmann::json entry = {{"dtype", name_of(other == dtypes.end() ? type : other->second)},
                            {"own", or_null(distance(own.at(name), tensor))}};
    if (f32.contains(name)) entry["f32"] = or_null(distance(f32.at(name), tensor));
    if (const auto m = magnitudes.find(name); m != magnitudes.end()) {
      file[name + ".magnitude"] = m->second.value.to(at::kDouble).expand_as(tensor).contiguous();
      entry["floor"] = m->second.floor;
    }
    outputs[name] = std::move(entry);
  }
  write_tensors(path, file);
  return {{"outputs", outputs}};
}

ReferenceOp by_autograd(const Differentiable& op) {
  return {op.name,
          [op](const OpCall& call) {
            return call.backward() ? Graph(call, op).gradients()
                                   : TensorMap{{op.output, op.forward(call, call.inputs)}};
          },
          op.magnitudes,
          [op](const OpCall& call) -> Work {
            return [graph = Graph(call, op)] { graph.backward(/*keep=*/true); };
          },
          {}};
}

std::map<std::string, Magnitude> nothing_rounds(const OpCall&, const TensorMap&) { return {}; }

double growth(std::int64_t terms) { return std::max(1.0, std::sqrt(static_cast<double>(terms))); }

double reduction_floor(double g) { return 3e-7 * std::max(1.0, g / 8); }

}  // namespace plumb::reference
