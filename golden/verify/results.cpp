#include "golden/verify/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace plumb::golden {
namespace {

using nlohmann::json;

constexpr std::array kOutcomes = {"PASS", "FAIL",    "MISTRUSTED", "GOLDEN_DEGRADED",
                                  "SKIP", "UNTESTED"};

std::string op_of(const std::string& id) { return id.substr(0, id.find('/')); }

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= ' ' || c == '\n')
      out += c;
  }
  return out;
}

}  // namespace

void Results::add(const json& verdict) { verdicts_[verdict.at("id")] = verdict; }

std::size_t Results::count(const std::string& outcome) const {
  return static_cast<std::size_t>(
      std::count_if(verdicts_.begin(), verdicts_.end(),
                    [&](const auto& entry) { return entry.second.at("outcome") == outcome; }));
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

std::string Results::details(const std::string& repro_prefix) const {
  std::string out;
  for (const auto& [id, v] : verdicts_) {
    if (v.at("outcome") == "PASS" || v.at("outcome") == "SKIP") continue;
    out += fmt::format("{} {}: {}\n", v.at("outcome").get<std::string>(), id,
                       v.at("reason").get<std::string>());
    const std::string text = v.at("text");
    if (const auto lines = text.find('\n'); lines != std::string::npos)
      out += text.substr(lines + 1);
    if (const std::string hunts = v.at("hunts"); !hunts.empty()) out += "  hunts " + hunts + "\n";
    out += "  repro " + repro_prefix + " --case " + id + "\n";
  }
  return out;
}

std::string Results::json_lines(const Header& header) const {
  std::string out = json{{"schema", 1},
                         {"device", header.device},
                         {"engine", header.engine},
                         {"command", header.command},
                         {"versions", header.versions},
                         {"cases", verdicts_.size()}}
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

std::string Results::junit() const {
  std::map<std::string, std::vector<const json*>> suites;
  for (const auto& [id, verdict] : verdicts_) suites[op_of(id)].push_back(&verdict);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [op, cases] : suites) {
    std::size_t failures = 0, skipped = 0;
    std::string body;
    for (const json* v : cases) {
      const std::string outcome = v->at("outcome");
      body += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6f}\">", op,
                          xml(v->at("id")), v->at("seconds").get<double>());
      const std::string reason = xml(v->at("reason"));
      if (outcome == "FAIL" || outcome == "UNTESTED" || outcome == "MISTRUSTED") {
        ++failures;
        body += fmt::format("<failure type=\"{}\" message=\"{}\">{}</failure>", outcome, reason,
                            xml(v->at("text")));
      } else if (outcome == "SKIP") {
        ++skipped;
        body += "<skipped message=\"" + reason + "\"/>";
      } else if (outcome == "GOLDEN_DEGRADED") {
        body += "<system-out>GOLDEN_DEGRADED: " + reason + "</system-out>";
      }
      body += "</testcase>\n";
    }
    out += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n{}  </testsuite>\n",
        op, cases.size(), failures, skipped, body);
  }
  return out + "</testsuites>\n";
}

}  // namespace plumb::golden
