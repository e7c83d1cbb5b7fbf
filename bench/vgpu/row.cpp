#include "bench/vgpu/row.h"

#include <fmt/format.h>

#include <set>

#include "bench/common/table.h"

namespace plumb::bench {
namespace {

std::string goal_text(const Row& row) {
  if (row.goal.goal == 0) return "-";
  const char* sign = row.goal.at_most ? "<=" : ">=";
  const char* of = row.judged == Judged::figure       ? ""
                   : row.judged == Judged::time_ratio ? " x its time"
                                                      : " x its speed";
  std::string text = fmt::format("{} {:g}{}", sign, row.goal.goal, of);
  if (row.goal.limit != row.goal.goal) text += fmt::format(" (limit {:g})", row.goal.limit);
  return text;
}

std::string ratio_text(const Row& row) {
  if (!row.ratio) return "-";
  const bool inverse =
      row.judged == Judged::speed_ratio ||
      (row.judged == Judged::figure && row.unit.ends_with("/s"));  // a rate compares as a speed
  const auto show = [&](double r) { return number_text(inverse ? 1 / r : r); };
  const Spread& r = *row.ratio;
  return fmt::format("{} ({} to {}) of its {}", show(r.median), show(inverse ? r.high : r.low),
                     show(inverse ? r.low : r.high), inverse ? "speed" : "time");
}

std::string measured_text(const std::optional<Spread>& figure, const std::string& unit) {
  return figure ? number_text(figure->median) + " " + unit : "-";
}

std::vector<std::string> line_of(const Row& row) {
  const std::string share = row.bound_share
                                ? fmt::format("{:.0f} % of {}", 100 * *row.bound_share, row.bound)
                                : row.bound;
  return {row.id,
          std::to_string(row.threads),
          measured_text(row.figure, row.unit),
          goal_text(row),
          verdict_of(row),
          row.peer.empty() ? "none" : row.peer,
          measured_text(row.peer_figure, row.unit),
          ratio_text(row),
          share.empty() ? "-" : share};
}

}  // namespace

std::optional<double> judged_value(const Row& row) {
  if (row.judged == Judged::figure)
    return row.figure ? std::optional(row.figure->median) : std::nullopt;
  if (!row.ratio) return std::nullopt;
  return row.judged == Judged::time_ratio ? row.ratio->median : 1 / row.ratio->median;
}

std::string verdict_of(const Row& row) {
  if (row.goal.goal == 0) return "no goal";
  const std::optional<double> value = judged_value(row);
  if (!value) return "no peer";
  const auto holds = [&](double bar) { return row.goal.at_most ? *value <= bar : *value >= bar; };
  return holds(row.goal.goal) ? "goal met" : holds(row.goal.limit) ? "within limit" : "missed";
}

nlohmann::json to_json(const Row& row) {
  const auto spread = [](const std::optional<Spread>& s) {
    return s ? to_json(*s) : nlohmann::json();
  };
  const char* judged[] = {"figure", "time_ratio", "speed_ratio"};
  nlohmann::json out = {{"id", row.id},
                        {"device", "vgpu:0 (emulated)"},
                        {"threads", row.threads},
                        {"unit", row.unit},
                        {"rounds", row.rounds},
                        {"figure", spread(row.figure)},
                        {"peer", row.peer.empty() ? nlohmann::json() : nlohmann::json(row.peer)},
                        {"peer_figure", spread(row.peer_figure)},
                        {"time_ratio", spread(row.ratio)},
                        {"judged", judged[static_cast<int>(row.judged)]},
                        {"verdict", verdict_of(row)},
                        {"bound", row.bound}};
  if (row.goal.goal != 0)
    out["goal"] = {{"goal", row.goal.goal},
                   {"limit", row.goal.limit},
                   {"sense", row.goal.at_most ? "at most" : "at least"}};
  if (row.bound_share) out["bound_share"] = *row.bound_share;
  if (!row.no_peer.empty()) out["no_peer"] = row.no_peer;
  return out;
}

std::string table_of(const std::vector<Row>& rows) {
  std::vector<std::vector<std::string>> lines{{"on vgpu:0 (emulated)", "threads", "figure", "goal",
                                               "verdict", "peer", "peer's figure",
                                               "ours of peer (quartiles)", "bound"}};
  std::set<std::string> reasons;
  for (const Row& row : rows) {
    lines.push_back(line_of(row));
    if (!row.no_peer.empty()) reasons.insert(row.no_peer);
  }
  std::string out = table_text(lines);
  for (const std::string& reason : reasons) out += "\nno peer: " + reason + "\n";
  return out;
}

}  // namespace plumb::bench
