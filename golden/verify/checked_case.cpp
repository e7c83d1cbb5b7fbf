#include "golden/verify/checked_case.h"

#include <fmt/format.h>

#include "vgpu/machine/machine.h"
#include "vgpu/observe/report.h"
#include "vgpu/observe/report_json.h"

namespace plumb::golden {

void prepare_checks() {
  if (vgpu::settings().checks.finds()) set_fenced_runs(false);
}

void add_findings(CaseVerdict& verdict) {
  using vgpu::observe::Log;
  if (!vgpu::settings().checks.finds()) return;
  const std::uint64_t found = Log::get().found();
  std::string first, all;
  for (const vgpu::observe::Report& report : Log::get().reports()) {
    verdict.checks.push_back(nlohmann::json(to_json(report)));
    const std::string text = text_of(report);
    if (first.empty() && counts(report)) first = text.substr(0, text.find('\n'));
    all += "  " + text + "\n";
  }
  Log::get().clear();
  if (found == 0) return;
  if (verdict.outcome != Outcome::fail)
    verdict.reason =
        fmt::format("{} finding{} of the checks: {}", found, found == 1 ? "" : "s", first);
  verdict.outcome = Outcome::fail;
  verdict.text += all;
}

}  // namespace plumb::golden
