#include <fmt/format.h>

#include "reports/elements.h"
#include "reports/report.h"

namespace plumb::report {

using nlohmann::json;

std::string device_of(const json& result) { return result.value("device", "vgpu:0"); }

std::string overall(const json& result) {
  if (result["verdicts"].empty()) return "UNTESTED";
  std::string worst = "PASS";
  for (const auto& row : result["verdicts"]) {
    const std::string outcome = row["outcome"];
    if (outcome == "FAIL" || (outcome != "PASS" && worst == "PASS")) worst = outcome;
  }
  return worst == "PASS" && result.value("stopped", false) ? "INCONCLUSIVE" : worst;
}

std::string summary(const json& result, const Provenance& p) {
  const std::string device = device_of(result);
  std::string out = fmt::format("# Plumbline: {}\n\n", overall(result));
  out += fmt::format(
      "machine {}  commit {}  {}  `{}`\n\n| check | device | outcome | figure | limit | detail "
      "|\n|---|---|---|---|---|---|\n",
      p.machine, p.commit, p.date, p.command);
  for (const auto& row : result["verdicts"])
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", row["name"].get<std::string>(), device,
                       row["outcome"].get<std::string>(), number(row["figure"]),
                       number(row["limit"]), row["detail"].get<std::string>());
  if (result.contains("accuracy"))
    out += fmt::format("\nTest accuracy {} (LibTorch {}) on {} images; {} images/s on {}.\n",
                       number(result["accuracy"]["ours"]), number(result["accuracy"]["libtorch"]),
                       result["accuracy"]["images"].get<int>(), number(result["images_per_second"]),
                       device);
  return out;
}

}  // namespace plumb::report
