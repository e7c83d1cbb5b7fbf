// case_id_test.cpp - ids read, print and turn into test names without loss.
#include "golden/harness/case_id.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

namespace plumb::golden {
namespace {

std::string error_of(const std::string& text) {
  try {
    parse_case_id(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(CaseIdParse, aFullIdComesApartAndTogether) {
  const std::string text = "conv2d/backward/f32/n2_c8_h9_w7/k3_s2/eps1e-5";

  const CaseId id = parse_case_id(text);

  EXPECT_EQ(id.op, "conv2d");
  EXPECT_EQ(id.direction, "backward");
  EXPECT_EQ(id.dtype, "f32");
  EXPECT_EQ(id.shape, "n2_c8_h9_w7");
  EXPECT_EQ(id.options, (std::vector<std::string>{"k3_s2", "eps1e-5"}));
  EXPECT_EQ(format_case_id(id), text);
}

TEST(CaseIdParse, malformedIdsSayWhatIsAllowed) {
  EXPECT_NE(error_of("relu/forward/f32").find("3 segments"), std::string::npos);
  EXPECT_NE(error_of("").find("1 segments"), std::string::npos);
  EXPECT_NE(error_of("relu/sideways/f32/n1").find("allowed: forward"), std::string::npos);
  EXPECT_NE(error_of("relu/forward/fp8/n1").find("allowed: f64, f32"), std::string::npos);
  EXPECT_NE(error_of("relu/forward/f32/").find("segment ''"), std::string::npos);
  EXPECT_NE(error_of("relu/forward/f32/N1").find("segment 'N1'"), std::string::npos);
  EXPECT_NE(error_of("relu/forward/f32/n1__c2").find("segment"), std::string::npos);
  EXPECT_NE(error_of("relu/forward/f32/_n1").find("segment"), std::string::npos);
  EXPECT_NE(error_of("relu/forward/f32/n1 c2").find("segment"), std::string::npos);
  EXPECT_NE(error_of(std::string(300, 'a')).find("at most 200"), std::string::npos);
}

TEST(CaseIdParse, formatRefusesWhatParseWouldRefuse) {
  EXPECT_THROW(format_case_id({"relu", "forward", "f32", "a/", {}}), UsageError);
}

std::string random_segment(std::mt19937& random) {
  const std::string alphabet = "ab1_.-+";
  std::string segment(1, 'a');
  const std::size_t length = random() % 4;
  for (std::size_t i = 0; i < length; ++i) {
    const char c = alphabet[random() % alphabet.size()];
    if (c != '_' || segment.back() != '_') segment += c;
  }
  while (segment.back() == '_') segment.pop_back();
  return segment;
}

TEST(CaseIdGtestName, noTwoIdsCollideAndNamesHoldOnlyWordCharacters) {
  std::mt19937 random(7);
  std::set<std::string> ids, names;

  for (int i = 0; i < 20000; ++i) {
    CaseId id{random_segment(random), "backward", "bf16", random_segment(random), {}};
    for (std::size_t option = random() % 3; option > 0; --option)
      id.options.push_back(random_segment(random));
    const std::string text = format_case_id(id);
    const std::string name = case_id_to_gtest_name(text);
    ids.insert(text);
    names.insert(name);
    ASSERT_EQ(gtest_name_to_case_id(name), text);
    ASSERT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_PMQ"), std::string::npos)
        << name;
  }

  EXPECT_GT(ids.size(), 1000u);
  EXPECT_EQ(ids.size(), names.size());
}

TEST(CaseIdGtestName, lookalikesStayApart) {
  EXPECT_NE(case_id_to_gtest_name("a/step/f32/b/c"), case_id_to_gtest_name("a/step/f32/b_c"));
  EXPECT_NE(case_id_to_gtest_name("a/step/f32/b-c"), case_id_to_gtest_name("a/step/f32/b.c"));
  EXPECT_THROW(gtest_name_to_case_id("a__step__f32"), UsageError);
}

}  // namespace
}  // namespace plumb::golden
