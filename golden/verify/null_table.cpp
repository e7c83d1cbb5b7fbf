#include "golden/verify/null_table.h"

#include <fmt/format.h>

namespace plumb::golden {

void NullTable::add(const nlohmann::json& verdict) {
  const std::string id = verdict.at("id"), op = id.substr(0, id.find('/'));
  if (verdict.at("outcome") != "PASS") {
    untested_.push_back(id + ": " + verdict.at("reason").get<std::string>());
    return;
  }
  for (const auto& [null, result] : verdict.at("nulls").items()) {
    Counts& counts = counts_[{op, null}];
    const bool caught = result.at("outcome") == "FAIL", declared = result.contains("declared");
    ++counts.judged;
    counts.caught += caught;
    counts.declared += declared && !caught;
    counts.passed += !declared && !caught;
    if (declared)
      ++reasons_[fmt::format("{} {}: {}", op, null, result.at("declared").get<std::string>())];
    if (declared && caught)
      doubts_.push_back(fmt::format("{}: {} is declared to pass and fails", id, null));
    if (!declared && !caught)
      doubts_.push_back(fmt::format("{}: {} passes and no reason is declared", id, null));
  }
}

int NullTable::exit_code() const {
  if (!untested_.empty()) return 2;
  if (!doubts_.empty()) return 3;
  return counts_.empty() ? 4 : 0;
}

nlohmann::json NullTable::json() const {
  nlohmann::json rows = nlohmann::json::array();
  for (const auto& [key, n] : counts_)
    rows.push_back({{"op", key.op},
                    {"null", key.null},
                    {"judged", n.judged},
                    {"caught", n.caught},
                    {"declared", n.declared},
                    {"not_caught", n.passed}});
  return {{"rows", rows}, {"reasons", reasons_}, {"doubts", doubts_}, {"untested", untested_}};
}

std::string NullTable::text() const {
  std::string out = fmt::format("{:<24} {:<12} {:>8} {:>14} {:>10} {:>12}\n", "op", "null kernel",
                                "judged", "caught (FAIL)", "declared", "not caught");
  for (const auto& [key, n] : counts_)
    out += fmt::format("{:<24} {:<12} {:>8} {:>14} {:>10} {:>12}\n", key.op, key.null, n.judged,
                       n.caught, n.declared, n.passed);
  for (const auto& [reason, count] : reasons_) out += fmt::format("{:>3} x {}\n", count, reason);
  for (const std::string& line : doubts_) out += "MISTRUSTED " + line + "\n";
  for (const std::string& line : untested_) out += "UNTESTED " + line + "\n";
  return out;
}

}  // namespace plumb::golden
