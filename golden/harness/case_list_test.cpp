// case_list_test.cpp - case files: what they may say, and one line with the place for what they may
// not.
#include "golden/harness/case_list.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::golden {
namespace {

class CaseFile : public testing::Test {
 protected:
  CaseFile()
      : folder_(std::filesystem::temp_directory_path() /
                ("plumb_cases_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "linear");
  }
  ~CaseFile() override { std::filesystem::remove_all(folder_); }

  CaseList ours(const std::string& text) const {
    write_whole((folder_ / "linear/cases.json").string(), text);
    return read_cases(folder_.string(), "linear");
  }
  std::vector<Case> live(const std::string& text) const {
    write_whole((folder_ / "live.json").string(), text);
    return read_live_cases((folder_ / "live.json").string());
  }
  template <class Read>
  static std::string refusal(const Read& read) {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "accepted";
  }
  std::string refused(const std::string& text) const {
    return refusal([&] { ours(text); });
  }
  /// One entry of "cases", or of "refusals", in an otherwise right file.
  std::string refused_case(const std::string& fields) const {
    return refused(R"({"op": "linear", "cases": [{)" + fields + "}]}");
  }
  std::string refused_refusal(const std::string& fields) const {
    return refused(
        R"({"op": "linear", "cases": [{"case": "n1_in1_out1", "hunts": "x"}], "refusals": [{)" +
        fields + "}]}");
  }
  std::string refused_live(const std::string& text) const {
    return refusal([&] { live(text); });
  }

  std::filesystem::path folder_;
};

#define EXPECT_SAYS(text, words) EXPECT_NE((text).find(words), std::string::npos) << (text)

TEST_F(CaseFile, givesEveryDirectionAndDtypeUnlessSomeAreNamed) {
  const CaseList list = ours(R"({"op": "linear", "cases": [
    {"case": "n4_in5_out3/exact", "hunts": "a"},
    {"case": "n4_in5_out3", "hunts": "b", "dtypes": ["f32"], "directions": ["forward"],
     "nulls": {"zeros": "because"}}]})");

  ASSERT_EQ(list.cases.size(), 9u);
  EXPECT_EQ(list.cases[0].text, "linear/forward/f64/n4_in5_out3/exact");
  EXPECT_EQ(list.cases[8].text, "linear/forward/f32/n4_in5_out3");
  EXPECT_EQ(list.cases[8].hunts, "b");
  EXPECT_EQ(list.cases[8].nulls.at("zeros"), "because");
}

TEST_F(CaseFile, givesRefusalsWithChangedInputs) {
  const CaseList list = ours(R"({"op": "linear", "cases": [{"case": "n1_in1_out1", "hunts": "a"}],
    "refusals": [{"name": "width", "case": "linear/forward/f32/n2_in3_out4", "ours": "o",
                  "libtorch": "l", "hunts": "h", "inputs": {"weight": {"shape": [4, 5]}}}]})");

  ASSERT_EQ(list.refusals.size(), 1u);
  EXPECT_EQ(list.refusals[0].c.text, "linear/forward/f32/refusal/width");
  EXPECT_EQ(list.refusals[0].c.find("weight")->shape, (Shape{4, 5}));
  EXPECT_EQ(list.refusals[0].libtorch, "l");
}

TEST_F(CaseFile, thatIsNoneIsRefused) {
  EXPECT_SAYS(refused("{"), "linear/cases.json: not JSON");
  EXPECT_SAYS(refused("[]"), "need an object");
  EXPECT_SAYS(refused(R"({"op": "relu", "cases": []})"), "'op' is not linear");
  EXPECT_SAYS(refused(R"({"op": "linear"})"), "'cases' is empty");
  EXPECT_SAYS(refused(R"({"op": "linear", "cases": {"a": 1}})"), "'cases' is no list");
  EXPECT_SAYS(refused(R"({"op": "linear", "cases": [], "golden": 1})"), "field 'golden'");
  EXPECT_SAYS(refusal([&] { read_cases(folder_.string(), "relu"); }), "relu/cases.json");
}

TEST_F(CaseFile, namesTheCaseThatIsWrong) {
  const std::string second = refused(R"({"op": "linear", "cases": [
    {"case": "n1_in1_out1", "hunts": "a"}, {"case": "n1_in1_out-1", "hunts": "b"}]})");

  EXPECT_SAYS(second, "linear/cases.json: case 2: case id 'linear/forward/f64/n1_in1_out-1'");
}

TEST_F(CaseFile, refusesWhatACaseMayNotSay) {
  const std::string good = R"("case": "n1_in1_out1", "hunts": "a")";
  EXPECT_SAYS(refused_case(R"("case": "n1_in1_out1")"), "no 'hunts'");
  EXPECT_SAYS(refused_case(R"("case": "n1_in1_out1", "hunts": "")"), "'hunts' is empty");
  EXPECT_SAYS(refused_case(R"("case": 5, "hunts": "a")"), "'case' is 5");
  EXPECT_SAYS(refused_case(good + R"(, "hunt": "a")"), "field 'hunt' is unknown; allowed: case");
  EXPECT_SAYS(refused_case(good + R"(, "dtypes": ["fp8"])"), "allowed: f64");
  EXPECT_SAYS(refused_case(good + R"(, "dtypes": ["i64"])"), "does not take i64");
  EXPECT_SAYS(refused_case(good + R"(, "dtypes": [])"), "'dtypes' is empty");
  EXPECT_SAYS(refused_case(good + R"(, "dtypes": "f32")"), "'dtypes' is no list");
  EXPECT_SAYS(refused_case(good + R"(, "directions": ["step"])"), "it has: forward, backward");
  EXPECT_SAYS(refused_case(good + R"(, "dtypes": ["f32", "f32"])"), "is there twice");
  EXPECT_SAYS(refused_case(R"("case": "n1_in1_out1/quick", "hunts": "a")"), "option 'quick'");
  EXPECT_SAYS(refused_case(R"("case": "n99999999999999999999_in1_out1", "hunts": "a")"), "no size");
  EXPECT_SAYS(refused_case(R"("case": "n65536_in65536_out1", "hunts": "a")"), "at most 2^31");
  EXPECT_SAYS(refused_case(good + R"(, "nulls": {"ones": "a"})"), "allowed: zeros, copy");
  EXPECT_SAYS(refused_case(good + R"(, "nulls": {"zeros": ""})"), "has no reason");
}

TEST_F(CaseFile, refusesWhatARefusalMayNotSay) {
  const std::string good = R"("name": "a", "case": "linear/forward/f32/n1_in1_out1", )"
                           R"("ours": "", "libtorch": "", "hunts": "")";
  EXPECT_EQ(refused_refusal(good), "accepted");
  EXPECT_SAYS(refused_refusal(good + R"(, "inputs": {"w": {}})"), "'w' is no input of linear");
  EXPECT_SAYS(refused_refusal(good + R"(, "inputs": {"x": {"name": "y"}})"), "but its name");
  EXPECT_SAYS(refused_refusal(good + R"(, "inputs": {"x": {"shape": [-1]}})"), "has shape [-1]");
  EXPECT_SAYS(refused_refusal(good + R"(, "attributes": {"lr": 1})"), "'lr' is no attribute");
  EXPECT_SAYS(refused_refusal(R"("name": "a")"), "refusal 1: no 'case'");
}

TEST_F(CaseFile, ofAUserChangesInputsAndNeedsNoHunts) {
  const std::vector<Case> cases = live(R"({"cases": [
    {"case": "linear/forward/f32/n3_in5_out7", "inputs": {"x": {"offset": 1e4, "scale": 0.01}}},
    {"case": "relu/backward/bf16/n3_c5"}]})");

  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].find("x")->offset, 1e4);
  EXPECT_EQ(cases[0].find("weight")->offset, 0);
  EXPECT_EQ(cases[1].id.op, "relu");
  EXPECT_EQ(cases[1].hunts, "");
}

TEST_F(CaseFile, ofAUserThatIsWrongIsRefused) {
  const auto one = [&](const std::string& fields) {
    return refused_live(R"({"cases": [{)" + fields + "}]}");
  };
  const std::string good = R"("case": "linear/forward/f32/n3_in5_out7")";
  EXPECT_SAYS(refused_live("no"), "live.json: not JSON");
  EXPECT_SAYS(refused_live(R"({"cases": []})"), "'cases' is empty");
  EXPECT_SAYS(refused_live(R"({"tests": []})"), "field 'tests' is unknown; allowed: cases");
  EXPECT_SAYS(refused_live(R"({"cases": [7]})"), "case 1: is 7; need an object");
  EXPECT_SAYS(one(R"("case": "lineer/forward/f32/n1_in1_out1")"), "nearest: 'linear'");
  EXPECT_SAYS(one(R"("case": "linear/forward/fp8/n1_in1_out1")"), "allowed: f64");
  EXPECT_SAYS(one(R"("case": "linear/forward/f32/n-1_in1_out1")"), "no size as n64");
  EXPECT_SAYS(one(good + R"(, "attributes": {})"), "field 'attributes' is unknown");
  EXPECT_SAYS(one(good + R"(, "inputs": {"y": {}})"), "'y' is no input");
  EXPECT_SAYS(one(good + R"(, "inputs": {"x": {"shape": [1e30]}})"), "'shape' is [1e+30]");
  EXPECT_SAYS(one(good + R"(, "inputs": {"x": {"fill": "ones"}})"), "allowed: exact");
  EXPECT_SAYS(one(good + R"(, "inputs": [])"), "'inputs' need an object");
  EXPECT_SAYS(one(good + "}, {" + good),
              "case 2: case linear/forward/f32/n3_in5_out7 is there twice");
}

TEST(ProjectsCases, areAtLeastSixtyOfEveryOpInEveryDtypeAndDirection) {
  for (const Op& op : ops()) {
    const CaseList list = read_cases(PLUMB_GOLDEN_FOLDER, op.name);
    std::set<std::string> kinds;
    for (const Case& c : list.cases) kinds.insert(c.id.direction + "/" + c.id.dtype);

    EXPECT_GE(list.cases.size(), 60u) << op.name;
    EXPECT_EQ(kinds.size(), op.directions.size() * op.dtypes.size()) << op.name;
    EXPECT_FALSE(list.refusals.empty()) << op.name;
  }
}

}  // namespace
}  // namespace plumb::golden
