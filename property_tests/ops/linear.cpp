// Properties of linear_forward and linear_backward.
#include "impl/ops/linear.h"

#include <gtest/gtest.h>

#include "property_tests/gradcheck.h"
#include "property_tests/harness/generate.h"
#include "property_tests/harness/refusal.h"

namespace plumb::test {
namespace {

struct LinearCase {
  Dtype dtype;
  std::int64_t rows, in, out;
  bool bias;
  Fill fill;  // of x and dy; what multiplies them is `small`, or `signs` beside `wide`
  Place place;
  std::uint64_t seed;

  Fill partner() const { return fill == Fill::wide ? Fill::signs : fill; }
  HostArray x() const { return filled({rows, in}, dtype, fill, seed); }
  HostArray weight() const { return filled({out, in}, dtype, partner(), seed + 1); }
  HostArray bias_values() const { return filled({out}, dtype, fill, seed + 2); }
  HostArray dy() const { return filled({rows, out}, dtype, partner(), seed + 3); }
};

std::ostream& operator<<(std::ostream& out, const LinearCase& c) {
  const char* fills[] = {"small", "wide", "signs", "real"};
  const char* places[] = {"plain", "misaligned", "strided"};
  return out << "linear/" << c.dtype << "/n" << c.rows << "_i" << c.in << "_o" << c.out
             << (c.bias ? "/bias" : "") << "/" << fills[static_cast<int>(c.fill)] << "/"
             << places[static_cast<int>(c.place)] << "/seed" << c.seed;
}

Tensor run_forward(const LinearCase& c) {
  const Tensor bias = upload(c.bias_values(), c.place);
  return linear_forward(upload(c.x(), c.place), upload(c.weight(), c.place),
                        c.bias ? &bias : nullptr, {});
}

LinearGrads run_backward(const LinearCase& c) {
  return linear_backward(upload(c.dy(), c.place), upload(c.x(), c.place),
                         upload(c.weight(), c.place), {}, {});
}

/// out[m, n] = sum_k a(m, k) b(k, n) + offset(n) in long double, rounded once.
template <class A, class B, class Offset>
HostArray product(Dtype dtype, std::int64_t m, std::int64_t n, std::int64_t k, A a, B b,
                  Offset offset) {
  return make_array({m, n}, dtype, [&](std::size_t i) {
    const auto row = static_cast<std::int64_t>(i) / n, column = static_cast<std::int64_t>(i) % n;
    long double sum = offset(column);
    for (std::int64_t j = 0; j < k; ++j)
      sum += static_cast<long double>(a(row, j)) * static_cast<long double>(b(j, column));
    return sum;
  });
}

/// at(i, j) of a matrix, at(j, i) of its transposed.
auto at(const HostArray& a) {
  return [&a](std::int64_t i, std::int64_t j) {
    return a.values[static_cast<std::size_t>(i * a.shape[1] + j)];
  };
}
auto turned(const HostArray& a) {
  return [get = at(a)](std::int64_t i, std::int64_t j) { return get(j, i); };
}

HostArray host_forward(const LinearCase& c) {
  const HostArray x = c.x(), weight = c.weight(), bias = c.bias_values();
  return product(c.dtype, c.rows, c.out, c.in, at(x), turned(weight), [&](std::int64_t n) {
    return c.bias ? bias.values[static_cast<std::size_t>(n)] : 0.0;
  });
}

constexpr auto kNothing = [](std::int64_t) { return 0.0; };

}  // namespace
}  // namespace plumb::test

namespace rc {

template <>
struct Arbitrary<plumb::test::LinearCase> {
  static Gen<plumb::test::LinearCase> arbitrary() {
    using plumb::test::Fill;
    using plumb::test::LinearCase;
    return gen::build<LinearCase>(
        gen::set(&LinearCase::dtype, plumb::test::floating_dtype()),
        gen::set(&LinearCase::rows, plumb::test::edge_size()),
        gen::set(&LinearCase::in, plumb::test::edge_depth()),
        gen::set(&LinearCase::out, plumb::test::edge_size()), gen::set(&LinearCase::bias),
        gen::set(&LinearCase::fill, gen::element(Fill::small, Fill::wide)),
        gen::set(&LinearCase::place, plumb::test::any_place()),
        gen::set(&LinearCase::seed, plumb::test::any_seed()));
  }
};

}  // namespace rc

namespace plumb::test {
namespace {

// Dyadic sums are exact in any order, so one rounding is all there is: tails, pads and races show.
RC_GTEST_PROP(LinearProps, forwardOfDyadicInputsHasTheBitsOfALongDoubleLoop,
              (const LinearCase& c)) {
  const HostArray y = download(run_forward(c));

  RC_ASSERT(difference(y, host_forward(c)) == "");
}

// The same for dx = dy weight.
RC_GTEST_PROP(LinearProps, inputGradientOfDyadicInputsHasTheBitsOfALongDoubleLoop,
              (const LinearCase& c)) {
  const HostArray dy = c.dy(), weight = c.weight();

  const HostArray dx = download(run_backward(c).dx);

  const HostArray want = product(c.dtype, c.rows, c.in, c.out, at(dy), at(weight), kNothing);
  RC_ASSERT(difference(dx, want) == "");
}

// The same for dweight = dy^T x.
RC_GTEST_PROP(LinearProps, weightGradientOfDyadicInputsHasTheBitsOfALongDoubleLoop,
              (const LinearCase& c)) {
  const HostArray dy = c.dy(), x = c.x();

  const HostArray dweight = download(run_backward(c).dweight);

  const HostArray want = product(c.dtype, c.out, c.in, c.rows, turned(dy), at(x), kNothing);
  RC_ASSERT(difference(dweight, want) == "");
}

// The same for dbias = dy^T 1.
RC_GTEST_PROP(LinearProps, biasGradientOfDyadicInputsHasTheBitsOfALongDoubleLoop,
              (const LinearCase& c)) {
  const HostArray dy = c.dy();

  const HostArray dbias = download(run_backward(c).dbias);

  HostArray want = product(
      c.dtype, 1, c.out, c.rows, [](std::int64_t, std::int64_t) { return 1.0; }, at(dy), kNothing);
  want.shape = {c.out};
  RC_ASSERT(difference(dbias, want) == "");
}

// A product of a row is its own: what stands in the other rows, and how many, changes no bit.
RC_GTEST_PROP(LinearProps, aRowHasTheSameBitsAloneAndInABatch, (LinearCase c)) {
  c.rows += 1;
  c.fill = Fill::real;
  const Tensor x = upload(c.x()), weight = upload(c.weight());
  const std::int64_t row = index_of(c.rows, c.seed, 0);

  const HostArray batch = download(linear_forward(x, weight, nullptr, {}).narrow(0, row, 1));
  const HostArray alone = download(linear_forward(x.narrow(0, row, 1), weight, nullptr, {}));

  RC_ASSERT(difference(alone, batch) == "");
}

// Scaling by 2 only moves exponents, which nothing here brings to their ends.
RC_GTEST_PROP(LinearProps, forwardOfTwiceTheInputIsTwiceTheOutput, (LinearCase c)) {
  c.fill = Fill::real;
  c.bias = false;
  HostArray x = c.x();
  const HostArray y = download(linear_forward(upload(x), upload(c.weight()), nullptr, {}));
  for (double& value : x.values) value *= 2;

  const HostArray doubled = download(linear_forward(upload(x), upload(c.weight()), nullptr, {}));

  HostArray want = y;
  for (double& value : want.values) value = round_to(c.dtype, 2 * static_cast<long double>(value));
  const double subnormal = c.dtype == Dtype::f16 ? 0x1p-24 : 0;  // halves below 2^-14 are rounded
  RC_ASSERT(difference_beyond(doubled, want, [&](std::size_t) { return subnormal; }) == "");
}

// Rows of weight are outputs: putting them in another order does it to the outputs, bit by bit.
RC_GTEST_PROP(LinearProps, reversingTheRowsOfWeightReversesTheOutputs, (LinearCase c)) {
  c.fill = Fill::real;
  c.bias = false;
  HostArray reversed = c.weight();
  const HostArray weight = reversed;
  for (std::int64_t o = 0; o < c.out; ++o)
    for (std::int64_t i = 0; i < c.in; ++i)
      reversed.values[static_cast<std::size_t>(o * c.in + i)] = at(weight)(c.out - 1 - o, i);

  const HostArray y = download(linear_forward(upload(c.x()), upload(weight), nullptr, {}));
  const HostArray z = download(linear_forward(upload(c.x()), upload(reversed), nullptr, {}));

  const HostArray want = make_array({c.rows, c.out}, c.dtype, [&](std::size_t i) {
    const auto row = static_cast<std::int64_t>(i) / c.out, o = static_cast<std::int64_t>(i) % c.out;
    return at(y)(row, c.out - 1 - o);
  });
  RC_ASSERT(difference(z, want) == "");
}

// Only the strides differ, so the product does not: transposed views of transposed memory.
RC_GTEST_PROP(LinearProps, transposedViewsGiveTheBitsOfDenseInputs, (LinearCase c)) {
  c.fill = Fill::real;
  const Tensor x = upload(c.x()), weight = upload(c.weight());
  const Tensor x_view = x.transpose(0, 1).clone().transpose(0, 1);
  const Tensor weight_view = weight.transpose(0, 1).clone().transpose(0, 1);

  const HostArray dense = download(linear_forward(x, weight, nullptr, {}));
  const HostArray viewed = download(linear_forward(x_view, weight_view, nullptr, {}));

  RC_ASSERT(difference(viewed, dense) == "");
}

// The adjoint: <dy, y(x)> = <dx(dy), x> = <dweight, weight>; exact with dyadic numbers in double.
RC_GTEST_PROP(LinearProps, gradientsAreTheAdjointOfTheMap, (LinearCase c)) {
  c.dtype = Dtype::f64;
  c.bias = false;
  auto inner = [](const HostArray& a, const HostArray& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
    return sum;
  };

  const double forward = inner(c.dy(), download(run_forward(c)));
  const LinearGrads grads = run_backward(c);

  RC_ASSERT(inner(c.x(), download(grads.dx)) == forward);
  RC_ASSERT(inner(c.weight(), download(grads.dweight)) == forward);
}

// The function is trilinear in (x, weight), (dy); central differences leave rounding alone.
RC_GTEST_PROP(LinearProps, gradientsPassGradcheck, (LinearCase c)) {
  c.dtype = Dtype::f64;
  c.fill = Fill::real;
  c.place = Place::plain;
  c.bias = true;
  c.rows = 1 + c.rows % 6;
  c.in = 1 + c.in % 9;
  c.out = 1 + c.out % 5;
  Vector place = c.x().values;
  const Vector weight = c.weight().values, bias = c.bias_values().values, dy = c.dy().values;
  place.insert(place.end(), weight.begin(), weight.end());
  place.insert(place.end(), bias.begin(), bias.end());
  auto piece = [&](const Vector& all, std::size_t begin, Shape shape) {
    const auto count = static_cast<std::size_t>(count_of(shape));
    return make_array(shape, Dtype::f64, [&](std::size_t i) { return all[begin + i % count]; });
  };
  const std::size_t weight_begin = c.x().values.size(), bias_begin = weight_begin + weight.size();
  auto loss = [&](const Vector& all) {
    const Tensor b = upload(piece(all, bias_begin, {c.out}));
    const HostArray y =
        download(linear_forward(upload(piece(all, 0, {c.rows, c.in})),
                                upload(piece(all, weight_begin, {c.out, c.in})), &b, {}));
    double sum = 0;
    for (std::size_t i = 0; i < dy.size(); ++i) sum += dy[i] * y.values[i];
    return sum;
  };
  const LinearGrads grads = run_backward(c);
  Vector gradient = download(grads.dx).values;
  for (const Tensor& part : {grads.dweight, grads.dbias}) {
    const Vector values = download(part).values;
    gradient.insert(gradient.end(), values.begin(), values.end());
  }
  const Vector direction =
      filled({static_cast<std::int64_t>(place.size())}, Dtype::f64, Fill::real, c.seed + 9).values;

  const GradcheckResult result = gradcheck(loss, place, gradient, direction);

  RC_ASSERT(result.relative <= kGradcheckLimit);
}

TEST(LinearProps, TheLargeTileHasTheBitsOfTheSmallOne) {
  // 1537 x 1411 outputs are more large tiles than any profile has multiprocessors; a band of rows
  // takes the small tile. Real values: the order of the sums must agree, not only their values.
  for (Dtype dtype : {Dtype::f32, Dtype::bf16}) {
    const LinearCase c{dtype, 1537, 300, 1411, false, Fill::real, Place::plain, 5};
    const Tensor x = upload(c.x()), weight = upload(c.weight()), dy = upload(c.dy());
    const Tensor few_x = x.narrow(0, 1500, 37), few_dy = dy.narrow(0, 1500, 37);

    const HostArray band = download(linear_forward(x, weight, nullptr, {}).narrow(0, 1500, 37));
    const HostArray dx = download(linear_backward(dy, x, weight, {}, {}).dx.narrow(0, 1500, 37));

    EXPECT_EQ(difference(download(linear_forward(few_x, weight, nullptr, {})), band), "");
    EXPECT_EQ(difference(download(linear_backward(few_dy, few_x, weight, {}, {}).dx), dx), "");
  }
}

TEST(LinearProps, TheLargeTileOfAWeightGradientHasTheBitsOfTheSmallOne) {
  const LinearCase c{Dtype::f32, 150, 1412, 1540, false, Fill::real, Place::plain, 6};
  const Tensor x = upload(c.x()), weight = upload(c.weight()), dy = upload(c.dy());
  const Tensor few_dy = dy.narrow(1, 1500, 40), few_weight = weight.narrow(0, 1500, 40);

  const HostArray band =
      download(linear_backward(dy, x, weight, {}, {}).dweight.narrow(0, 1500, 40));

  EXPECT_EQ(difference(download(linear_backward(few_dy, x, few_weight, {}, {}).dweight), band), "");
}

TEST(LinearProps, ABiasGradientOverManyRowsIsExactOnDyadicInputs) {
  // 2500 rows: three row blocks whose partial sums are added in a second pass.
  const LinearCase c{Dtype::f32, 2500, 1, 45, false, Fill::small, Place::plain, 7};
  const HostArray dy = c.dy();

  const HostArray dbias = download(run_backward(c).dbias);

  const HostArray want = make_array({c.out}, c.dtype, [&](std::size_t n) {
    long double sum = 0;
    for (std::int64_t m = 0; m < c.rows; ++m) sum += at(dy)(m, static_cast<std::int64_t>(n));
    return sum;
  });
  EXPECT_EQ(difference(dbias, want), "");
}

TEST(LinearProps, LeadingDimensionsAreKept) {
  const LinearCase c{Dtype::f32, 24, 5, 3, true, Fill::small, Place::plain, 8};
  const Tensor weight = upload(c.weight()), bias = upload(c.bias_values()), x = upload(c.x());

  const Tensor deep = linear_forward(x.view({2, 3, 4, 5}), weight, &bias, {});
  const Tensor vector = linear_forward(x.select(0, 7), weight, &bias, {});

  EXPECT_EQ(deep.shape(), (Shape{2, 3, 4, 3}));
  EXPECT_EQ(vector.shape(), (Shape{3}));
  EXPECT_EQ(difference(download(vector), download(deep.view({24, 3}).select(0, 7))), "");
}

TEST(LinearProps, OnlyTheNeededGradientsAreMade) {
  const LinearCase c{Dtype::f32, 4, 5, 3, true, Fill::small, Place::plain, 9};

  const LinearGrads grads =
      linear_backward(upload(c.dy()), upload(c.x()), upload(c.weight()), {false, true, false}, {});

  EXPECT_FALSE(grads.dx.defined());
  EXPECT_TRUE(grads.dweight.defined());
  EXPECT_FALSE(grads.dbias.defined());
}

TEST(LinearProps, AMisfitIsRefusedInOneLineThatNamesIt) {
  const Tensor x = Tensor::zeros({2, 5}, Dtype::f32), weight = Tensor::zeros({3, 4}, Dtype::f32);
  const Tensor bias = Tensor::zeros({4}, Dtype::f32), fit = Tensor::zeros({3, 5}, Dtype::f32);

  const std::string features = refusal<ShapeError>([&] { linear_forward(x, weight, nullptr, {}); });
  const std::string of_bias = refusal<ShapeError>([&] { linear_forward(x, fit, &bias, {}); });
  const std::string dtype =
      refusal<ShapeError>([&] { linear_forward(x, fit.to(Dtype::f64), nullptr, {}); });
  const std::string whole =
      refusal<ShapeError>([&] { linear_forward(x.to(Dtype::i64), fit, nullptr, {}); });
  const std::string of_dy = refusal<ShapeError>([&] { linear_backward(x, x, fit, {}, {}); });

  EXPECT_NE(features.find("x of shape [2, 5] has 5 features, weight of shape [3, 4] takes 4"),
            std::string::npos)
      << features;
  EXPECT_NE(of_bias.find("bias has shape [4], need [3]"), std::string::npos) << of_bias;
  EXPECT_NE(dtype.find("weight has dtype f64, x has f32"), std::string::npos) << dtype;
  EXPECT_NE(whole.find("x has dtype i64 [f64, f32, f16, bf16]"), std::string::npos) << whole;
  EXPECT_NE(of_dy.find("dy has shape [2, 5], need [2, 3]"), std::string::npos) << of_dy;
}

}  // namespace
}  // namespace plumb::test
