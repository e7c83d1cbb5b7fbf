// Properties of relu.
#include "impl/ops/relu.h"

#include <fmt/format.h>

#include <cmath>

#include "golden/harness/device_arrays.h"
#include "property_tests/harness/draw.h"
#include "property_tests/harness/generic.h"

namespace plumb::properties {
namespace {

using golden::Case;
using golden::HostArray;

/// Odd counts leave a ragged end of the last pack; edge values stand among ordinary ones.
std::string plain_id(const std::string& direction, const std::string& dtype) {
  return fmt::format("relu/{}/{}/n{}_c{}{}{}", direction, dtype, draw_size_or_0(), draw_size_or_0(),
                     draw_word({"/special", "/edge", "/uniform"}), draw_seed());
}

std::string any_id(const std::string& direction) {
  return plain_id(direction, draw_dtype()) + draw_layout();
}

HostArray mapped(HostArray array, double (*function)(double)) {
  for (double& value : array.values) value = function(value);
  return array;
}

HostArray forward(const Case& c, const HostArray& x) { return run(c, {{"x", x}}).at("y"); }

std::string forward_differs_from_the_definition(const Case& c) {
  const HostArray x = inputs_of(c).at("x");
  return golden::difference(forward(c, x), mapped(x, [](double v) { return v < 0 ? 0.0 : v; }));
}

std::string backward_differs_from_the_definition(const Case& c) {
  const Arrays inputs = inputs_of(c);
  HostArray want = inputs.at("dy");
  const HostArray& x = inputs.at("x");
  for (std::size_t i = 0; i < want.values.size(); ++i)
    if (x.values[i] <= 0) want.values[i] = 0;
  return golden::difference(run(c).at("dx"), want);
}

std::string gradient_from_the_input_differs(const Case& c) {
  const golden::InputSet in(c);
  const Tensor &x = in.tensors().at("x"), &dy = in.tensors().at("dy");
  return golden::difference(golden::download(relu_backward(dy, x, {})), run(c).at("dx"));
}

std::string a_second_pass_changes(const Case& c) {
  const HostArray y = forward(c, inputs_of(c).at("x"));
  return golden::difference(forward(c, y), y);
}

std::string halves_do_not_make_up_the_input(const Case& c) {
  const HostArray x =
      mapped(inputs_of(c).at("x"), [](double v) { return std::isfinite(v) ? v + 0.0 : 1.0; });
  HostArray sum = forward(c, x);
  const HostArray down = forward(c, mapped(x, [](double v) { return -v; }));
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] -= down.values[i];
  return golden::difference(sum, x);
}

/// Keeps the steps of gradcheck off the kink.
void leave_the_kink(Arrays& inputs) {
  for (double& value : inputs.at("x").values)
    if (std::fabs(value) < 4e-3) value = 0.5;
}

}  // namespace

std::vector<Property> relu_properties() {
  const Ids forward_ids = [] { return any_id("forward"); };
  const Ids backward_ids = [] { return any_id("backward"); };
  std::vector<Property> out = {
      claim("forward_keeps_the_bits_of_what_is_not_below_zero", "fmaxf(x, 0): it drops NaN and -0",
            forward_ids, forward_differs_from_the_definition),
      claim("backward_passes_the_gradient_unless_x_is_at_most_zero",
            "the derivative at 0 is 0, at NaN it is 1", backward_ids,
            backward_differs_from_the_definition),
      claim("the_gradient_is_the_same_from_the_input_as_from_the_result",
            "a caller that saves x instead of y", backward_ids, gradient_from_the_input_differs),
      claim("is_idempotent", "a result below zero", forward_ids, a_second_pass_changes),
      claim("the_halves_of_x_and_of_minus_x_make_up_x", "an element of another place", forward_ids,
            halves_do_not_make_up_the_input),
      an_element_depends_on_itself_alone(forward_ids),
      gradients_pass_gradcheck(
          [] {
            return fmt::format("relu/backward/f64/n{}_c{}{}", draw_size() % 10, draw_size() % 10,
                               draw_seed());
          },
          leave_the_kink),
      example("many_blocks_and_a_ragged_end", "a place computed in too few bits",
              "relu/forward/f32/n3_c100001", forward_differs_from_the_definition),
  };
  for (const char* direction : {"forward", "backward"})
    for (const Property& p :
         invariance(direction, [direction] { return plain_id(direction, draw_dtype()); }))
      out.push_back(p);
  return out;
}

}  // namespace plumb::properties
