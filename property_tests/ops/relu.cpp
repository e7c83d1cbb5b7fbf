// Properties of relu_forward and relu_backward.
#include "impl/ops/relu.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "property_tests/gradcheck.h"
#include "property_tests/harness/generate.h"
#include "property_tests/harness/refusal.h"

namespace plumb::test {
namespace {

struct ReluCase {
  Dtype dtype;
  std::int64_t rows, columns;  // odd counts leave a ragged end of the last pack
  Place place;
  std::uint64_t seed;

  /// Real numbers with an edge value in every seventh place.
  HostArray x() const {
    HostArray array = filled({rows, columns}, dtype, Fill::real, seed);
    const double infinity = std::numeric_limits<double>::infinity();
    const double edges[] = {0.0, -0.0, infinity, -infinity, NAN, smallest(), -smallest()};
    for (std::size_t i = seed % 7; i < array.values.size(); i += 7)
      array.values[i] = edges[(seed + i) % 11 % 7];
    return array;
  }
  HostArray dy() const { return filled({rows, columns}, dtype, Fill::real, seed + 1); }
  double smallest() const {  // subnormal
    return dtype == Dtype::f64    ? 0x1p-1074
           : dtype == Dtype::f32  ? 0x1p-149
           : dtype == Dtype::bf16 ? 0x1p-133
                                  : 0x1p-24;
  }
};

std::ostream& operator<<(std::ostream& out, const ReluCase& c) {
  const char* places[] = {"plain", "misaligned", "strided"};
  return out << "relu/" << c.dtype << "/n" << c.rows << "_c" << c.columns << "/"
             << places[static_cast<int>(c.place)] << "/seed" << c.seed;
}

HostArray mapped(HostArray array, double (*function)(double)) {
  for (double& value : array.values) value = function(value);
  return array;
}

Tensor forward(const HostArray& x, Place place = Place::plain) {
  return relu_forward(upload(x, place), {});
}

}  // namespace
}  // namespace plumb::test

namespace rc {

template <>
struct Arbitrary<plumb::test::ReluCase> {
  static Gen<plumb::test::ReluCase> arbitrary() {
    using plumb::test::ReluCase;
    return gen::build<ReluCase>(gen::set(&ReluCase::dtype, plumb::test::floating_dtype()),
                                gen::set(&ReluCase::rows, plumb::test::edge_size()),
                                gen::set(&ReluCase::columns, plumb::test::edge_size()),
                                gen::set(&ReluCase::place, plumb::test::any_place()),
                                gen::set(&ReluCase::seed, plumb::test::any_seed()));
  }
};

}  // namespace rc

namespace plumb::test {
namespace {

// Elements are kept or become +0: NaN, -0, infinities and subnormals pass with their bits.
RC_GTEST_PROP(ReluProps, forwardKeepsWhatIsNotBelowZero, (const ReluCase& c)) {
  const HostArray y = download(forward(c.x(), c.place));

  RC_ASSERT(difference(y, mapped(c.x(), [](double x) { return x < 0 ? 0.0 : x; })) == "");
}

// The derivative at 0 is 0, at NaN it is 1 (LibTorch: the gradient passes unless result <= 0).
RC_GTEST_PROP(ReluProps, backwardPassesTheGradientUnlessTheResultIsAtMostZero,
              (const ReluCase& c)) {
  const Tensor y = forward(c.x(), c.place);
  HostArray want = c.dy();
  const HostArray result = download(y);
  for (std::size_t i = 0; i < want.values.size(); ++i)
    if (result.values[i] <= 0) want.values[i] = 0;

  const HostArray dx = download(relu_backward(upload(c.dy(), c.place), y, {}));

  RC_ASSERT(difference(dx, want) == "");
}

// The sign of x decides alone, and the result has it where it matters: either may be saved.
RC_GTEST_PROP(ReluProps, theGradientIsTheSameFromTheInputAsFromTheResult, (const ReluCase& c)) {
  const Tensor x = upload(c.x()), dy = upload(c.dy());

  const HostArray of_result = download(relu_backward(dy, relu_forward(x, {}), {}));
  const HostArray of_input = download(relu_backward(dy, x, {}));

  RC_ASSERT(difference(of_input, of_result) == "");
}

// A result is never below 0, so a second pass has nothing to do.
RC_GTEST_PROP(ReluProps, isIdempotent, (const ReluCase& c)) {
  const Tensor y = forward(c.x());

  RC_ASSERT(difference(download(relu_forward(y, {})), download(y)) == "");
}

// One of the two is x or -x, the other 0; adding 0 rounds nothing. (x + -x is no number where x is
// infinite or NaN.)
RC_GTEST_PROP(ReluProps, theTwoHalvesMakeUpTheInput, (const ReluCase& c)) {
  const HostArray x = mapped(c.x(), [](double v) { return std::isfinite(v) ? v + 0.0 : 1.0; });

  const HostArray up = download(forward(x)),
                  down = download(forward(mapped(x, [](double v) { return -v; })));

  HostArray sum = up;
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] -= down.values[i];
  RC_ASSERT(difference(sum, x) == "");
}

// An element depends on itself alone: changing one changes no other.
RC_GTEST_PROP(ReluProps, anElementDependsOnItselfAlone, (ReluCase c)) {
  c.rows += 1;
  c.columns += 1;
  HostArray x = c.x();
  HostArray want = download(forward(x));
  const auto changed = static_cast<std::size_t>(index_of(c.rows * c.columns, c.seed, 3));
  x.values[changed] = want.values[changed] = 1.5;

  RC_ASSERT(difference(download(forward(x)), want) == "");
}

// Piecewise linear: away from 0 central differences leave rounding alone.
RC_GTEST_PROP(ReluProps, gradientPassesGradcheck, (ReluCase c)) {
  c.dtype = Dtype::f64;
  c.rows = 1 + c.rows % 9;
  c.columns = 1 + c.columns % 9;
  HostArray x = filled({c.rows, c.columns}, Dtype::f64, Fill::real, c.seed);
  for (double& value : x.values)
    if (std::fabs(value) < 4e-3) value = 0.5;  // keeps 4 steps of 1e-3 off the kink
  const Vector dy = c.dy().values;
  auto loss = [&](const Vector& place) {
    const HostArray y = download(forward({x.shape, Dtype::f64, place}));
    double sum = 0;
    for (std::size_t i = 0; i < dy.size(); ++i) sum += dy[i] * y.values[i];
    return sum;
  };
  const Vector gradient = download(relu_backward(upload(c.dy()), forward(x), {})).values;
  const Vector direction = filled(x.shape, Dtype::f64, Fill::real, c.seed + 9).values;

  const GradcheckResult result = gradcheck(loss, x.values, gradient, direction);

  RC_ASSERT(result.relative <= kGradcheckLimit);
}

TEST(ReluProps, ManyBlocksAndARaggedEnd) {
  // 300,003 elements: over 290 blocks of packs and 3 elements after the last pack of four.
  const ReluCase c{Dtype::f32, 3, 100001, Place::plain, 4};

  const HostArray y = download(forward(c.x()));

  EXPECT_EQ(difference(y, mapped(c.x(), [](double x) { return x < 0 ? 0.0 : x; })), "");
}

TEST(ReluProps, AMisfitIsRefusedInOneLineThatNamesIt) {
  const Tensor x = Tensor::zeros({2, 3}, Dtype::f32), other = Tensor::zeros({3, 2}, Dtype::f32);

  const std::string whole = refusal<ShapeError>([&] { relu_forward(x.to(Dtype::i32), {}); });
  const std::string shape = refusal<ShapeError>([&] { relu_backward(other, x, {}); });
  const std::string dtype = refusal<ShapeError>([&] { relu_backward(x.to(Dtype::f64), x, {}); });

  EXPECT_NE(whole.find("x has dtype i32 [f64, f32, f16, bf16]"), std::string::npos) << whole;
  EXPECT_NE(shape.find("dy has shape [3, 2], result has [2, 3]"), std::string::npos) << shape;
  EXPECT_NE(dtype.find("dy has dtype f64, result has f32"), std::string::npos) << dtype;
}

}  // namespace
}  // namespace plumb::test
