#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "impl/core/error.h"
#include "reports/input/inputs.h"
#include "reports/samples.h"

namespace plumb::report {
namespace {

using nlohmann::json;

/// The error that a file of this text gets; "" when it is read.
std::string refusal_of(const std::string& text, Inputs inputs = {}) {
  try {
    add_input(inputs, text, "f.json");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

/// The same of the sample of a verify run, changed.
std::string refusal_of_run(const std::function<void(std::vector<json>&)>& change) {
  std::vector<json> lines = verify_sample();
  change(lines);
  return refusal_of(lines_of(lines));
}

std::string refusal_of_training(const std::function<void(json&)>& change) {
  json training = training_sample();
  change(training);
  return refusal_of(training.dump());
}

std::string refusal_of_mutants(const std::function<void(json&)>& change) {
  json mutants = mutants_sample();
  change(mutants);
  return refusal_of(mutants.dump());
}

TEST(ReportInput, FilesAreToldApartByWhatTheyHold) {
  const Inputs inputs = all_samples();

  EXPECT_EQ(inputs.training, training_sample());
  ASSERT_EQ(inputs.runs.size(), 1u);
  EXPECT_EQ(inputs.runs[0].cases.size(), 9u);
  ASSERT_TRUE(inputs.mutants.has_value());
  EXPECT_EQ(inputs.mutants->mutants.size(), 4u);
}

TEST(ReportInput, AFileThatIsNoResultIsRefusedInOneLine) {
  const std::string known =
      "allowed: JSON of plumbline train --audit, of plumbline verify, of ci/mutants";

  EXPECT_EQ(refusal_of(""), "f.json: is empty; " + known);
  EXPECT_EQ(refusal_of(" \n\n"), "f.json: is empty; " + known);
  EXPECT_EQ(refusal_of("{}"), "f.json:1: no result that is known; " + known);
  EXPECT_EQ(refusal_of("[1]"), "f.json:1: no result that is known; " + known);
  EXPECT_EQ(refusal_of("{\n\"a\": tru"), "f.json:2: not JSON, or cut off");
  EXPECT_EQ(refusal_of(std::string("\0\xff{", 3)), "f.json:1: not JSON, or cut off");
  EXPECT_EQ(refusal_of("{\"a\": 1e999}"), "f.json:1: a number too large for f64");
}

TEST(ReportInput, ARunThatIsCutOffOrBrokenIsRefusedWithItsLine) {
  const std::string whole = lines_of(verify_sample());

  EXPECT_EQ(refusal_of(whole.substr(0, whole.size() - 9)), "f.json:10: not JSON, or cut off");
  EXPECT_EQ(refusal_of_run([](auto& l) { l.pop_back(); }), "f.json:9: ends after 8 of 9 verdicts");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[0]["schema"] = 2; }),
            "f.json:1: schema 2; this program reads 1");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[0]["cases"] = -9; }),
            "f.json:1: field 'cases' is no integer of 0 or more: -9");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[2] = l[1]; }),
            "f.json:3: case linear/backward/f32/n4_in5_out6/normal stands there twice");
}

TEST(ReportInput, AVerdictThatIsIllTypedIsRefusedWithItsLine) {
  EXPECT_EQ(refusal_of_run([](auto& l) { l[3].erase("hunts"); }),
            "f.json:4: field 'hunts' is missing");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[3]["id"] = "linear/forward"; }),
            "f.json:4: id 'linear/forward' is not <op>/<direction>/<dtype>/<shape>");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[3]["outcome"] = "GOOD"; }),
            "f.json:4: outcome 'GOOD'; allowed: PASS, FAIL, UNTESTED, MISTRUSTED, GOLDEN_DEGRADED, "
            "SKIP");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[3]["outputs"] = 1; }),
            "f.json:4: field 'outputs' is no list");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[3]["outputs"][0]["rel_l2"] = "low"; }),
            "f.json:4: an output: field 'rel_l2' is no number: \"low\"");
  EXPECT_EQ(refusal_of_run([](auto& l) { l[3] = 7; }), "f.json:4: is no JSON object");
}

TEST(ReportInput, AnIllTypedTrainingResultIsRefusedWithItsPlace) {
  EXPECT_EQ(refusal_of_training([](json& t) { t["verdicts"] = 1; }),
            "f.json: field 'verdicts' is no list");
  EXPECT_EQ(refusal_of_training([](json& t) { t["verdicts"][1]["figure"] = "x"; }),
            "f.json: verdicts[1]: field 'figure' is no number: \"x\"");
  EXPECT_EQ(refusal_of_training([](json& t) { t["steps"][0].erase("share"); }),
            "f.json: steps[0]: field 'share' is missing");
  EXPECT_EQ(refusal_of_training([](json& t) { t["free"]["loss"][1] = "x"; }),
            "f.json: free: field 'loss' lists \"x\", which is no number");
  EXPECT_EQ(refusal_of_training([](json& t) { t["accuracy"].erase("images"); }),
            "f.json: accuracy: field 'images' is missing");
  EXPECT_EQ(refusal_of_training([](json& t) { t["device"] = 1; }),
            "f.json: field 'device' is no text: 1");
  EXPECT_EQ(refusal_of_training([](json& t) { t["stopped"] = "no"; }),
            "f.json: field 'stopped' is neither true nor false: \"no\"");
}

TEST(ReportInput, MutantsThatDoNotAddUpAreRefused) {
  EXPECT_EQ(refusal_of_mutants([](json& m) { m["ops"]["linear"]["killed"] = 3; }),
            "f.json: ops.linear: says 3 of 3 killed, lists 2 of 3");
  EXPECT_EQ(refusal_of_mutants([](json& m) { m["ops"]["linear"]["total"] = 4; }),
            "f.json: ops.linear: says 2 of 4 killed, lists 2 of 3");
  EXPECT_EQ(
      refusal_of_mutants([](json& m) { m["ops"]["linear"]["mutants"][2].erase("killed_by"); }),
      "f.json: ops.linear.mutants[2]: field 'killed_by' is missing");
  EXPECT_EQ(refusal_of_mutants([](json& m) {
              m["ops"]["relu"]["mutants"][0]["killed_by"] = {{"luck", "x"}};
            }),
            "f.json: ops.relu.mutants[0].killed_by: names no case, property or crash");
  EXPECT_EQ(refusal_of_mutants([](json& m) { m["ops"] = 1; }), "f.json: field 'ops' is no object");
}

TEST(ReportInput, NothingIsCountedTwice) {
  Inputs inputs = all_samples();

  EXPECT_EQ(refusal_of(training_sample().dump(), inputs),
            "f.json: a second result of plumbline train --audit; a report has one");
  EXPECT_EQ(refusal_of(mutants_sample().dump(), inputs),
            "f.json: a second result of ci/mutants; a report has one");
  EXPECT_EQ(refusal_of(lines_of(verify_sample()), inputs),
            "f.json: case linear/backward/f32/n4_in5_out6/normal on vgpu:0 (native) is in "
            "verify.jsonl too");
}

TEST(ReportInput, ARunOnAnotherDeviceStandsBeside) {
  std::vector<json> lines = verify_sample();
  for (json& line : lines) line["device"] = "cuda:0";

  EXPECT_EQ(refusal_of(lines_of(lines), all_samples()), "");
}

TEST(ReportInput, AFigureThatIsNullIsBeyondEveryBound) {
  EXPECT_TRUE(std::isinf(all_samples().runs[0].cases[1].outputs[0].share));
}

TEST(ReportInput, LibTorchsOwnErrorIsThatOfTheDtype) {
  const std::vector<Case> cases = all_samples().runs[0].cases;

  EXPECT_EQ(cases[1].outputs[0].libtorch, 0.003) << cases[1].id;
  EXPECT_EQ(cases[3].outputs[0].libtorch, 1e-7) << cases[3].id;
  EXPECT_TRUE(std::isnan(cases[8].outputs[0].libtorch)) << cases[8].id;
}

TEST(ReportInput, AFileThatIsNotThereIsNamed) {
  try {
    read_inputs({"/nowhere/verify.jsonl"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere/verify.jsonl"), std::string::npos);
  }
}

}  // namespace
}  // namespace plumb::report
