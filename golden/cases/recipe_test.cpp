// recipe_test.cpp - recipes make the numbers that they promise, the same on every machine, and
// refuse what would not be the same on both sides.
#include "golden/cases/recipe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

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

std::string refusal(const json& changes) {
  json fields = {{"name", "x"}, {"shape", {2, 3}}, {"dtype", "f32"}};
  fields.update(changes);
  try {
    recipe_from_json(fields);
  } catch (const UsageError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "accepted";
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

TEST(RecipeJson, comesBackAsItWas) {
  Recipe r = recipe(Fill::labels, Dtype::i64);
  r.seed = 0xffffffffffffffffu, r.limit = 9, r.ignore_every = 2, r.ignore = -1;
  r.layout = Layout::misaligned;
  Recipe f = recipe(Fill::edge, Dtype::bf16);
  f.scale = 0.1, f.offset = -1e300, f.absolute = true;

  for (const Recipe& want : {r, f}) {
    const json text = to_json(want);
    EXPECT_EQ(to_json(recipe_from_json(json::parse(text.dump()))), text);
  }
}

TEST(RecipeJson, refusesShapesOutOfRange) {
  EXPECT_NE(refusal({{"shape", {2, -1}}}).find("has shape [2, -1]"), std::string::npos);
  EXPECT_NE(refusal({{"shape", {65536, 65536}}}).find("at most 2^31"), std::string::npos);
  EXPECT_NE(refusal({{"shape", {4294967296, 4294967296, 4294967296}}}).find("at most 2^31"),
            std::string::npos);
  EXPECT_NE(refusal({{"shape", {2.5}}}).find("'shape' is [2.5]"), std::string::npos);
  EXPECT_NE(refusal({{"shape", 3}}).find("'shape' is 3"), std::string::npos);
  EXPECT_NE(refusal({{"shape", {18446744073709551615u}}}).find("'shape'"), std::string::npos);
  EXPECT_EQ(refusal({{"shape", {0, 2147483648}}}), "accepted");
}

TEST(RecipeJson, refusesWhatIsUnknownAndSaysWhatIsAllowed) {
  EXPECT_NE(refusal({{"dtype", "fp8"}}).find("allowed: f64"), std::string::npos);
  EXPECT_NE(refusal({{"fill", "gauss"}}).find("allowed: exact, wide"), std::string::npos);
  EXPECT_NE(refusal({{"layout", "tiled"}}).find("allowed: plain"), std::string::npos);
  EXPECT_NE(refusal({{"sede", 3}}).find("field 'sede'; allowed: name"), std::string::npos);
  EXPECT_NE(refusal({{"seed", -1}}).find("'seed' is -1"), std::string::npos);
  EXPECT_NE(refusal({{"seed", 0.5}}).find("'seed' is 0.5"), std::string::npos);
  EXPECT_NE(refusal({{"scale", "big"}}).find("'scale' is \"big\""), std::string::npos);
  EXPECT_THROW(recipe_from_json(json::array()), UsageError);
  EXPECT_THROW(recipe_from_json({{"shape", {1}}, {"dtype", "f32"}}), UsageError);
}

TEST(RecipeJson, refusesElementsThatAnIntegerDtypeDoesNotHold) {
  const json labels = {{"fill", "labels"}, {"dtype", "u8"}};
  const auto with = [&](const json& more) {
    json all = labels;
    all.update(more);
    return refusal(all);
  };

  EXPECT_EQ(with({{"limit", 256}}), "accepted");
  EXPECT_NE(with({{"limit", 257}}).find("a label 256, which u8"), std::string::npos);
  EXPECT_NE(with({{"limit", 3}, {"ignore_every", 2}}).find("a label -100"), std::string::npos);
  EXPECT_NE(with({{"limit", 0}}).find("labels below 0"), std::string::npos);
  EXPECT_NE(with({{"limit", 3}, {"scale", 2}}).find("scale 1"), std::string::npos);
  EXPECT_NE(refusal({{"dtype", "i64"}}).find("needs the fill labels"), std::string::npos);
}

}  // namespace
}  // namespace plumb::golden
