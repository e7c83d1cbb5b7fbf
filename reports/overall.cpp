#include "reports/overall.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "reports/elements.h"
#include "reports/input/fields.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

using nlohmann::json;

constexpr double kWorthwhile = 0.95;  // of the mutants must be killed

int severity(const std::string& outcome) {
  static const std::vector<std::string> kRising = {"PASS", "INCONCLUSIVE", "MISTRUSTED", "UNTESTED",
                                                   "FAIL"};
  const auto found = std::find(kRising.begin(), kRising.end(), outcome);
  return found == kRising.end() ? 0 : static_cast<int>(found - kRising.begin());
}

std::string worse(const std::string& a, const std::string& b) {
  return severity(b) > severity(a) ? b : a;
}

std::string headline_of(const VerifyRun& run) {
  std::map<std::string, int> counts;
  std::set<std::string> ops;
  for (const Case& c : run.cases) ++counts[c.outcome], ops.insert(c.op);
  std::vector<std::string> words;
  for (const std::string& name : outcomes())
    if (const auto found = counts.find(name); found != counts.end())
      words.push_back(fmt::format("{} {}", found->second, name));
  const std::string judged =
      run.cases.size() < run.selected
          ? fmt::format("{} of {}", run.cases.size(), plural(run.selected, "case"))
          : plural(run.cases.size(), "case");
  return fmt::format("{} of {} on {}, engine {}: {}.", judged, plural(ops.size(), "op"), run.device,
                     run.engine,
                     words.empty() ? "none judged" : fmt::format("{}", fmt::join(words, ", ")));
}

std::string headline_of_training(const json& training) {
  const json& verdicts = training["verdicts"];
  const auto passed = std::count_if(verdicts.begin(), verdicts.end(),
                                    [](const json& row) { return row["outcome"] == "PASS"; });
  std::string out = fmt::format("Training on {}: {} of {} PASS", device_of(training), passed,
                                plural(verdicts.size(), "check"));
  if (training.contains("accuracy"))
    out += fmt::format("; test accuracy {}, LibTorch {}",
                       number(value_of(training["accuracy"]["ours"])),
                       number(value_of(training["accuracy"]["libtorch"])));
  return out + ".";
}

}  // namespace

bool is_bad(const std::string& outcome) { return severity(outcome) > severity("INCONCLUSIVE"); }

std::string device_of(const json& training) {
  return training.is_object() ? training.value("device", "vgpu:0") : "vgpu:0";
}

bool is_virtual(const std::string& device) { return device.rfind("vgpu", 0) == 0; }

std::vector<std::string> devices_of(const Inputs& inputs) {
  std::set<std::string> out;
  if (!inputs.training.is_null()) out.insert(device_of(inputs.training));
  for (const VerifyRun& run : inputs.runs) out.insert(run.device);
  if (inputs.mutants) out.insert(inputs.mutants->device);
  return {out.begin(), out.end()};
}

std::string devices_of_runs(const Inputs& inputs) {
  std::set<std::string> out;
  for (const VerifyRun& run : inputs.runs) out.insert(run.device);
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string overall_of_training(const json& training) {
  if (training["verdicts"].empty()) return "UNTESTED";
  std::string worst = training.value("stopped", false) ? "INCONCLUSIVE" : "PASS";
  for (const json& row : training["verdicts"]) worst = worse(worst, row["outcome"]);
  return worst;
}

std::string overall_of_runs(const std::vector<VerifyRun>& runs) {
  std::string worst = "PASS";
  std::size_t judged = 0;
  for (const VerifyRun& run : runs) {
    if (run.cases.size() < run.selected) worst = worse(worst, "INCONCLUSIVE");
    for (const Case& c : run.cases) {
      worst = worse(worst, c.outcome);
      judged += c.outcome != "SKIP";
    }
  }
  return judged == 0 ? "UNTESTED" : worst;
}

std::string overall_of_mutants(const MutantRun& run) {
  if (run.mutants.empty()) return "UNTESTED";
  for (const auto& [op, counts] : mutants_by_op(run))
    if (counts.killed < kWorthwhile * counts.total) return "MISTRUSTED";
  return "PASS";
}

std::string overall(const Inputs& inputs) {
  if (inputs.training.is_null() && inputs.runs.empty() && !inputs.mutants) return "UNTESTED";
  std::string worst = "PASS";
  if (!inputs.training.is_null()) worst = worse(worst, overall_of_training(inputs.training));
  if (!inputs.runs.empty()) worst = worse(worst, overall_of_runs(inputs.runs));
  if (inputs.mutants) worst = worse(worst, overall_of_mutants(*inputs.mutants));
  return worst;
}

std::vector<std::string> headlines(const Inputs& inputs) {
  std::vector<std::string> out;
  for (const VerifyRun& run : inputs.runs) out.push_back(headline_of(run));
  if (inputs.mutants) {
    const MutantCounts counts = count(*inputs.mutants);
    out.push_back(fmt::format("Planted bugs: {} of {} killed.", counts.killed, counts.total));
  }
  if (!inputs.training.is_null()) out.push_back(headline_of_training(inputs.training));
  return out;
}

}  // namespace plumb::report
