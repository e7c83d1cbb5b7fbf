#include "golden/verify/checked_case.h"

#include <fmt/format.h>

#include "vgpu/machine/machine.h"
#include "vgpu/observe/allowances.h"
#include "vgpu/observe/report.h"
#include "vgpu/observe/report_json.h"

namespace plumb::golden {

void prepare_checks() {
  const vgpu::observe::Checks& checks = vgpu::settings().checks;
  if (!checks.finds()) return;
  set_fenced_runs(false);
  vgpu::observe::Log::get().keep_quiet();  // the verdicts tell
  if (!checks.race) return;
  set_before_run([](int run) {
    vgpu::settings().order = run == 0 ? vgpu::BlockOrder::forward : vgpu::BlockOrder::reverse;
  });
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
  verdict.allowances = vgpu::observe::Allowances::get().states();
  if (found == 0) return;
  if (verdict.outcome != Outcome::fail)
    verdict.reason =
        fmt::format("{} finding{} of the checks: {}", found, found == 1 ? "" : "s", first);
  verdict.outcome = Outcome::fail;
  if (verdict.text.empty()) verdict.text = verdict.reason + "\n";
  verdict.text += all;
}

}  // namespace plumb::golden
