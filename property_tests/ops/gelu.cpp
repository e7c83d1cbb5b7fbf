// Properties of gelu.
#include "impl/ops/gelu.h"

#include <fmt/format.h>

#include <cmath>

#include "property_tests/harness/bounded.h"
#include "property_tests/harness/draw.h"
#include "property_tests/harness/generic.h"

namespace plumb::properties {
namespace {

using golden::Case;
using golden::HostArray;

constexpr long double kSqrtTwoOverPi = 0.797884560802865355879892119868763737L;
constexpr long double kCubic = 0.044715L;

std::string id_of(const std::string& direction, const std::string& dtype) {
  return fmt::format("gelu/{}/{}/n{}_c{}{}{}{}", direction, dtype, draw_size_or_0(),
                     draw_size_or_0(), draw_option("tanh"),
                     draw_word({"/normal", "/x6", "/x0.5/at-5.5"}), draw_seed());
}

std::string any_id(const std::string& direction) { return id_of(direction, draw_dtype()); }

bool is_tanh(const Case& c) { return c.attributes.at("approximate") == "tanh"; }

/// Phi or what stands for it, and its derivative.
struct Cdf {
  long double value, slope;

  static Cdf normal(long double x) {
    return {std::erfc(-x / std::sqrt(2.0L)) / 2, std::exp(-x * x / 2) * kSqrtTwoOverPi / 2};
  }
  static Cdf tanh(long double x) {
    const long double t = std::tanh(kSqrtTwoOverPi * (x + kCubic * x * x * x));
    const long double inner_slope = kSqrtTwoOverPi * (1 + 3 * kCubic * x * x);
    return {(1 + t) / 2, (1 - t * t) / 2 * inner_slope};
  }
};

long double roundoff(const Case& c) { return c.dtype == Dtype::f64 ? 0x1p-53L : 0x1p-24L; }

std::string forward_differs_from_the_definition(const Case& c) {
  const HostArray x = inputs_of(c).at("x");
  Bounded want;
  for (const long double v : x.values) {
    const long double y = v * (is_tanh(c) ? Cdf::tanh(v) : Cdf::normal(v)).value;
    want.value.push_back(y);
    want.bound.push_back(roundoff(c) * (4 * std::fabs(y) + 8 * std::fabs(v)));
  }
  return beyond(run(c).at("y"), want);
}

std::string backward_differs_from_the_definition(const Case& c) {
  const Arrays in = inputs_of(c);
  Bounded want;
  for (std::size_t i = 0; i < in.at("x").values.size(); ++i) {
    const long double v = in.at("x").values[i], dy = in.at("dy").values[i];
    const Cdf cdf = is_tanh(c) ? Cdf::tanh(v) : Cdf::normal(v);
    const long double dx = dy * (cdf.value + v * cdf.slope);
    want.value.push_back(dx);
    want.bound.push_back(roundoff(c) *
                         (4 * std::fabs(dx) + 8 * (1 + std::fabs(v)) * std::fabs(dy)));
  }
  return beyond(run(c).at("dx"), want);
}

/// x Phi(x) - (-x) Phi(-x) = x, since Phi(x) + Phi(-x) = 1; in f64.
std::string halves_do_not_make_up_the_input(const Case& c) {
  Arrays in = inputs_of(c);
  const HostArray x = in.at("x"), up = run(c, in).at("y");
  for (double& v : in.at("x").values) v = -v;
  HostArray difference = run(c, in).at("y");
  for (std::size_t i = 0; i < up.values.size(); ++i)
    difference.values[i] = up.values[i] - difference.values[i];
  return golden::difference_beyond(
      difference, x, [&](std::size_t i) { return 20 * 0x1p-53 * std::fabs(x.values[i]); });
}

/// The approximation is 4.8e-4 off at most (|x| around 2.3).
std::string forms_are_far_apart(const Case& c) {
  const HostArray y = run(c).at("y"), other = run(golden::make_case(c.text + "/tanh")).at("y");
  return golden::difference_beyond(other, y, [](std::size_t) { return 5e-4; });
}

std::string gradient_beyond_the_square_is_a_number() {
  const Case c = golden::make_case("gelu/backward/f32/n2/tanh");
  Arrays in = inputs_of(c);
  in.at("x").values = {golden::round_to(Dtype::f32, 1e19L), golden::round_to(Dtype::f32, 2e19L)};
  const HostArray dx = run(c, in).at("dx");
  return std::isnan(dx.values[1]) && dx.values[0] == in.at("dy").values[0]
             ? ""
             : fmt::format("dx is {} at 1e19 and {} at 2e19", dx.values[0], dx.values[1]);
}

}  // namespace

std::vector<Property> gelu_properties() {
  const Ids forward_ids = [] { return any_id("forward"); };
  const Ids backward_ids = [] { return any_id("backward"); };
  std::vector<Property> out = {
      claim("forward_is_the_definition_within_its_rounding", "any term of the formula", forward_ids,
            forward_differs_from_the_definition),
      claim("backward_is_the_definition_within_its_rounding", "any term of the derivative",
            backward_ids, backward_differs_from_the_definition),
      claim(
          "y_of_x_minus_y_of_minus_x_is_x", "a distribution whose halves are not 1 together",
          [] { return id_of("forward", "f64"); }, halves_do_not_make_up_the_input),
      claim(
          "the_two_forms_are_at_most_5e-4_apart", "another approximation",
          [] {
            return fmt::format("gelu/forward/f64/n{}_c{}/x6{}", draw_size(), draw_size(),
                               draw_seed());
          },
          forms_are_far_apart),
      an_element_depends_on_itself_alone(forward_ids),
      gradients_pass_gradcheck([] {
        return fmt::format("gelu/backward/f64/n{}_c{}{}/normal{}", draw_size() % 10,
                           draw_size() % 10, draw_option("tanh"), draw_seed());
      }),
      example("a_gradient_whose_square_overflows_is_nan",
              "the place that gelu.h says, moved without a word",
              gradient_beyond_the_square_is_a_number),
  };
  for (const char* direction : {"forward", "backward"})
    for (const Property& p : invariance(direction, [direction] { return any_id(direction); }))
      out.push_back(p);
  return out;
}

}  // namespace plumb::properties
