// cases_test.cpp - every case of every op as a GoogleTest, judged as `plumbline verify` does:
// <op>.<case_id_to_gtest_name>.
#include <gtest/gtest.h>

#include <filesystem>

#include "golden/verify/case_judge.h"
#include "golden/verify/repro.h"
#include "golden/verify/results.h"

namespace plumb::golden {
namespace {

Selected cases_of(const std::string& op) {
  Selection selection;
  selection.ops = {op};
  return select(selection);
}

/// Kept for the op's other cases: it reads their answers once.
CaseJudge& judge_of(const std::string& op) {
  static std::map<std::string, CaseJudge> judges;
  return judges.try_emplace(op, cases_of(op), false).first->second;
}

std::string repro() {
  const auto program = std::filesystem::path(own_program()).replace_filename("plumbline");
  return repro_command(program.string(), "vgpu:0", "");
}

class CaseTest : public testing::Test {
 public:
  CaseTest(std::string op, std::string id) : op_(std::move(op)), id_(std::move(id)) {}
  void TestBody() override {
    const CaseVerdict verdict = judge_of(op_).judge(id_);

    if (verdict.outcome == Outcome::skip) GTEST_SKIP() << verdict.reason;
    EXPECT_EQ(exit_code_of(verdict.outcome), 0) << describe(verdict.json(), repro());
  }

 private:
  std::string op_, id_;
};

void register_case(const std::string& op, const std::string& id) {
  testing::RegisterTest(op.c_str(), case_id_to_gtest_name(id).c_str(), nullptr, id.c_str(),
                        __FILE__, __LINE__, [op, id] { return new CaseTest(op, id); });
}

}  // namespace
}  // namespace plumb::golden

int main(int argc, char** argv) {
  using namespace plumb::golden;
  testing::InitGoogleTest(&argc, argv);
  for (const Op& op : ops()) {
    const Selected selected = cases_of(op.name);
    for (const Case& c : selected.cases) register_case(op.name, c.text);
    for (const Refusal& r : selected.refusals) register_case(op.name, r.c.text);
  }
  return RUN_ALL_TESTS();
}
