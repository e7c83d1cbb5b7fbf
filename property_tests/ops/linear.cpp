// Properties of linear.
#include "impl/ops/linear.h"

#include <fmt/format.h>

#include <cmath>

#include "golden/cases/elements.h"
#include "golden/harness/device_arrays.h"
#include "property_tests/harness/draw.h"
#include "property_tests/harness/generic.h"

namespace plumb::properties {
namespace {

using golden::Case;
using golden::download;
using golden::HostArray;
using golden::InputSet;
using golden::make_array;

std::string sizes_id(const std::string& direction, const std::string& dtype) {
  return fmt::format("linear/{}/{}/n{}_in{}_out{}", direction, dtype, draw_size_or_0(),
                     draw_depth(), draw_size_or_0());
}

/// Sums of these are exact in any order.
std::string dyadic_id(const std::string& direction) {
  return sizes_id(direction, draw_dtype()) + draw_option("nobias") +
         draw_word({"/exact", "/wide"}) + draw_layout() + draw_seed();
}

std::string uniform_id(const std::string& direction) {
  return sizes_id(direction, draw_dtype()) + draw_option("nobias") + draw_seed();
}

/// A matrix on the host, or its transposed.
struct Matrix {
  const HostArray& array;
  bool turned = false;

  std::int64_t rows() const { return array.shape[turned ? 1 : 0]; }
  std::int64_t columns() const { return array.shape[turned ? 0 : 1]; }
  double at(std::int64_t i, std::int64_t j) const {
    const std::int64_t place = turned ? j * array.shape[1] + i : i * array.shape[1] + j;
    return array.values[static_cast<std::size_t>(place)];
  }
};

/// sum_k a[m, k] b[k, n] + offset[n] in long double, rounded once.
HostArray product(const Matrix& a, const Matrix& b, const HostArray* offset = nullptr) {
  const std::int64_t n = b.columns();
  return make_array({a.rows(), n}, a.array.dtype, [&](std::size_t i) {
    const auto row = static_cast<std::int64_t>(i) / n, column = static_cast<std::int64_t>(i) % n;
    long double sum = offset ? offset->values[static_cast<std::size_t>(column)] : 0;
    for (std::int64_t k = 0; k < a.columns(); ++k)
      sum += static_cast<long double>(a.at(row, k)) * static_cast<long double>(b.at(k, column));
    return sum;
  });
}

HostArray column_sums(const HostArray& a) {
  const HostArray one = make_array({1, a.shape[0]}, a.dtype, [](std::size_t) { return 1; });
  HostArray out = product({one}, {a});
  out.shape = {a.shape[1]};
  return out;
}

std::string forward_differs_from_a_host_loop(const Case& c) {
  const Arrays in = inputs_of(c);
  const HostArray* bias = in.contains("bias") ? &in.at("bias") : nullptr;
  return difference(run(c), {{"y", product({in.at("x")}, {in.at("weight"), true}, bias)}});
}

std::string backward_differs_from_a_host_loop(const Case& c) {
  const Arrays in = inputs_of(c);
  const HostArray &x = in.at("x"), &weight = in.at("weight"), &dy = in.at("dy");
  Arrays want = {{"dx", product({dy}, {weight})}, {"dweight", product({dy, true}, {x})}};
  if (in.contains("bias")) want["dbias"] = column_sums(dy);
  return difference(run(c), want);
}

/// The order of matmul.cuh: fma upwards in chunks of 128, the chunks' sums added, then the bias.
template <class Accum>
HostArray in_the_order_of_the_kernel(const Arrays& in) {
  const HostArray &x = in.at("x"), &weight = in.at("weight"), &bias = in.at("bias");
  const auto depth = static_cast<std::size_t>(x.shape[1]);
  const auto out = static_cast<std::size_t>(weight.shape[0]);
  return make_array({x.shape[0], weight.shape[0]}, x.dtype, [&](std::size_t i) {
    const std::size_t row = i / out, column = i % out;
    Accum total = 0;
    for (std::size_t begin = 0; begin < depth; begin += 128) {
      Accum chunk = 0;
      for (std::size_t k = begin; k < std::min(begin + 128, depth); ++k)
        chunk = std::fma(static_cast<Accum>(x.values[row * depth + k]),
                         static_cast<Accum>(weight.values[column * depth + k]), chunk);
      total += chunk;
    }
    return static_cast<long double>(total + static_cast<Accum>(bias.values[column]));
  });
}

std::string forward_differs_from_its_order_of_sums(const Case& c) {
  const Arrays in = inputs_of(c);
  const HostArray want = c.dtype == Dtype::f64 ? in_the_order_of_the_kernel<double>(in)
                                               : in_the_order_of_the_kernel<float>(in);
  return difference(run(c), {{"y", want}});
}

std::string a_row_depends_on_the_others(const Case& c) {
  const InputSet in(c);
  const Tensor &x = in.tensors().at("x"), &weight = in.tensors().at("weight");
  if (x.shape()[0] == 0) return "";
  const auto row = static_cast<std::int64_t>(golden::word_at(c.seed, 0, 0)) & 0xffff;
  const Tensor one = x.narrow(0, row % x.shape()[0], 1);
  const Tensor y = linear_forward(x, weight, nullptr).narrow(0, row % x.shape()[0], 1);
  return golden::difference(download(linear_forward(one, weight, nullptr)), download(y));
}

std::string twice_the_input_is_not_twice_the_output(const Case& c) {
  Arrays in = inputs_of(c);
  HostArray want = run(c, in).at("y");
  for (double& value : want.values)
    value = golden::round_to(c.dtype, 2 * static_cast<long double>(value));
  for (double& value : in.at("x").values) value *= 2;
  const double subnormal = c.dtype == Dtype::f16 ? 0x1p-24 : 0;  // halves below 2^-14 are rounded
  return golden::difference_beyond(run(c, in).at("y"), want,
                                   [&](std::size_t) { return subnormal; });
}

/// Columns of y in the reverse order.
HostArray reversed_columns(const HostArray& y) {
  const std::int64_t columns = y.shape[1];
  return make_array(y.shape, y.dtype, [&](std::size_t i) {
    const auto row = static_cast<std::int64_t>(i) / columns;
    return Matrix{y}.at(row, columns - 1 - static_cast<std::int64_t>(i) % columns);
  });
}

std::string reversed_outputs_differ(const Case& c) {
  Arrays in = inputs_of(c);
  const HostArray y = run(c, in).at("y"), weight = in.at("weight");
  const std::int64_t depth = weight.shape[1];
  in.at("weight") = make_array(weight.shape, c.dtype, [&](std::size_t i) {
    const auto place = static_cast<std::int64_t>(i);
    return Matrix{weight}.at(weight.shape[0] - 1 - place / depth, place % depth);
  });
  return golden::difference(run(c, in).at("y"), reversed_columns(y));
}

std::string transposed_views_differ(const Case& c) {
  const InputSet in(c);
  const auto turned = [&](const char* name) {
    return in.tensors().at(name).transpose(0, 1).clone().transpose(0, 1);
  };
  const Tensor y = linear_forward(turned("x"), turned("weight"), nullptr);
  return difference({{"y", download(y)}}, run(c));
}

std::string backward_is_not_the_adjoint(const Case& c) {
  const Arrays in = inputs_of(c), grads = run(c);
  const Arrays forward_in = {{"x", in.at("x")}, {"weight", in.at("weight")}};
  const double want = inner(in.at("dy"), run(in_direction(c, "forward"), forward_in).at("y"));
  const double of_x = inner(in.at("x"), grads.at("dx"));
  const double of_weight = inner(in.at("weight"), grads.at("dweight"));
  if (of_x == want && of_weight == want) return "";
  return fmt::format("<dy, y> is {}, <dx, x> {}, <dweight, weight> {}", want, of_x, of_weight);
}

std::string halves_of_the_batch_do_not_add_up(const Case& c) {
  const InputSet in(c);
  const Tensor &x = in.tensors().at("x"), &weight = in.tensors().at("weight"),
               &dy = in.tensors().at("dy");
  const std::int64_t rows = x.shape()[0], half = rows / 2;
  const auto part = [&](std::int64_t begin, std::int64_t count) {
    return download(
        linear_backward(dy.narrow(0, begin, count), x.narrow(0, begin, count), weight).dweight);
  };
  HostArray sum = part(0, half);
  const HostArray rest = part(half, rows - half);
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += rest.values[i];
  return golden::difference(sum, run(c).at("dweight"));
}

/// 37 rows of a case of many large tiles, alone and among the others: the small tile's bits.
std::string the_large_tile_differs_from_the_small_one(const Case& c) {
  const InputSet in(c);
  const Tensor &x = in.tensors().at("x"), &weight = in.tensors().at("weight"),
               &dy = in.tensors().at("dy");
  const auto few = [](const Tensor& t) { return t.narrow(0, 1500, 37); };
  const std::string forward = golden::difference(download(linear_forward(few(x), weight, nullptr)),
                                                 download(few(linear_forward(x, weight, nullptr))));
  if (!forward.empty()) return "y: " + forward;
  return golden::difference(download(linear_backward(few(dy), few(x), weight).dx),
                            download(few(linear_backward(dy, x, weight).dx)));
}

std::string the_large_tile_of_dweight_differs(const Case& c) {
  const InputSet in(c);
  const Tensor &x = in.tensors().at("x"), &weight = in.tensors().at("weight"),
               &dy = in.tensors().at("dy");
  const LinearGrads few = linear_backward(dy.narrow(1, 1500, 40), x, weight.narrow(0, 1500, 40));
  const LinearGrads all = linear_backward(dy, x, weight);
  return golden::difference(download(few.dweight), download(all.dweight.narrow(0, 1500, 40)));
}

std::string leading_dimensions_are_lost(const Case& c) {
  const InputSet in(c);
  const Tensor &x = in.tensors().at("x"), &weight = in.tensors().at("weight"),
               &bias = in.tensors().at("bias");
  const Tensor deep = linear_forward(x.view({2, 3, 4, 5}), weight, &bias);
  const Tensor vector = linear_forward(x.select(0, 7), weight, &bias);
  if (deep.shape() != Shape{2, 3, 4, 3} || vector.shape() != Shape{3})
    return "shapes " + to_string(deep.shape()) + " and " + to_string(vector.shape());
  return golden::difference(download(vector), download(deep.view({24, 3}).select(0, 7)));
}

std::string gradients_that_nobody_needs_are_made(const Case& c) {
  const InputSet in(c);
  const LinearGrads grads = linear_backward(in.tensors().at("dy"), in.tensors().at("x"),
                                            in.tensors().at("weight"), {false, true, false});
  const bool right = !grads.dx.defined() && grads.dweight.defined() && !grads.dbias.defined();
  return right ? "" : "asked for dweight alone, got another set of gradients";
}

std::vector<Property> examples() {
  return {
      example("the_large_tile_has_the_bits_of_the_small_one",
              "more tiles than any profile has multiprocessors",
              "linear/backward/f32/n1537_in300_out1411/nobias",
              the_large_tile_differs_from_the_small_one),
      example("the_large_tile_has_the_bits_of_the_small_one_in_bf16", "the same for halves",
              "linear/backward/bf16/n1537_in300_out1411/nobias",
              the_large_tile_differs_from_the_small_one),
      example("the_large_tile_of_a_weight_gradient_has_the_bits_of_the_small_one",
              "the same for dweight", "linear/backward/f32/n150_in1412_out1540/nobias",
              the_large_tile_of_dweight_differs),
      example("a_bias_gradient_over_many_rows_is_exact_on_dyadic_inputs",
              "three blocks of rows whose sums are added in a second pass",
              "linear/backward/f32/n2500_in1_out45/exact", backward_differs_from_a_host_loop),
      example("leading_dimensions_are_kept", "a batch of several dimensions flattened for good",
              "linear/forward/f32/n24_in5_out3/exact", leading_dimensions_are_lost),
      example("only_the_needed_gradients_are_made", "memory and time for what nobody asked",
              "linear/backward/f32/n4_in5_out3", gradients_that_nobody_needs_are_made),
  };
}

}  // namespace

std::vector<Property> linear_properties() {
  const Ids forward_ids = [] { return uniform_id("forward"); };
  const Ids without_bias = [] {
    return sizes_id("forward", draw_dtype()) + "/nobias" + draw_seed();
  };
  const Ids adjoint_ids = [] {
    return sizes_id("backward", "f64") + "/nobias" + draw_word({"/exact", "/wide"}) + draw_seed();
  };
  std::vector<Property> out = {
      claim(
          "forward_of_dyadic_inputs_has_the_bits_of_a_host_loop",
          "tails, pads and races: one rounding is all there is",
          [] { return dyadic_id("forward"); }, forward_differs_from_a_host_loop),
      claim(
          "backward_of_dyadic_inputs_has_the_bits_of_a_host_loop", "the same for each gradient",
          [] { return dyadic_id("backward"); }, backward_differs_from_a_host_loop),
      claim(
          "forward_has_the_bits_of_its_order_of_sums_in_plain_cpp",
          "an order of sums that is not what matmul.cuh says",
          [] { return sizes_id("forward", draw_dtype()) + draw_seed(); },
          forward_differs_from_its_order_of_sums),
      claim("a_row_has_the_same_bits_alone_and_in_a_batch",
            "what stands in the other rows, and how many", forward_ids,
            a_row_depends_on_the_others),
      claim("twice_the_input_gives_twice_the_output", "a constant added, a square", without_bias,
            twice_the_input_is_not_twice_the_output),
      claim("reversing_the_rows_of_weight_reverses_the_outputs", "a column of another row",
            without_bias, reversed_outputs_differ),
      claim("transposed_views_give_the_bits_of_dense_inputs", "strides of the other dimension",
            without_bias, transposed_views_differ),
      claim("backward_is_the_adjoint_of_forward", "a gradient of the other factor", adjoint_ids,
            backward_is_not_the_adjoint),
      claim("weight_gradients_of_two_halves_of_a_batch_add_up",
            "micro-batches that are not the batch", adjoint_ids, halves_of_the_batch_do_not_add_up),
      gradients_pass_gradcheck([] {
        return fmt::format("linear/backward/f64/n{}_in{}_out{}{}", 1 + draw_size() % 6,
                           1 + draw_size() % 9, 1 + draw_size() % 5, draw_seed());
      }),
  };
  for (const char* direction : {"forward", "backward"})
    for (const Property& p : invariance(direction, [direction] { return uniform_id(direction); }))
      out.push_back(p);
  for (const Property& p : examples()) out.push_back(p);
  return out;
}

}  // namespace plumb::properties
