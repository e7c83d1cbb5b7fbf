// elements_test.cpp - recipes make the numbers that they promise, the same on every machine.
#include "golden/cases/elements.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace plumb::golden {
namespace {

constexpr Dtype kFloating[] = {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16};
constexpr Fill kNumbers[] = {Fill::exact,  Fill::wide,    Fill::signs, Fill::uniform,
                             Fill::normal, Fill::special, Fill::edge};

Recipe recipe(Fill fill, Dtype dtype = Dtype::f32, std::int64_t count = 4096) {
  Recipe r;
  r.name = "x";
  r.shape = {count};
  r.dtype = dtype;
  r.fill = fill;
  return r;
}

TEST(Words, areThoseOfPhilox4x32WithTenRounds) {
  // Random123's known answer to counter 0 and key 0, and one of all four words.
  EXPECT_EQ(word_at(0, 0, 0), 0xe169c58d6627e8d5u);
  EXPECT_EQ(word_at(0, 0, 1), 0x9b00dbd8bc57ac4cu);
  EXPECT_EQ(word_at(0x8899aabbccddeeff, 0x1122334455667788, 2), 0x4254307e29c0bea9u);
}

TEST(Make, givesNumbersThatTheDtypeHolds) {
  for (const Fill fill : kNumbers)
    for (const Dtype dtype : kFloating) {
      Recipe r = recipe(fill, dtype);
      r.scale = 0.3, r.offset = 1e-3;

      const HostArray array = make(r);

      EXPECT_EQ(difference(array, rounded(array, dtype)), "") << name_of(fill);
    }
}

TEST(Make, dependsOnSeedAndNameAndPlaceAlone) {
  Recipe a = recipe(Fill::normal), other_seed = a, other_name = a, longer = a;
  other_seed.seed = 1, other_name.name = "y", longer.shape = {3, 4096};
  a.layout = Layout::strided;

  const HostArray array = make(a);

  EXPECT_NE(array.values, make(other_seed).values);
  EXPECT_NE(array.values, make(other_name).values);
  const std::vector<double> more = make(longer).values;
  EXPECT_TRUE(std::equal(array.values.begin(), array.values.end(), more.begin()));
}

TEST(Make, exactFillsAreDyadicAndSumWithoutRounding) {
  for (const double v : make(recipe(Fill::exact)).values) {
    ASSERT_EQ(v * 4, std::floor(v * 4));
    ASSERT_LE(std::fabs(v), 2);
  }
  for (const auto& [dtype, most] :
       {std::pair{Dtype::f32, 8191}, {Dtype::f16, 2047}, {Dtype::bf16, 255}})
    for (const double v : make(recipe(Fill::wide, dtype)).values) {
      ASSERT_EQ(v, std::floor(v));
      ASSERT_LE(std::fabs(v), most);
    }
}

TEST(Make, uniformNumbersAreInsideOneAndNeverZero) {
  double sum = 0;
  for (const double v : make(recipe(Fill::uniform, Dtype::f64, 100000)).values) {
    ASSERT_LT(std::fabs(v), 1);
    ASSERT_NE(v, 0);
    sum += v;
  }
  EXPECT_LT(std::fabs(sum / 100000), 0.01);
}

TEST(Make, normalNumbersHaveMeanZeroAndVarianceOne) {
  double sum = 0, squares = 0;
  for (const double v : make(recipe(Fill::normal, Dtype::f64, 100000)).values)
    sum += v, squares += v * v;
  EXPECT_LT(std::fabs(sum / 100000), 0.02);
  EXPECT_NEAR(squares / 100000, 1, 0.02);
}

TEST(Make, edgeAndSpecialFillsHaveEveryClass) {
  for (const Dtype dtype : kFloating)
    for (const Fill fill : {Fill::special, Fill::edge}) {
      bool nan = false, plus = false, minus = false, zero = false, negative_zero = false;
      for (const double v : make(recipe(fill, dtype)).values) {
        nan |= std::isnan(v), plus |= v == HUGE_VAL, minus |= v == -HUGE_VAL;
        zero |= v == 0 && !std::signbit(v), negative_zero |= v == 0 && std::signbit(v);
      }
      EXPECT_TRUE(nan && plus && minus && zero && negative_zero)
          << name_of(fill) << " " << plumb::name_of(dtype);
    }
}

TEST(Make, labelsAreBelowTheLimitAndSomeAreIgnored) {
  Recipe r = recipe(Fill::labels, Dtype::i64);
  r.limit = 7, r.ignore_every = 3;

  const std::vector<double> labels = make(r).values;

  std::set<double> seen(labels.begin(), labels.end());
  EXPECT_EQ(seen, (std::set<double>{-100, 0, 1, 2, 3, 4, 5, 6}));
  for (std::size_t i = 0; i < labels.size(); ++i) ASSERT_EQ(labels[i] == -100, i % 3 == 0);
}

}  // namespace
}  // namespace plumb::golden
