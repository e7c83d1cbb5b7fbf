#include "golden/verify/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "golden/verify/junit.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

constexpr std::array kOutcomes = {"PASS", "FAIL",    "MISTRUSTED", "GOLDEN_DEGRADED",
                                  "SKIP", "UNTESTED"};

std::string op_of(const std::string& id) { return id.substr(0, id.find('/')); }

}  // namespace

void Results::add(const json& verdict) { verdicts_[verdict.at("id")] = verdict; }

std::size_t Results::count(const std::string& outcome) const {
  return static_cast<std::size_t>(
      std::count_if(verdicts_.begin(), verdicts_.end(),
                    [&](const auto& entry) { return entry.second.at("outcome") == outcome; }));
}

std::size_t Results::findings() const {
  std::size_t out = 0;
  for (const auto& [id, verdict] : verdicts_)
    if (const auto reports = verdict.find("checks"); reports != verdict.end())
      for (const json& report : *reports)
        out += report.at("severity") != "info" && report.at("allowed").is_null();
  return out;
}

std::vector<std::string> Results::unused_allowances() const {
  std::map<std::string, bool> used;
  for (const auto& [id, verdict] : verdicts_)
    if (const auto allowances = verdict.find("allowances"); allowances != verdict.end())
      for (const auto& [text, was_found] : allowances->items())
        used[text] = used[text] || was_found.get<bool>();
  std::vector<std::string> out;
  for (const auto& [text, was_found] : used)
    if (!was_found) out.push_back(text);
  return out;
}

int Results::exit_code() const {
  if (verdicts_.empty()) return 4;
  if (count("FAIL") + count("UNTESTED") > 0) return 2;
  return count("MISTRUSTED") > 0 ? 3 : 0;
}

std::string Results::table() const {
  std::map<std::string, std::map<std::string, int>> counts;
  for (const auto& [id, verdict] : verdicts_) ++counts[op_of(id)][verdict.at("outcome")];
  std::string out = fmt::format("{:<24}", "op");
  for (const char* outcome : kOutcomes) out += fmt::format(" {:>15}", outcome);
  out += "\n";
  const auto row = [&](const std::string& name, const std::map<std::string, int>& cells) {
    out += fmt::format("{:<24}", name);
    for (const char* outcome : kOutcomes) {
      const auto found = cells.find(outcome);
      out += fmt::format(" {:>15}", found == cells.end() ? 0 : found->second);
    }
    out += "\n";
  };
  std::map<std::string, int> all;
  for (const auto& [op, cells] : counts) {
    row(op, cells);
    for (const auto& [outcome, n] : cells) all[outcome] += n;
  }
  if (counts.size() > 1) row("all", all);
  return out;
}

std::string describe(const json& v, const std::string& command) {
  std::string out = fmt::format("{} {}: {}\n", v.at("outcome").get<std::string>(),
                                v.at("id").get<std::string>(), v.at("reason").get<std::string>());
  // The first line of the text says what the reason says.
  const std::string text = v.at("text");
  if (const auto lines = text.find('\n'); lines != std::string::npos) out += text.substr(lines + 1);
  if (const std::string hunts = v.at("hunts"); !hunts.empty()) out += "  hunts " + hunts + "\n";
  return out + "  repro " + command + " --case " + v.at("id").get<std::string>() + "\n";
}

std::string Results::details(const std::string& command) const {
  std::string out;
  for (const auto& [id, v] : verdicts_)
    if (v.at("outcome") != "PASS" && v.at("outcome") != "SKIP") out += describe(v, command);
  return out;
}

std::string Results::json_lines(const Header& header) const {
  std::string out = json{{"schema", 1},
                         {"device", header.device},
                         {"engine", header.engine},
                         {"command", header.command},
                         {"versions", header.versions},
                         {"cases", verdicts_.size()},
                         {"selected", header.selected}}
                        .dump() +
                    "\n";
  for (const auto& [id, verdict] : verdicts_) {
    json line = verdict;
    line["device"] = header.device;
    line["engine"] = header.engine;
    out += line.dump() + "\n";
  }
  return out;
}

std::string Results::junit(const Header& header) const {
  std::vector<TestCase> cases;
  for (const auto& [id, v] : verdicts_)
    cases.push_back({suite_name(header.device, header.engine, op_of(id)), id, v.at("seconds"),
                     v.at("outcome"), v.at("reason"), describe(v, header.command)});
  return golden::junit(cases);
}

}  // namespace plumb::golden
