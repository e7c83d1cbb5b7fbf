// Properties of cross_entropy.
#include "impl/ops/cross_entropy.h"

#include <fmt/format.h>

#include <cmath>

#include "golden/cases/elements.h"
#include "golden/harness/device_arrays.h"
#include "impl/core/error.h"
#include "property_tests/harness/draw.h"
#include "property_tests/harness/generic.h"
#include "property_tests/ops/cross_entropy_oracle.h"

namespace plumb::properties {
namespace {

using golden::Case;
using golden::HostArray;
using golden::make_array;

constexpr std::int64_t kIgnored = -100;

std::string sizes() {
  const std::int64_t samples = draw_number({2, 3, 5, 33, 130});
  const std::int64_t classes = draw_number({1, 2, 10, 31, 32, 33, 100});
  return fmt::format("n{}_c{}{}", samples, classes, draw_word({"", "_d2", "_d7", "_h3_w2"}));
}

std::string reduction() { return draw_word({"/none", "/mean", "/sum"}); }
std::string smoothing() { return draw_word({"", "/e0.125", "/e1"}); }
std::string ignored() { return draw_word({"", "/ignore2", "/ignore5"}); }

std::string labels_id(const std::string& direction) {
  return "cross_entropy/" + direction + "/" + draw_dtype() + "/" + sizes() + ignored() +
         smoothing() + draw_option("weight") + reduction() + draw_seed();
}

std::string probabilities_id(const std::string& direction) {
  return "cross_entropy/" + direction + "/" + draw_dtype() + "/" + sizes() + "/prob" + smoothing() +
         draw_option("weight") + reduction() + draw_seed();
}

std::string any_id(const std::string& direction) {
  return draw_word({"", "prob"}).empty() ? labels_id(direction) : probabilities_id(direction);
}

std::string loss_differs_from_a_host_loop(const Case& c) {
  return beyond(run(c).at("loss"), cross_entropy_answer(c, inputs_of(c)).loss);
}

std::string gradients_differ_from_a_host_loop(const Case& c) {
  const Arrays got = run(c);
  const CrossEntropyAnswer want = cross_entropy_answer(c, inputs_of(c));
  const std::string of_input = beyond(got.at("dinput"), want.dinput);
  if (!of_input.empty()) return "dinput: " + of_input;
  return got.contains("dtarget") ? beyond(got.at("dtarget"), want.dtarget) : "";
}

/// 1 in the class of a row's label, else 0: as wide as the logits.
HostArray one_hot(const Case& c, const HostArray& labels) {
  const Shape& shape = c.find("input")->shape;
  HostArray out = make_array(shape, c.dtype, [](std::size_t) { return 0; });
  const Rows rows(shape);
  for (std::int64_t row = 0; row < rows.count; ++row)
    if (const double label = labels.values[static_cast<std::size_t>(row)]; label != kIgnored)
      out.values[rows.at(row, static_cast<std::int64_t>(label))] = 1;
  return out;
}

/// exp(0) = 1 and 2^-k are exact: a class has probability 1 / C to the bit.
std::string equal_logits_have_inexact_gradients(const Case& c) {
  Arrays in = inputs_of(c);
  for (double& value : in.at("input").values) value = 3.5;
  in.at("dy").values = {1};
  const HostArray& labels = in.at("target");
  HostArray want = one_hot(c, labels);
  const Rows rows(want.shape);
  for (std::int64_t row = 0; row < rows.count; ++row)
    for (std::int64_t k = 0; k < rows.classes; ++k)
      if (labels.values[static_cast<std::size_t>(row)] != kIgnored) {
        double& value = want.values[rows.at(row, k)];
        value = 1.0 / static_cast<double>(rows.classes) - value;
      }
  return golden::difference(run(c, in).at("dinput"), want);
}

/// Only distances from the largest logit enter; adding 4 to quarters below 2 rounds nothing.
std::string a_shift_of_the_logits_shows(const Case& c) {
  Arrays in = inputs_of(c);
  const Arrays before = run(c, in);
  for (double& value : in.at("input").values) value += 4;
  return difference(run(c, in), before);
}

/// A label is the distribution that has 1 there: the same factors, all other terms are 0.
std::string one_hot_probabilities_differ(const Case& c) {
  Arrays in = inputs_of(c);
  const Arrays want = run(c, in);
  in.at("target") = one_hot(c, in.at("target"));
  const Arrays got = run(golden::make_case(c.text + "/prob"), in);
  for (const auto& [name, array] : want)  // one class has loss -0 or 0: equal as numbers
    if (const auto text =
            golden::difference_beyond(got.at(name), array, [](std::size_t) { return 0.0; });
        !text.empty())
      return name + ": " + text;
  return "";
}

std::string a_row_depends_on_the_others(const Case& c) {
  const golden::InputSet in(c);
  const Tensor &x = in.tensors().at("input"), &target = in.tensors().at("target");
  const auto weight = in.tensors().find("weight");
  const Tensor* w = weight == in.tensors().end() ? nullptr : &weight->second;
  const CrossEntropyOptions options{Reduction::none, kIgnored, c.attributes.at("label_smoothing")};
  const auto row = static_cast<std::int64_t>(golden::word_at(c.seed, 7, 0) & 0xffff) % x.shape()[0];
  const auto loss = [&](const Tensor& logits, const Tensor& labels) {
    return cross_entropy_forward(logits, labels, w, options, {}).loss;
  };
  return golden::difference(golden::download(loss(x.narrow(0, row, 1), target.narrow(0, row, 1))),
                            golden::download(loss(x, target).narrow(0, row, 1)));
}

std::string labels_of_one_byte_differ(const Case& c) {
  return difference(run(golden::make_case(c.text + "/byte")), run(c));
}

/// What no rounding excuses where no row counts.
std::string a_mean_over_nothing_is_not_nan(const Case& c) {
  const double loss = run(c).at("loss").values[0];
  return std::isnan(loss) ? "" : fmt::format("the loss is {}", loss);
}

/// LibTorch: 0 also where the mean divides by 0, and NaN where the row's softmax is NaN.
std::string an_ignored_row_has_another_gradient(const Case& c) {
  Arrays in = inputs_of(c);
  in.at("input").values[4] = NAN;
  HostArray want =
      make_array(in.at("input").shape, c.dtype, [](std::size_t i) { return i / 3 == 1 ? NAN : 0; });
  return golden::difference(run(c, in).at("dinput"), want);
}

std::string a_label_out_of_range_is_taken(const Case& c) {
  for (const double label : {-1.0, 3.0, 4294967196.0}) {  // 2^32 - 100: not ignore_index
    Arrays in = inputs_of(c);
    in.at("target").values[2] = label;
    try {
      run(c, in);
      return fmt::format("label {} was accepted", label);
    } catch (const ValueError& error) {
      const std::string text = error.what();
      if (text.find("in row 2 is outside the 3 classes") == std::string::npos)
        return "refused with '" + text + "'";
    }
  }
  return "";
}

std::string labels_have_a_gradient(const Case& c) {
  const golden::InputSet in(c);
  const Tensor &x = in.tensors().at("input"), &target = in.tensors().at("target");
  const CrossEntropyResult result = cross_entropy_forward(x, target, nullptr, {}, {});
  try {
    cross_entropy_backward(in.tensors().at("dy"), x, target, nullptr, {}, result, {true, true}, {});
  } catch (const ShapeError& error) {
    const std::string text = error.what();
    return text.find("target holds labels, which have no gradient") != std::string::npos ? ""
                                                                                         : text;
  }
  return "a gradient of labels was made";
}

std::string loss_of_labels_id(const std::string& more) {
  return "cross_entropy/forward/" + draw_dtype() + "/" + sizes() + draw_option("weight") +
         reduction() + more + draw_seed();
}

std::string gradcheck_id() {
  const std::string target = draw_word({"", "/ignore2", "/prob"});
  return fmt::format("cross_entropy/backward/f64/n{}_c{}{}{}{}{}{}/x0.125{}",
                     1 + draw_size() % 5 + (target == "/ignore2"), 1 + draw_size() % 7,
                     draw_word({"", "_d2"}), target, smoothing(), draw_option("weight"),
                     reduction(), draw_seed());
}

std::string equal_id() {
  return fmt::format("cross_entropy/backward/{}/n{}_c{}{}{}/sum{}", draw_dtype(), draw_size(),
                     draw_number({2, 4, 16, 128}), draw_word({"", "_d7"}), ignored(), draw_seed());
}

std::vector<Property> examples() {
  return {
      example("the_mean_of_no_row_is_nan", "0 / 0 taken for 0", "cross_entropy/forward/f32/n0_c3",
              a_mean_over_nothing_is_not_nan),
      example("the_mean_of_ignored_rows_is_nan", "0 / 0 taken for 0",
              "cross_entropy/forward/f32/n4_c3/ignore1", a_mean_over_nothing_is_not_nan),
      example("an_ignored_row_has_no_gradient_but_that_of_its_nan",
              "a gradient of an ignored row that is NaN, or not where LibTorch's is",
              "cross_entropy/backward/f32/n4_c3/ignore1", an_ignored_row_has_another_gradient),
      example("a_label_out_of_range_is_refused_with_its_row", "a label read in 32 bits",
              "cross_entropy/forward/f32/n4_c3", a_label_out_of_range_is_taken),
      example("labels_have_no_gradient", "a gradient written over labels",
              "cross_entropy/backward/f32/n4_c3", labels_have_a_gradient),
  };
}

}  // namespace

std::vector<Property> cross_entropy_properties() {
  std::vector<Property> out = {
      claim(
          "loss_is_that_of_a_host_loop_within_its_rounding", "any term of the loss",
          [] { return any_id("forward") + draw_layout(); }, loss_differs_from_a_host_loop),
      claim(
          "gradients_are_those_of_a_host_loop_within_their_rounding", "any term of a gradient",
          [] { return any_id("backward") + draw_layout(); }, gradients_differ_from_a_host_loop),
      claim("equal_logits_over_a_power_of_two_of_classes_have_exact_gradients",
            "a maximum or a sum that is off", equal_id, equal_logits_have_inexact_gradients),
      claim(
          "a_shift_of_the_logits_changes_no_bit", "exp without the maximum taken off",
          [] {
            return any_id(draw_word({"forward", "backward"})) + "/exact";
          },
          a_shift_of_the_logits_shows),
      claim(
          "one_hot_probabilities_give_the_bits_of_labels", "labels and probabilities that differ",
          [] {
            return "cross_entropy/" + draw_word({"forward", "backward"}) + "/" + draw_dtype() +
                   "/" + sizes() + draw_option("weight") + draw_word({"/none", "/sum"}) +
                   draw_seed();
          },
          one_hot_probabilities_differ),
      claim(
          "a_row_has_the_same_bits_alone_and_in_a_batch", "what stands in the other rows",
          [] { return any_id("forward"); }, a_row_depends_on_the_others),
      claim(
          "labels_of_one_byte_give_the_same_bits", "bytes read as 64 bits",
          [] { return loss_of_labels_id(smoothing()); }, labels_of_one_byte_differ),
      gradients_pass_gradcheck(gradcheck_id),
  };
  for (const char* direction : {"forward", "backward"})
    for (const Property& p : invariance(direction, [direction] { return any_id(direction); }))
      out.push_back(p);
  for (const Property& p : examples()) out.push_back(p);
  return out;
}

}  // namespace plumb::properties
