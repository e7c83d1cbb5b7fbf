// summary.cpp - the report in short, as Markdown that a forge shows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "reports/elements.h"
#include "reports/input/fields.h"
#include "reports/overall.h"
#include "reports/report.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

using nlohmann::json;

constexpr std::size_t kMostWorst = 2, kMostFailures = 20;

/// What a cell of a table may hold.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c == '|')
      out += "\\|";
    else
      out += c == '\n' ? ' ' : c;
  return out;
}

std::string line(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& text : cells) out += " " + cell(text) + " |";
  return out + "\n";
}

std::string head(const std::string& title, const std::vector<std::string>& columns) {
  std::string rule = "|";
  for (std::size_t i = 0; i < columns.size(); ++i) rule += "---|";
  return "\n## " + title + "\n\n" + line(columns) + rule + "\n";
}

std::string outcome_table(const Inputs& inputs) {
  std::vector<std::string> columns = {"op", "device", "engine", "cases"};
  columns.insert(columns.end(), outcomes().begin(), outcomes().end());
  std::string out = head("Outcomes of the cases", columns);
  for (const OpCounts& counts : coverage(inputs)) {
    std::vector<std::string> cells = {counts.op, counts.device, counts.engine,
                                      std::to_string(counts.cases)};
    for (const std::string& name : outcomes()) {
      const auto found = counts.outcomes.find(name);
      cells.push_back(std::to_string(found == counts.outcomes.end() ? 0 : found->second));
    }
    out += line(cells);
  }
  return out;
}

std::string heat_table(const Inputs& inputs) {
  const std::vector<HeatRow> rows = heat_map(inputs);
  const std::vector<std::string> dtypes = dtypes_of(rows);
  std::vector<std::string> columns = {"op", "direction", "device"};
  columns.insert(columns.end(), dtypes.begin(), dtypes.end());
  std::string out = head("Passed of all, and the largest error as a share of its bound", columns);
  for (const HeatRow& row : rows) {
    std::vector<std::string> cells = {row.op, row.direction, row.device + " " + row.engine};
    for (const std::string& dtype : dtypes) {
      const auto found = row.cells.find(dtype);
      cells.push_back(found == row.cells.end()
                          ? "-"
                          : fmt::format("{} of {}, {}", found->second.passed, found->second.cases,
                                        number(found->second.worst_share)));
    }
    out += line(cells);
  }
  return out;
}

std::string failures(const Inputs& inputs) {
  std::string out;
  std::size_t count = 0;
  for (const Case* c : bad_cases(inputs))
    if (++count <= kMostFailures) out += c->described;
  if (out.empty()) return "";
  if (count > kMostFailures) out += fmt::format("... and {} more\n", count - kMostFailures);
  return "\n## Cases that are wrong or doubtful\n\n```\n" + out + "```\n";
}

std::string worst_table(const Inputs& inputs) {
  std::string out = head("Nearest to the limits", {"case", "output", "device", "error / bound",
                                                   "distance", "limit", "LibTorch's own"});
  for (const Ranked& r : worst_by_share(inputs, kMostWorst))
    out += line({"`" + r.of->id + "`", r.output->name, r.of->device, number(r.measure),
                 number(r.output->distance), number(r.output->allowed),
                 std::isnan(r.output->libtorch) ? "-" : number(r.output->libtorch)});
  return out;
}

std::string ratio_table(const Inputs& inputs) {
  std::string out =
      head("Our error over LibTorch's own",
           {"op", "dtype", "device", "outputs", "both exact", "median", "99 %", "largest"});
  for (const ErrorRatios& r : error_ratios(inputs)) {
    const auto quantile = [&](double p) { return r.sorted.empty() ? "-" : number(r.quantile(p)); };
    out += line({r.op, r.dtype, r.device, std::to_string(r.sorted.size()),
                 std::to_string(r.both_exact), quantile(0.5), quantile(0.99), quantile(1)});
  }
  return out;
}

std::string reason_table(const Inputs& inputs) {
  const std::vector<ReasonGroup> groups = reasons(inputs);
  if (groups.empty()) return "";
  std::string out = head("Without a verdict, or with a doubtful one",
                         {"outcome", "op", "device", "cases", "reason", "one of them"});
  for (const ReasonGroup& g : groups)
    out += line({g.outcome, g.op, g.device, std::to_string(g.ids.size()), g.reason,
                 "`" + g.ids.front() + "`"});
  return out;
}

std::string mutant_table(const MutantRun& run) {
  std::string out = head("Planted bugs", {"op", "killed", "of", "survivors"});
  for (const auto& [op, counts] : mutants_by_op(run)) {
    std::vector<std::string> survivors;
    for (const Mutant& m : run.mutants)
      if (m.op == op && !m.killed()) survivors.push_back(m.name + " (" + m.what + ")");
    out += line({op, std::to_string(counts.killed), std::to_string(counts.total),
                 fmt::format("{}", fmt::join(survivors, "; "))});
  }
  return out;
}

std::string training_table(const json& training) {
  std::string out =
      head("Training beside LibTorch", {"check", "device", "outcome", "figure", "limit", "detail"});
  for (const json& row : training["verdicts"])
    out += line({row["name"], device_of(training), row["outcome"], number(value_of(row["figure"])),
                 number(value_of(row["limit"])), row["detail"]});
  return out;
}

/// A line of what is known; none where nothing is.
std::string origin(const Provenance& p) {
  std::vector<std::string> parts;
  if (!p.machine.empty()) parts.push_back("machine " + p.machine);
  if (!p.commit.empty()) parts.push_back("commit " + p.commit);
  if (!p.date.empty()) parts.push_back(p.date);
  if (!p.command.empty()) parts.push_back("`" + p.command + "`");
  return parts.empty() ? "" : fmt::format("\n{}\n", fmt::join(parts, ", "));
}

}  // namespace

std::string summary(const Inputs& inputs, const Provenance& p) {
  std::string out = fmt::format("# Plumbline: {}\n\n", overall(inputs));
  for (const std::string& text : headlines(inputs)) out += "- " + text + "\n";
  out += origin(p);
  if (!inputs.runs.empty())
    out += failures(inputs) + outcome_table(inputs) + heat_table(inputs) + worst_table(inputs) +
           ratio_table(inputs) + reason_table(inputs);
  if (inputs.mutants) out += mutant_table(*inputs.mutants);
  if (!inputs.training.is_null()) out += training_table(inputs.training);
  out += "\n## Not covered\n\n";
  for (const std::string& gap : gaps(inputs)) out += "- " + gap + "\n";
  return out;
}

}  // namespace plumb::report
