// report_json.h - what the checks found, as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "vgpu/observe/report.h"

namespace vgpu::observe {

/// {"kind", "check", "severity", "what", "kernel", "place", "source", "thread", "address", "count",
/// "other": {"place", "source", "thread"} or null, "allowed": the reason or null}
nlohmann::ordered_json to_json(const Report& report);

/// {"schema": 1, "checks", "found", "reports": [...]}
nlohmann::ordered_json to_json(const std::vector<Report>& reports, const std::string& checks);

}  // namespace vgpu::observe
