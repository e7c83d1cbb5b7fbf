// The tool's own test: it accepts a right gradient and catches wrong ones.
#include "property_tests/harness/gradcheck.h"

#include <gtest/gtest.h>

#include <limits>

namespace plumb::properties {
namespace {

// f(x) = sum_i exp(x_i) sin(x_i+1), cyclic.
double wavy(const Vector& x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sum += std::exp(x[i]) * std::sin(x[(i + 1) % x.size()]);
  return sum;
}

Vector wavy_gradient(const Vector& x) {
  Vector gradient(x.size(), 0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t next = (i + 1) % x.size();
    gradient[i] += std::exp(x[i]) * std::sin(x[next]);
    gradient[next] += std::exp(x[i]) * std::cos(x[next]);
  }
  return gradient;
}

const Vector kPlace = {0.3, -0.7, 1.1, 0.2, -0.4};
const Vector kDirection = {0.5, -0.25, 1, 0.75, -0.5};

TEST(Gradcheck, AcceptsARightGradient) {
  const GradcheckResult result = gradcheck(wavy, kPlace, wavy_gradient(kPlace), kDirection);

  EXPECT_LE(result.relative, kGradcheckLimit);
}

TEST(Gradcheck, CatchesOneWrongSign) {
  Vector wrong = wavy_gradient(kPlace);
  wrong[3] = -wrong[3];

  const GradcheckResult result = gradcheck(wavy, kPlace, wrong, kDirection);

  EXPECT_GT(result.relative, kGradcheckLimit);
}

TEST(Gradcheck, CatchesAScaleThatIsOffByAMillionth) {
  Vector wrong = wavy_gradient(kPlace);
  for (double& g : wrong) g *= 1 + 1e-6;

  const GradcheckResult result = gradcheck(wavy, kPlace, wrong, kDirection);

  EXPECT_GT(result.relative, kGradcheckLimit);
}

TEST(Gradcheck, CatchesAMissingGradient) {
  const Vector zeros(kPlace.size(), 0);

  const GradcheckResult result = gradcheck(wavy, kPlace, zeros, kDirection);

  EXPECT_FALSE(result.relative <= kGradcheckLimit);
}

TEST(Gradcheck, CatchesANaN) {
  Vector wrong = wavy_gradient(kPlace);
  wrong[0] = std::numeric_limits<double>::quiet_NaN();

  const GradcheckResult result = gradcheck(wavy, kPlace, wrong, kDirection);

  EXPECT_FALSE(result.relative <= kGradcheckLimit);
}

TEST(Gradcheck, RefusesADirectionOfAnotherLength) {
  EXPECT_THROW(gradcheck(wavy, kPlace, wavy_gradient(kPlace), {1, 2}), std::invalid_argument);
}

}  // namespace
}  // namespace plumb::properties
