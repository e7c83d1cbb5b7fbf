// report.h - from a result's JSON (golden/audit/audit.h) to pages.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace plumb::report {

/// What a report says about where its numbers come from.
struct Provenance {
  std::string commit, machine, command, date;
};

/// One self-contained page: banner, provenance, verdicts with repro lines, charts drawn by Vega,
/// which is in the page (without script they are SVG), whose numbers also stand in tables, what is
/// not covered, and the raw JSON. Loads nothing; the same input gives the same bytes. Throws
/// std::invalid_argument for a JSON without verdicts.
std::string html(const nlohmann::json& result, const Provenance& provenance);

/// The verdict table and the provenance as Markdown.
std::string summary(const nlohmann::json& result, const Provenance& provenance);

/// "PASS", or the worst outcome of any row.
std::string overall(const nlohmann::json& result);
/// & < > " replaced.
std::string escape(const std::string& text);
/// A number as people read it: 4 significant digits.
std::string number(double value);
/// A script element of that id that holds `value` as data.
std::string embedded(const std::string& id, const nlohmann::json& value);

}  // namespace plumb::report
