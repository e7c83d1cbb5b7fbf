// results.h - the verdicts of a run: counted, printed, written.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace plumb::golden {

/// Where the verdicts come from: the first line of a results file.
struct Header {
  std::string device, engine, command;
  nlohmann::json versions;  // of the LibTorch that answered
  std::size_t selected =
      0;  // cases that were to be judged: more than there are verdicts when stopped
};

/// A verdict as people read it: id, outcome, reason, the failure's lines, how to repeat it.
std::string describe(const nlohmann::json& verdict, const std::string& command);

class Results {
 public:
  void add(const nlohmann::json& verdict);
  std::size_t count() const { return verdicts_.size(); }
  std::size_t count(const std::string& outcome) const;
  /// Findings of the checks: those that are errors or warnings and not allowed.
  std::size_t findings() const;
  /// What sources allow and no case needed: "k.cu:12: plumbline-allow: race-global".
  std::vector<std::string> unused_allowances() const;
  /// 0 good, 2 any FAIL or UNTESTED, 3 any MISTRUSTED, 4 no verdict.
  int exit_code() const;

  /// A row an op, a column an outcome, and the sums.
  std::string table() const;
  /// Every verdict that is neither PASS nor SKIP, described.
  std::string details(const std::string& command) const;
  /// JSON lines: the header, then a line a case in the order of their ids.
  std::string json_lines(const Header& header) const;
  /// JUnit XML: a suite an op.
  std::string junit(const Header& header) const;

 private:
  std::map<std::string, nlohmann::json> verdicts_;  // by id
};

}  // namespace plumb::golden
