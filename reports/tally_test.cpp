#include "reports/tally.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reports/samples.h"

namespace plumb::report {
namespace {

using nlohmann::json;

TEST(ReportTally, AHeatMapHasARowAnOpAndDirection) {
  const std::vector<HeatRow> rows = heat_map(all_samples());

  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].op + " " + rows[0].direction, "linear backward");
  EXPECT_EQ(rows[0].cells.at("f32").worst_share, 0.5) << "of both outputs";
  const HeatCell &f16 = rows[1].cells.at("f16"), &f32 = rows[1].cells.at("f32");
  EXPECT_EQ(f32.cases, 2) << "the refusal counts apart";
  EXPECT_EQ(f32.passed, 2);
  EXPECT_EQ(f32.worst_share, 0.5);
  EXPECT_EQ(f16.others, (std::map<std::string, int>{{"FAIL", 1}}));
  EXPECT_TRUE(std::isinf(f16.worst_share));
  EXPECT_EQ(dtypes_of(rows), (std::vector<std::string>{"f64", "f32", "f16", "bf16"}));
}

TEST(ReportTally, CoverageCountsRefusalsAmongTheCases) {
  const std::vector<OpCounts> counts = coverage(all_samples());

  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].op, "linear");
  EXPECT_EQ(counts[0].cases, 5);
  EXPECT_EQ(counts[0].refusals, 1);
  EXPECT_EQ(counts[0].outcomes.at("PASS"), 3);
}

TEST(ReportTally, AnOpOfTheProjectWithoutACaseIsNamed) {
  const std::vector<std::string> missing = ops_without_cases(all_samples());

  EXPECT_EQ(std::count(missing.begin(), missing.end(), "sgd"), 1);
  EXPECT_EQ(std::count(missing.begin(), missing.end(), "linear"), 0);
}

TEST(ReportTally, TheWorstOfEachDtypeComesFirst) {
  const Inputs inputs = all_samples();
  const std::vector<Ranked> all = worst_by_share(inputs, 9), one = worst_by_share(inputs, 1);

  ASSERT_EQ(all.size(), 5u) << "an output that is not off at all has no place";
  EXPECT_EQ(all[0].of->id + " " + all[0].output->name, "linear/backward/f32/n4_in5_out6/normal y");
  EXPECT_EQ(all[2].output->name, "dbias");
  EXPECT_EQ(all[3].of->dtype, "f16");
  ASSERT_EQ(one.size(), 3u);
  EXPECT_EQ(one[2].of->dtype, "bf16");
}

TEST(ReportTally, ADistanceIsRankedByItsLimit) {
  const Inputs inputs = all_samples();
  const std::vector<Ranked> worst = worst_by_distance(inputs, 1);

  ASSERT_EQ(worst.size(), 3u);
  EXPECT_DOUBLE_EQ(worst[0].measure, 0.5);
  EXPECT_DOUBLE_EQ(worst[1].measure, 450);
}

TEST(ReportTally, CasesOfOneReasonStandTogether) {
  std::vector<json> lines = verify_sample();
  lines[9]["outcome"] = "SKIP", lines[9]["reason"] = "needs a GPU";
  Inputs inputs;
  add_input(inputs, lines_of(lines), "verify.jsonl");

  const std::vector<ReasonGroup> groups = reasons(inputs);

  ASSERT_EQ(groups.size(), 4u);
  EXPECT_EQ(groups[0].outcome, "UNTESTED");
  EXPECT_EQ(groups[3].outcome, "SKIP");
  EXPECT_EQ(groups[3].ids.size(), 2u);
}

TEST(ReportTally, DeclaredNullsStandTogetherByReason) {
  const std::vector<NullGroup> groups = declared_nulls(all_samples());

  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].op + " " + groups[0].null + " " + groups[0].why,
            "relu copy every x is above 0");
  EXPECT_EQ(groups[0].cases, 1);
}

TEST(ReportTally, ARatioIsOurErrorOverLibTorchsOwn) {
  const std::vector<ErrorRatios> ratios = error_ratios(all_samples());

  ASSERT_EQ(ratios.size(), 3u) << "f64 has none";
  EXPECT_EQ(ratios[0].op + " " + ratios[0].dtype, "linear f32");
  EXPECT_EQ(ratios[0].sorted, (std::vector<double>{1, 2, 2}));
  EXPECT_EQ(ratios[0].both_exact, 1);
  EXPECT_DOUBLE_EQ(ratios[1].sorted[0], 300);
  EXPECT_DOUBLE_EQ(ratios[2].sorted[0], 0.25);
}

TEST(ReportTally, AnErrorWhereLibTorchHasNoneIsAnInfiniteRatio) {
  std::vector<json> lines = verify_sample();
  lines[4]["outputs"][0]["libtorch_f32"] = 0;
  Inputs inputs;
  add_input(inputs, lines_of(lines), "verify.jsonl");

  EXPECT_TRUE(std::isinf(error_ratios(inputs)[0].sorted.back()));
}

TEST(ReportTally, AQuantileIsTheLeastRatioThatTheShareDoesNotExceed) {
  const ErrorRatios ratios{"linear", "f32", "vgpu:0", "native", {1, 2, 3, 4}, 0};

  EXPECT_EQ(ratios.quantile(0.5), 2);
  EXPECT_EQ(ratios.quantile(0.51), 3);
  EXPECT_EQ(ratios.quantile(1), 4);
  EXPECT_EQ(ratios.share_up_to(2), 0.5);
  EXPECT_EQ(ratios.share_up_to(0.9), 0);
}

TEST(ReportTally, GapsNameWhatWasNotGiven) {
  const std::vector<std::string> of_nothing = gaps(Inputs{}), of_all = gaps(all_samples());

  EXPECT_EQ(of_nothing[0], "Ops case by case: no result of plumbline verify given.");
  EXPECT_EQ(of_all[0].rfind("Ops of which no case was judged: ", 0), 0u) << of_all[0];
}

}  // namespace
}  // namespace plumb::report
