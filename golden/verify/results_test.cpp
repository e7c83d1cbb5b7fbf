// results_test.cpp - verdicts counted, printed and written as what they are.
#include "golden/verify/results.h"

#include <gtest/gtest.h>

#include <sstream>

namespace plumb::golden {
namespace {

using nlohmann::json;

json verdict(const std::string& id, const std::string& outcome, const std::string& reason = "",
             const std::string& text = "") {
  return {{"id", id},          {"outcome", outcome}, {"reason", reason},        {"text", text},
          {"hunts", "a tail"}, {"seconds", 0.5},     {"outputs", json::array()}};
}

Results results(const std::vector<std::string>& outcomes) {
  Results out;
  for (const std::string& outcome : outcomes)
    out.add(verdict("relu/forward/f32/n" + std::to_string(out.count()), outcome, "why"));
  return out;
}

const Header kHeader = {"vgpu:0", "native", "bin/plumbline verify", {{"torch", "2.15.0"}}, 9};

TEST(Results, giveTheWorstExitCode) {
  EXPECT_EQ(results({}).exit_code(), 4);
  EXPECT_EQ(results({"PASS", "SKIP", "GOLDEN_DEGRADED"}).exit_code(), 0);
  EXPECT_EQ(results({"PASS", "MISTRUSTED"}).exit_code(), 3);
  EXPECT_EQ(results({"MISTRUSTED", "FAIL"}).exit_code(), 2);
  EXPECT_EQ(results({"PASS", "UNTESTED"}).exit_code(), 2);
}

TEST(Results, countFindingsThatAreNeitherInformationNorAllowed) {
  const auto report = [](const char* severity, const json& allowed) {
    return json{{"severity", severity}, {"allowed", allowed}};
  };
  json first = verdict("relu/forward/f32/n1", "FAIL"),
       second = verdict("relu/forward/f32/n2", "PASS");
  first["checks"] = {report("error", nullptr), report("warning", nullptr), report("info", nullptr)};
  second["checks"] = {report("error", "all write the same")};
  Results r;
  r.add(first);
  r.add(second);
  EXPECT_EQ(r.findings(), 2u);
}

TEST(Results, nameAllowancesThatNoCaseNeeded) {
  json first = verdict("relu/forward/f32/n1", "PASS"),
       second = verdict("relu/forward/f32/n2", "PASS");
  first["allowances"] = {{"k.cu:1", false}, {"k.cu:2", false}};
  second["allowances"] = {{"k.cu:1", true}, {"k.cu:2", false}};
  Results r;
  r.add(first);
  r.add(second);
  EXPECT_EQ(r.unused_allowances(), std::vector<std::string>{"k.cu:2"});
}

TEST(Results, countACaseOnce) {
  Results r;
  r.add(verdict("relu/forward/f32/n1", "FAIL"));
  r.add(verdict("relu/forward/f32/n1", "PASS"));

  EXPECT_EQ(r.count(), 1u);
  EXPECT_EQ(r.count("FAIL"), 0u);
}

TEST(Results, tableHasARowAnOpAndTheSums) {
  Results r = results({"PASS", "FAIL"});
  r.add(verdict("sgd/step/f32/n1", "PASS"));

  std::istringstream rows(r.table());
  std::string line, first;
  std::vector<std::string> names;
  std::vector<int> passed;
  std::getline(rows, line);
  while (std::getline(rows, line)) {
    int count = 0;
    std::istringstream(line) >> first >> count;
    names.push_back(first), passed.push_back(count);
  }

  EXPECT_EQ(names, (std::vector<std::string>{"relu", "sgd", "all"}));
  EXPECT_EQ(passed, (std::vector<int>{1, 1, 2}));
}

TEST(Results, describeAFailureWithItsFiguresAndHowToRepeatIt) {
  const json v =
      verdict("relu/forward/f32/n5", "FAIL", "y: wrong", "y differs: wrong\n  first y[0]  got 1\n");

  EXPECT_EQ(describe(v, "bin/plumbline verify"),
            "FAIL relu/forward/f32/n5: y: wrong\n"
            "  first y[0]  got 1\n"
            "  hunts a tail\n"
            "  repro bin/plumbline verify --case relu/forward/f32/n5\n");
}

TEST(Results, detailsLeaveOutWhatPassedOrWasSkipped) {
  EXPECT_EQ(results({"PASS", "SKIP"}).details("x"), "");
  for (const char* outcome : {"FAIL", "MISTRUSTED", "GOLDEN_DEGRADED", "UNTESTED"})
    EXPECT_EQ(results({outcome}).details("x").rfind(outcome, 0), 0u);
}

TEST(Results, jsonLinesAreAHeaderAndALineACase) {
  std::istringstream lines(results({"PASS", "FAIL"}).json_lines(kHeader));
  std::string line;
  std::vector<json> all;
  while (std::getline(lines, line)) all.push_back(json::parse(line));

  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].at("cases"), 2);
  EXPECT_EQ(all[0].at("selected"), 9);
  EXPECT_EQ(all[0].at("versions").at("torch"), "2.15.0");
  EXPECT_EQ(all[1].at("id"), "relu/forward/f32/n0");
  EXPECT_EQ(all[2].at("device"), "vgpu:0");
}

TEST(Results, junitNamesTheDeviceAndSaysHowToRepeatAFailure) {
  const std::string text = results({"PASS", "FAIL"}).junit(kHeader);

  EXPECT_NE(text.find("<testsuite name=\"vgpu:0.native.relu\" tests=\"2\" failures=\"1\""),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("repro bin/plumbline verify --case relu/forward/f32/n1"), std::string::npos);
}

}  // namespace
}  // namespace plumb::golden
