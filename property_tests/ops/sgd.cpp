// Properties of sgd.
#include "impl/ops/sgd.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "golden/harness/device_arrays.h"
#include "impl/core/error.h"
#include "property_tests/harness/draw.h"
#include "property_tests/harness/generic.h"

namespace plumb::properties {
namespace {

using golden::Case;
using golden::HostArray;

/// One to four parameters; a block takes 2048 elements.
std::string counts() {
  const std::int64_t params = draw_number({1, 2, 3, 4});
  std::string out;
  for (std::int64_t i = 0; i < params; ++i)
    out += fmt::format("{}n{}", i ? "_" : "",
                       draw_number({1, 2, 31, 33, 255, 257, 2047, 2048, 2049, 4099, 0}));
  return out;
}

std::string momentum() {
  const std::string out =
      draw_word({"", "/mom0.9", "/mom0.5/damp0.5", "/mom0.9/damp1", "/mom0.5/nesterov"});
  return out.empty() ? out : out + draw_option("first");
}

struct Parts {
  std::string lr = "/lr0.1", decay = "/wd0.01", momentum;
};

std::string id_of(const Parts& parts) {
  return "sgd/step/" + draw_dtype() + "/" + counts() + parts.lr + parts.decay + parts.momentum +
         draw_seed();
}

std::string any_id() {
  return id_of({draw_word({"/lr1", "/lr0.1", "/lr0.001"}), draw_word({"", "/wd0.01"}),
                momentum() + draw_option("maximize")});
}

std::string number(const std::string& name) {
  return name.substr(name.find_first_of("0123456789"));
}

/// torch/optim/sgd.py, element by element in `Accum`, where a + b c is one fma.
template <class Accum>
Arrays host_step(const Case& c, const Arrays& in) {
  const auto& a = c.attributes;
  const auto value = [&](const char* name) { return static_cast<Accum>(a.at(name).get<double>()); };
  const Accum lr = value("lr"), momentum = value("momentum"), decay = value("weight_decay");
  const auto kept = static_cast<Accum>(1 - a.at("dampening").get<double>());
  Arrays out;
  for (const std::string& name : c.in_out) out[name] = in.at(name);
  for (const auto& [name, grad] : in) {
    if (name.rfind("grad", 0) != 0) continue;
    HostArray& param = out.at("param" + number(name));
    for (std::size_t i = 0; i < grad.values.size(); ++i) {
      const auto p = static_cast<Accum>(param.values[i]);
      auto g = static_cast<Accum>(grad.values[i]);
      if (a.at("maximize")) g = -g;
      if (decay != 0) g = std::fma(decay, p, g);
      if (momentum != 0) {
        double& kept_buffer = out.at("momentum_buffer" + number(name)).values[i];
        const Accum buffer =
            a.at("first_step") ? g : std::fma(kept, g, momentum * static_cast<Accum>(kept_buffer));
        g = a.at("nesterov") ? std::fma(momentum, buffer, g) : buffer;
        kept_buffer = golden::round_to(c.dtype, buffer);
      }
      param.values[i] = golden::round_to(c.dtype, std::fma(-lr, g, p));
    }
  }
  return out;
}

std::string a_step_differs_from_the_formula(const Case& c) {
  const Arrays in = inputs_of(c);
  return difference(run(c),
                    c.dtype == Dtype::f64 ? host_step<double>(c, in) : host_step<float>(c, in));
}

/// "" when every parameter is as it was.
std::string parameters_changed(const Case& c, const Arrays& in) {
  const Arrays out = run(c, in);
  for (const auto& [name, array] : in)
    if (name.rfind("param", 0) == 0)
      if (const auto text = golden::difference(out.at(name), array); !text.empty())
        return name + ": " + text;
  return "";
}

std::string a_zero_gradient_moves(const Case& c) {
  Arrays in = inputs_of(c);
  for (auto& [name, array] : in)
    if (name.rfind("grad", 0) == 0) std::fill(array.values.begin(), array.values.end(), 0);
  return parameters_changed(c, in);
}

std::string climbing_is_not_descending_the_negated(const Case& c) {
  Arrays negated = inputs_of(c);
  for (auto& [name, array] : negated)
    if (name.rfind("grad", 0) == 0)
      for (double& g : array.values) g = -g;
  return difference(run(golden::make_case(c.text + "/maximize"), negated), run(c));
}

/// Parameters in the reverse order, in two calls of sgd_step.
Arrays stepped_apart(const Case& c) {
  const auto& a = c.attributes;
  const SgdOptions options{a.at("lr"),           a.at("momentum"), a.at("dampening"),
                           a.at("weight_decay"), a.at("nesterov"), a.at("maximize")};
  const golden::InputSet in(c);
  std::vector<SgdParam> params;
  for (std::size_t i = 0; in.tensors().contains("param" + std::to_string(i)); ++i) {
    const std::string n = std::to_string(i);
    const auto buffer = in.tensors().find("momentum_buffer" + n);
    params.push_back({in.tensors().at("param" + n), in.tensors().at("grad" + n),
                      buffer == in.tensors().end() ? Tensor{} : buffer->second,
                      a.at("first_step")});
  }
  std::reverse(params.begin(), params.end());
  const auto middle = params.begin() + static_cast<std::ptrdiff_t>(params.size() / 2);
  sgd_step({params.begin(), middle}, options, {});
  sgd_step({middle, params.end()}, options, {});
  Arrays out;
  for (const std::string& name : c.in_out) out[name] = golden::download(in.tensors().at(name));
  return out;
}

std::string the_buffer_is_read_on_the_first_step(const Case& c) {
  Arrays in = inputs_of(c);
  for (auto& [name, array] : in)
    if (name.rfind("momentum_buffer", 0) == 0)
      std::fill(array.values.begin(), array.values.end(), NAN);
  return difference(run(c, in), run(c));
}

/// 64 entries travel with a launch: 150 parameters are three.
std::string many_parameters() {
  const Case few = golden::make_case("sgd/step/f32/n5/lr0.5");
  const Case many = golden::make_case("sgd/step/f32/n2049/lr0.5");
  std::deque<golden::InputSet> inputs;
  std::vector<SgdParam> params;
  for (int i = 0; i < 150; ++i) {
    const auto& tensors = inputs.emplace_back(i == 64 ? many : few).tensors();
    params.push_back({tensors.at("param0"), tensors.at("grad0"), {}, false});
  }
  sgd_step(params, {.lr = 0.5}, {});
  const Arrays of_few = run(few), of_many = run(many);
  for (std::size_t i = 0; i < params.size(); ++i)
    if (const auto text =
            difference({{"param0", golden::download(params[i].param)}}, i == 64 ? of_many : of_few);
        !text.empty())
      return fmt::format("parameter {} of 150: {}", i, text);
  return "";
}

std::string dtypes_in_one_call_differ() {
  const Case f32 = golden::make_case("sgd/step/f32/n33/lr0.5");
  const Case f16 = golden::make_case("sgd/step/f16/n40/lr0.5/seed4");
  const golden::InputSet of_f32(f32), of_f16(f16);
  std::vector<SgdParam> params;
  for (const auto* in : {&of_f32, &of_f16})
    params.push_back({in->tensors().at("param0"), in->tensors().at("grad0"), {}, false});
  sgd_step(params, {.lr = 0.5}, {});
  const std::string first = difference({{"param0", golden::download(params[0].param)}}, run(f32));
  return first.empty() ? difference({{"param0", golden::download(params[1].param)}}, run(f16))
                       : first;
}

/// "" when the call is refused with that text.
std::string is_not_refused(const std::vector<SgdParam>& params, double momentum_value,
                           const std::string& text) {
  try {
    sgd_step(params, {.momentum = momentum_value}, {});
  } catch (const ShapeError& error) {
    const std::string got = error.what();
    return got.find(text) != std::string::npos ? "" : "refused with '" + got + "'";
  }
  return "was accepted; a refusal was due: " + text;
}

std::string a_missing_buffer_is_taken() {
  const Tensor good = Tensor::zeros({4}, Dtype::f32);
  return is_not_refused({{good, good.clone(), {}}}, 0.9,
                        "the momentum buffer of parameter 0 is undefined");
}

std::string a_strided_parameter_is_taken() {
  const Tensor strided = Tensor::zeros({4, 2}, Dtype::f32).select(1, 0);
  return is_not_refused({{strided, Tensor::zeros({4}, Dtype::f32), {}}}, 0,
                        "parameter 0 of shape [4] is not contiguous");
}

}  // namespace

std::vector<Property> sgd_properties() {
  std::vector<Property> out = {
      claim("a_step_has_the_bits_of_the_formula_on_the_host",
            "any term, sign or rounding of the formula", any_id, a_step_differs_from_the_formula),
      claim(
          "a_learning_rate_of_zero_changes_no_parameter", "p - 0 g is p",
          [] {
            return id_of({"/lr0", "/wd0.01", momentum()});
          },
          [](const Case& c) { return parameters_changed(c, inputs_of(c)); }),
      claim(
          "a_zero_gradient_changes_no_parameter_on_the_first_step", "a direction from nothing",
          [] {
            return id_of({"/lr0.1", "", draw_word({"", "/mom0.9/first"})});
          },
          a_zero_gradient_moves),
      claim(
          "maximize_is_minimize_of_the_negated_gradient", "decay that climbs too",
          [] {
            return id_of({"/lr0.1", "/wd0.01", momentum()});
          },
          climbing_is_not_descending_the_negated),
      claim("order_and_grouping_of_parameters_change_no_bit", "an element of another parameter",
            any_id, [](const Case& c) { return difference(stepped_apart(c), run(c)); }),
      claim(
          "the_first_step_does_not_read_the_buffer", "what lay in the buffer's memory",
          [] {
            return id_of(
                {"/lr0.1", "/wd0.01", draw_word({"/mom0.9", "/mom0.5/damp0.5"}) + "/first"});
          },
          the_buffer_is_read_on_the_first_step),
      example("more_parameters_than_one_launch_takes_are_all_stepped", "those after the 64th",
              many_parameters),
      example("parameters_of_several_dtypes_share_a_call", "one dtype for all",
              dtypes_in_one_call_differ),
      example("a_missing_momentum_buffer_is_refused", "a null pointer written",
              a_missing_buffer_is_taken),
      example("a_strided_parameter_is_refused", "the gaps between its elements written",
              a_strided_parameter_is_taken),
  };
  for (const Property& p : invariance("step", any_id)) out.push_back(p);
  return out;
}

}  // namespace plumb::properties
