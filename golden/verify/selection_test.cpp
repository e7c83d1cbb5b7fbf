// selection_test.cpp - which cases a command is about, and what it says when there are none.
#include "golden/verify/selection.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "impl/core/file.h"

namespace plumb::golden {
namespace {

Selected chosen(Selection s) { return select(s); }

std::string refusal(const Selection& s) {
  try {
    select(s);
  } catch (const NoCase& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "selected";
}

Selection of_case(const std::string& text) {
  Selection s;
  s.cases = {text};
  return s;
}

bool says(const std::string& text, const std::string& words) {
  EXPECT_NE(text.find(words), std::string::npos) << text;
  return text.find(words) != std::string::npos;
}

TEST(Select, takesEveryCaseOfEveryOpWithoutFilters) {
  const Selected all = chosen({});

  std::size_t count = 0;
  for (const Op& op : ops()) count += read_cases(golden_folder(), op.name).cases.size();
  EXPECT_EQ(all.cases.size(), count);
  EXPECT_FALSE(all.refusals.empty());
}

TEST(Select, takesWhatPassesEveryFilter) {
  Selection s;
  s.ops = {"linear", "relu"};
  s.directions = {"backward"};
  s.dtypes = {"bf16"};

  const Selected some = chosen(s);

  ASSERT_FALSE(some.cases.empty());
  for (const Case& c : some.cases) {
    EXPECT_TRUE(c.id.op == "linear" || c.id.op == "relu");
    EXPECT_EQ(c.id.direction, "backward");
    EXPECT_EQ(c.dtype, Dtype::bf16);
  }
}

TEST(Select, takesPatternsAndIds) {
  const Selected pattern = chosen(of_case("linear/*/f32/*/strided"));
  const Selected id = chosen(of_case("linear/forward/f32/n4_in5_out3/exact"));
  const Selected refused = chosen(of_case("linear/forward/f32/refusal/features"));

  EXPECT_GE(pattern.cases.size(), 2u);
  for (const Case& c : pattern.cases) EXPECT_EQ(c.id.options.back(), "strided");
  ASSERT_EQ(id.cases.size(), 1u);
  EXPECT_NE(id.cases[0].hunts, "");
  EXPECT_EQ(refused.refusals.size(), 1u);
}

TEST(Select, makesACaseOfAnIdThatIsNoneOfTheProjects) {
  const Selected own = chosen(of_case("linear/forward/f32/n4_in5_out33/exact"));

  ASSERT_EQ(own.cases.size(), 1u);
  EXPECT_EQ(own.cases[0].hunts, "");
}

TEST(Select, namesTheNearestIdsWhenNothingMatches) {
  const std::string typo = refusal(of_case("linear/forward/f32/n4_in5_out3/exat"));
  const std::string pattern = refusal(of_case("linear/forward/f32/n4_in5_out3/exact*x"));
  const std::string refused = refusal(of_case("linear/forward/f32/refusal/feature"));

  says(typo, "nearest: linear/forward/f32/n4_in5_out3/exact, ");
  says(typo, "option 'exat' is unknown");
  says(pattern, "nearest: linear/forward/f32/n4_in5_out3/exact, ");
  says(refused, "nearest: linear/forward/f32/refusal/features, ");
}

TEST(Select, refusesOneEntryThatMatchesNothingAmongOthersThatDo) {
  Selection s = of_case("linear/*");
  s.cases.push_back("linera/*");

  says(refusal(s), "no case matches 'linera/*'; nearest: linear/");
}

TEST(Select, holdsAnIdToTheOtherFilters) {
  Selection s = of_case("linear/forward/f32/n4_in5_out33/exact");
  s.ops = {"relu"};

  says(refusal(s), "nearest: relu/");
}

TEST(Select, saysWhichFiltersLeaveNothing) {
  Selection s;
  s.ops = {"sgd"};
  s.directions = {"backward"};

  EXPECT_EQ(refusal(s), "no case is of op sgd, direction backward, dtype any");
}

TEST(Select, refusesFiltersThatDoNotExist) {
  Selection op, direction, dtype;
  op.ops = {"lineer"}, direction.directions = {"sideways"}, dtype.dtypes = {"fp8"};

  EXPECT_THROW(select(op), UsageError);
  EXPECT_THROW(select(direction), UsageError);
  EXPECT_THROW(select(dtype), UsageError);
}

TEST(Select, takesTheCasesOfAUsersFileAlone) {
  const auto path =
      (std::filesystem::temp_directory_path() / ("plumb_live_" + std::to_string(getpid())))
          .string();
  write_whole(path, std::string(R"({"cases": [{"case": "relu/forward/f32/n3"},
                                              {"case": "linear/forward/f32/n3_in5_out7"}]})"));
  Selection all, one = of_case("relu/*"), none = of_case("sgd/step/f32/n5");
  all.live = one.live = none.live = path;

  EXPECT_EQ(chosen(all).cases.size(), 2u);
  EXPECT_EQ(chosen(one).cases.size(), 1u);
  says(refusal(none), "no case matches 'sgd/step/f32/n5'; nearest: relu/forward/f32/n3, ");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace plumb::golden
