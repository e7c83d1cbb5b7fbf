#include "reports/overall.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reports/samples.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

using nlohmann::json;

/// Results of a verify run alone, all of whose cases have the outcome.
Inputs run_of(const std::string& outcome) {
  std::vector<json> lines = verify_sample();
  for (std::size_t i = 1; i < lines.size(); ++i) lines[i]["outcome"] = outcome;
  Inputs inputs;
  add_input(inputs, lines_of(lines), "verify.jsonl");
  return inputs;
}

TEST(ReportOverall, TheWorstOutcomeIsTheReports) {
  EXPECT_EQ(overall(run_of("PASS")), "PASS");
  EXPECT_EQ(overall(run_of("GOLDEN_DEGRADED")), "PASS");
  EXPECT_EQ(overall(run_of("MISTRUSTED")), "MISTRUSTED");
  EXPECT_EQ(overall(run_of("UNTESTED")), "UNTESTED");
  EXPECT_EQ(overall(all_samples()), "FAIL");
}

TEST(ReportOverall, NothingJudgedIsUntested) {
  EXPECT_EQ(overall(Inputs{}), "UNTESTED");
  EXPECT_EQ(overall(run_of("SKIP")), "UNTESTED");
}

TEST(ReportOverall, ARunThatWasStoppedIsInconclusive) {
  Inputs inputs = run_of("PASS");
  inputs.runs[0].selected = 12;

  EXPECT_EQ(overall(inputs), "INCONCLUSIVE");
  EXPECT_EQ(headlines(inputs)[0].rfind("9 of 12 cases of 2 ops on vgpu:0", 0), 0u);
  const std::vector<std::string> found = gaps(inputs);
  EXPECT_EQ(std::count(found.begin(), found.end(),
                       "3 of 12 selected cases on vgpu:0: the run was stopped."),
            1);
}

TEST(ReportOverall, ATrainingRunIsAsGoodAsItsWorstCheck) {
  json training = training_sample();
  EXPECT_EQ(overall_of_training(training), "FAIL");
  training["verdicts"].erase(1);
  EXPECT_EQ(overall_of_training(training), "PASS");
  training["stopped"] = true;
  EXPECT_EQ(overall_of_training(training), "INCONCLUSIVE");
  training["verdicts"] = json::array();
  EXPECT_EQ(overall_of_training(training), "UNTESTED");
}

TEST(ReportOverall, AtLeast95PercentOfTheMutantsOfEachOpMustDie) {
  MutantRun run;
  EXPECT_EQ(overall_of_mutants(run), "UNTESTED");
  run.mutants.resize(20);
  for (Mutant& m : run.mutants) m.killer = "case";
  run.mutants[0].killer.clear();
  EXPECT_EQ(overall_of_mutants(run), "PASS");
  run.mutants[0].op = "relu";
  EXPECT_EQ(overall_of_mutants(run), "MISTRUSTED");
}

}  // namespace
}  // namespace plumb::report
