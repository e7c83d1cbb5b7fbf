// report.h - from a result's JSON (golden/audit/audit.h) to pages.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace plumb::report {

/// What a report says about where its numbers come from.
struct Provenance {
  std::string commit, machine, command, date;
};

/// One self-contained page: banner, verdicts with repro lines, charts drawn by Vega, which is in
/// the page (without script they are SVG), whose numbers also stand in tables, provenance, what is
/// not covered, and the raw JSON. Loads nothing; the same input gives the same bytes. Throws
/// std::invalid_argument for a JSON without verdicts.
std::string html(const nlohmann::json& result, const Provenance& provenance);

/// The verdict table and the provenance as Markdown.
std::string summary(const nlohmann::json& result, const Provenance& provenance);

/// "PASS", or the worst outcome of any row.
std::string overall(const nlohmann::json& result);
/// The device that the result's figures are of.
std::string device_of(const nlohmann::json& result);

}  // namespace plumb::report
