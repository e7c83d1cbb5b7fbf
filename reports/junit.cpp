// junit.cpp - everything given as JUnit XML.
#include "golden/verify/junit.h"

#include "reports/overall.h"
#include "reports/report.h"

namespace plumb::report {
namespace {

using golden::TestCase;
using nlohmann::json;

void add_cases(const VerifyRun& run, std::vector<TestCase>& out) {
  for (const Case& c : run.cases)
    out.push_back({golden::suite_name(c.device, c.engine, c.op), c.id, c.seconds, c.outcome,
                   c.reason, c.described});
}

void add_training(const json& training, std::vector<TestCase>& out) {
  for (const json& row : training["verdicts"])
    out.push_back({golden::suite_name(device_of(training), "native", "train"), row["name"], 0,
                   row["outcome"], row["detail"], row["detail"]});
}

void add_mutants(const MutantRun& run, std::vector<TestCase>& out) {
  for (const Mutant& m : run.mutants)
    out.push_back({golden::suite_name(run.device, "mutants", m.op), m.name, 0,
                   m.killed() ? "PASS" : "FAIL", m.killed() ? "" : "survived: " + m.what,
                   m.file + ": " + m.what + "\n"});
}

}  // namespace

std::string junit(const Inputs& inputs) {
  std::vector<TestCase> cases;
  for (const VerifyRun& run : inputs.runs) add_cases(run, cases);
  if (!inputs.training.is_null()) add_training(inputs.training, cases);
  if (inputs.mutants) add_mutants(*inputs.mutants, cases);
  return golden::junit(cases);
}

}  // namespace plumb::report
