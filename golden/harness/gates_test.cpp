// gates_test.cpp - the gates let nothing through that is wrong, and name what they stop.
#include "golden/harness/gates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "golden/cases/elements.h"

namespace plumb::golden {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kLeast = 0x1p-149;  // of f32

using Values = std::vector<double>;

/// `magnitude` < 0: nothing rounds.
Expected expected(Values want, double magnitude = 1, Dtype dtype = Dtype::f32) {
  Expected e;
  e.shape = {static_cast<std::int64_t>(want.size())};
  e.dtype = dtype;
  if (magnitude >= 0) e.magnitude.assign(want.size(), magnitude);
  e.want = std::move(want);
  e.floor = 2e-7;
  return e;
}

OutputVerdict judged(const Values& got, const Expected& e, const Rules& rules = {}) {
  return judge_output("y", {e.shape, e.dtype, got}, e, rules);
}

bool passes(const Values& got, const Expected& e, const Rules& rules = {}) {
  return judged(got, e, rules).passed();
}

/// Many different numbers, so that one of them is a small part of their norm.
Values numbers(std::size_t count, Dtype dtype = Dtype::f64) {
  Recipe r;
  r.name = "numbers";
  r.shape = {static_cast<std::int64_t>(count)};
  r.dtype = dtype;
  return make(r).values;
}

// --- classes ---

TEST(Classes, aNaNPassesForANaNAlone) {
  for (const double magnitude : {-1.0, 1.0, 1e300}) {
    EXPECT_TRUE(passes({kNaN}, expected({-kNaN}, magnitude)));
    EXPECT_FALSE(passes({kNaN}, expected({1}, magnitude)));
    EXPECT_FALSE(passes({1}, expected({kNaN}, magnitude)));
    EXPECT_FALSE(passes({kInf}, expected({kNaN}, magnitude)));
  }
}

TEST(Classes, infinitiesMustAgreeInSignAndAreNoNumbers) {
  for (const double magnitude : {-1.0, 1.0, 1e300}) {
    EXPECT_TRUE(passes({-kInf}, expected({-kInf}, magnitude)));
    EXPECT_FALSE(passes({-kInf}, expected({kInf}, magnitude)));
    EXPECT_FALSE(passes({kInf}, expected({1e38}, magnitude)));
    EXPECT_FALSE(passes({0x1.fffffep127}, expected({kInf}, magnitude)));
  }
}

TEST(Classes, aGoldenBeyondTheDtypeWantsInfinity) {
  EXPECT_TRUE(passes({kInf}, expected({1e39})));
  EXPECT_FALSE(passes({0x1.fffffep127}, expected({1e39})));
  EXPECT_TRUE(passes({-kInf}, expected({-70000}, 1, Dtype::f16)));
  EXPECT_FALSE(passes({-65504}, expected({-70000}, 1, Dtype::f16)));
}

TEST(Classes, oneWrongOfManyIsCountedAndNamed) {
  Values want = numbers(1000), got = want;
  got[137] = kNaN;

  const OutputVerdict v = judged(got, expected(want, 1, Dtype::f64));

  EXPECT_EQ(v.class_mismatch, 1);
  EXPECT_EQ(v.first, 137);
  EXPECT_EQ(v.failure, "1 of 1000 elements are of another class (NaN, infinity, number)");
}

// --- G1: bits ---

TEST(Bits, mustAgreeWhereNothingRounds) {
  const double next = std::nextafterf(1, 2);
  EXPECT_TRUE(passes({1}, expected({1}, -1)));
  EXPECT_FALSE(passes({next}, expected({1}, -1)));
  EXPECT_TRUE(passes({next}, expected({1})));
  EXPECT_FALSE(passes({next}, expected({1}), {true, 1}));  // an exact case
}

TEST(Bits, areThoseOfTheGoldenRoundedToTheDtype) {
  EXPECT_TRUE(passes({static_cast<float>(0.1)}, expected({0.1}, -1)));
  EXPECT_FALSE(passes({0.0999755859375}, expected({0.1}, -1)));
}

TEST(Bits, tellZerosAndSubnormalsApart) {
  EXPECT_FALSE(passes({-0.0}, expected({0.0}, -1)));
  EXPECT_FALSE(passes({0.0}, expected({-0.0}), {true, 1}));
  EXPECT_FALSE(passes({0}, expected({kLeast}, -1)));
  EXPECT_EQ(judged({-0.0, 0}, expected({0.0, 0})).sign_of_zero, 1);  // told, where it may be
}

// --- G2: the a-priori bound ---

TEST(Bound, isFourRoundingsOfTheResultFourOfTheMagnitudeAndTheLeastNumber) {
  const double bound = 4 * 0x1p-24 * 2 + 4 * 0x1p-24 * 100 + kLeast;

  EXPECT_EQ(judged({2 + bound / 2}, expected({2}, 100)).share, 0.5);
  EXPECT_EQ(judged({2 + bound}, expected({2}, 100)).beyond, 0);
  EXPECT_EQ(judged({2 + 1.001 * bound}, expected({2}, 100)).beyond, 1);
  EXPECT_EQ(judged({2 - 1.001 * bound}, expected({2}, 100)).beyond, 1);
}

TEST(Bound, letsASubnormalBeOffByTheLeastNumberAndNoMore) {
  EXPECT_TRUE(passes({0}, expected({kLeast}, 0)));
  EXPECT_FALSE(passes({0}, expected({2 * kLeast}, 0)));
  EXPECT_FALSE(passes({2 * kLeast}, expected({0}, 0)));
}

TEST(Bound, thatIsNoNumberAllowsNothing) {
  EXPECT_EQ(judged({1.5}, expected({1}, kNaN)).beyond, 1);
  EXPECT_EQ(judged({1.5}, expected({1}, kInf)).beyond, 1);
}

TEST(Bound, namesTheFirstAndTheWorstElement) {
  Values want = numbers(600), got = want;
  got[5] += 1e-5, got[77] -= 1, got[400] += 1e-3;

  const OutputVerdict v = judged(got, expected(want, 1, Dtype::f64));
  const std::string text = describe(v, {20, 30});

  EXPECT_EQ(v.beyond, 3);
  EXPECT_EQ(v.first, 5);
  EXPECT_EQ(v.worst, 77);
  EXPECT_NE(text.find("3 of 600 elements beyond the a-priori bound"), std::string::npos) << text;
  EXPECT_NE(text.find("first y[0,5]"), std::string::npos) << text;
  EXPECT_NE(text.find("worst y[2,17]"), std::string::npos) << text;
  EXPECT_NE(text.find("|diff| 1 "), std::string::npos) << text;
}

// --- G3: the distance ---

/// Every element off by `relative`, within a bound that is far too wide.
OutputVerdict all_off(double relative, std::size_t count, double stock = Expected::kUnknown) {
  Expected e = expected(numbers(count), 1e9);
  e.f32_stock = stock;
  Values got;
  for (const double want : e.want) got.push_back(want * (1 + relative));
  return judged(got, e);
}

TEST(Distance, failsWhatIsOffEverywhereThoughNoElementIsBeyondItsBound) {
  EXPECT_TRUE(all_off(1.9e-7, 2000).passed());
  EXPECT_TRUE(all_off(3.9e-7, 2000).passed());  // twice the floor

  const OutputVerdict v = all_off(4.1e-7, 2000);

  EXPECT_EQ(v.beyond, 0);
  EXPECT_EQ(v.failure, "relative L2 distance 4.1e-07, allowed 4e-07");
}

TEST(Distance, isHeldToLibTorchsOwnButNeverBelowTheFloor) {
  EXPECT_FALSE(all_off(3.9e-7, 2000, 1e-7).passed());   // twice LibTorch's 1e-7 is the floor
  EXPECT_TRUE(all_off(1.99e-7, 2000, 1e-12).passed());  // the floor
}

TEST(Distance, ofABadReferenceIsCapped) { EXPECT_FALSE(all_off(1e-5, 2000, 1e-3).passed()); }

TEST(Distance, isWiderForFewElements) {
  EXPECT_FALSE(all_off(9e-7, 501).passed());
  EXPECT_TRUE(all_off(9e-7, 500).passed());
  EXPECT_FALSE(all_off(1.9e-6, 11).passed());
  EXPECT_TRUE(all_off(1.9e-6, 10).passed());
}

TEST(Distance, catchesZerosThatTheBoundWouldAllow) {
  const Expected e = expected(numbers(2000), 1e9);
  EXPECT_FALSE(passes(Values(2000), e));
}

// --- halves ---

TEST(Halves, areAllowedOneRoundingOfTheGolden) {
  for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
    Expected e = expected(numbers(2000), 0, dtype);
    Values nearest, truncated;
    for (const double want : e.want) {
      nearest.push_back(round_to(dtype, want));
      const double unit = std::ldexp(precision_of(dtype).out * 2, std::ilogb(want));
      truncated.push_back(std::trunc(want / unit) * unit);
    }

    EXPECT_TRUE(passes(nearest, e)) << name_of(dtype);
    EXPECT_FALSE(passes(truncated, e)) << name_of(dtype);
  }
}

TEST(Halves, areAllowedMoreWhenTheOpDeclaresMoreRoundings) {
  const double unit = 0x1p-7;
  const Expected e = expected({1}, 0, Dtype::bf16);

  EXPECT_FALSE(passes({1 + unit}, e));
  EXPECT_TRUE(passes({1 + unit}, e, {false, 4}));
}

// --- shapes, samples, empty outputs ---

TEST(Output, ofAnotherShapeOrDtypeFailsWhateverItHolds) {
  const Expected e = expected({1, 2});

  const OutputVerdict shape = judge_output("y", {{1, 2}, Dtype::f32, {1, 2}}, e, {});
  const OutputVerdict dtype = judge_output("y", {{2}, Dtype::f64, {1, 2}}, e, {});
  const OutputVerdict shorter = judge_output("y", {{1}, Dtype::f32, {1}}, e, {});

  EXPECT_EQ(shape.failure, "is f32 [1, 2], want f32 [2]");
  EXPECT_EQ(dtype.failure, "is f64 [2], want f32 [2]");
  EXPECT_FALSE(shorter.passed());
}

TEST(Output, thatIsEmptyPasses) { EXPECT_TRUE(passes({}, expected({}))); }

TEST(Output, thatIsSampledIsJudgedAtTheSampledPlaces) {
  Expected e = expected({1, 2}, -1);
  e.shape = {4};
  e.sample = {0, 3};

  EXPECT_TRUE(passes({1, 99, 99, 2}, e));
  EXPECT_FALSE(passes({1, 2, 99, 99}, e));
  EXPECT_EQ(judged({1, 99, 99, 5}, e).first, 3);
  EXPECT_EQ(judged({1, 99, 99, 2}, e).compared, 2);
}

// --- LibTorch's own error ---

TEST(DegradedReference, isOneWhoseBestF32RunFailsTheGate) {
  Expected e = expected(numbers(2000));
  const auto degraded = [&](double stock, double recording) {
    e.f32_stock = stock, e.f32_recording = recording;
    return reference_is_degraded(e, 2000);
  };

  EXPECT_TRUE(degraded(1e-3, 5e-7));
  EXPECT_FALSE(degraded(1e-3, 3e-7));
  EXPECT_FALSE(degraded(kNaN, 3e-7));
  EXPECT_TRUE(degraded(kNaN, 5e-7));
  EXPECT_FALSE(degraded(kNaN, kNaN));
}

TEST(DegradedReference, isNoneWhereNothingRounds) {
  Expected e = expected(numbers(2000), -1);
  e.f32_stock = e.f32_recording = 1;
  EXPECT_FALSE(reference_is_degraded(e, 2000));
}

// --- figures ---

TEST(Figures, areKeptOfAPassToo) {
  const Values want = {1, -2, 0, 4};
  Expected e = expected(want, 1e9);
  e.floor = 1;

  const OutputVerdict v = judged({1 + 0x1p-22, -2, 0, 4}, e);

  EXPECT_TRUE(v.passed());
  EXPECT_EQ(v.max_abs, 0x1p-22);
  EXPECT_EQ(v.ulp_max, 2);
  EXPECT_EQ(v.zeros, 0.25);
  EXPECT_EQ(v.unique, 4);
  EXPECT_NEAR(v.distance, 0x1p-22 / std::sqrt(21), 1e-12);
  EXPECT_GT(v.bias, 0);
}

TEST(Figures, hashTellsOutputsApart) {
  const Expected e = expected({1, 2});
  EXPECT_EQ(judged({1, 2}, e).hash, judged({1, 2}, e).hash);
  EXPECT_NE(judged({1, 2}, e).hash, judged({2, 1}, e).hash);
}

}  // namespace
}  // namespace plumb::golden
