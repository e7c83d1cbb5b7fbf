// null_table_test.cpp - a null kernel that is not caught cannot hide.
#include "golden/verify/null_table.h"

#include <gtest/gtest.h>

namespace plumb::golden {
namespace {

using nlohmann::json;

json verdict(const std::string& id, const json& zeros) {
  return {{"id", id}, {"outcome", "PASS"}, {"reason", ""}, {"nulls", {{"zeros", zeros}}}};
}
const json kCaught = {{"outcome", "FAIL"}, {"reason", "y: wrong"}};
const json kPasses = {{"outcome", "PASS"}, {"reason", ""}};
const json kMistrusted = {{"outcome", "MISTRUSTED"}, {"reason", "zeros would pass"}};
const json kDeclared = {{"outcome", "PASS"}, {"reason", ""}, {"declared", "every x is 0"}};
const json kStale = {{"outcome", "FAIL"}, {"reason", ""}, {"declared", "every x is 0"}};

NullTable table(const std::vector<json>& results) {
  NullTable out;
  for (const json& result : results) out.add(verdict("relu/forward/f32/n1", result));
  return out;
}

TEST(NullTable, isGoodWhenAllAreCaughtOrDeclared) {
  const NullTable good = table({kCaught, kCaught, kDeclared, kDeclared});

  EXPECT_EQ(good.exit_code(), 0);
  EXPECT_NE(good.text().find("2 x relu zeros: every x is 0"), std::string::npos) << good.text();
}

TEST(NullTable, isWrittenWithEveryCount) {
  const json written = table({kCaught, kDeclared, kPasses}).json();

  EXPECT_EQ(written.at("rows").at(0), (json{{"op", "relu"},
                                            {"null", "zeros"},
                                            {"judged", 3},
                                            {"caught", 1},
                                            {"declared", 1},
                                            {"not_caught", 1}}));
  EXPECT_EQ(written.at("reasons").at("relu zeros: every x is 0"), 1);
  EXPECT_EQ(written.at("doubts").size(), 1u);
}

TEST(NullTable, isDoubtfulWhenOnePassesUndeclaredOrADeclaredOneFails) {
  EXPECT_EQ(table({kCaught, kPasses}).exit_code(), 3);
  EXPECT_EQ(table({kCaught, kMistrusted}).exit_code(), 3);
  EXPECT_EQ(table({kCaught, kStale}).exit_code(), 3);
  EXPECT_NE(table({kPasses}).text().find("relu/forward/f32/n1: zeros passes and no reason"),
            std::string::npos);
}

TEST(NullTable, isUntestedWhenACaseCouldNotBeJudged) {
  NullTable out = table({kCaught});
  out.add({{"id", "relu/forward/f32/n2"}, {"outcome", "FAIL"}, {"reason", "worker: it ended"}});

  EXPECT_EQ(out.exit_code(), 2);
  EXPECT_NE(out.text().find("UNTESTED relu/forward/f32/n2: worker: it ended"), std::string::npos);
}

TEST(NullTable, isNothingWithoutAKernel) {
  NullTable out;
  out.add({{"id", "a/b"}, {"outcome", "PASS"}, {"reason", ""}, {"nulls", json::object()}});

  EXPECT_EQ(out.exit_code(), 4);
}

}  // namespace
}  // namespace plumb::golden
