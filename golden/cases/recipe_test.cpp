// recipe_test.cpp - recipes refuse what would not be the same on both sides.
#include "golden/cases/recipe.h"

#include <gtest/gtest.h>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

Recipe recipe(Fill fill, Dtype dtype) {
  Recipe r;
  r.name = "x";
  r.shape = {4096};
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
