// mutants.cpp - which planted bugs the checks see, and what saw them.
#include <fmt/format.h>

#include <set>

#include "reports/elements.h"
#include "reports/sections/sections.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

Cell counted(const MutantCounts& counts) {
  if (counts.total == 0) return {"<span class=\"soft\">-</span>", "number"};
  return {fmt::format("{} of {}", counts.killed, counts.total),
          counts.killed == counts.total ? "number" : "number FAIL"};
}

std::string kinds_table(const MutantRun& run) {
  const auto by_kind = mutants_by_kind(run);
  const auto by_op = mutants_by_op(run);
  std::set<std::string> kinds;
  for (const auto& [op, counts] : by_kind)
    for (const auto& [kind, count] : counts) kinds.insert(kind);
  std::vector<std::string> head = {"op", "all kinds"};
  head.insert(head.end(), kinds.begin(), kinds.end());
  Table table(head, Narrow::cards);
  for (const auto& [op, counts] : by_kind) {
    std::vector<Cell> cells = {text(op), counted(by_op.at(op))};
    for (const std::string& kind : kinds) {
      const auto found = counts.find(kind);
      cells.push_back(counted(found == counts.end() ? MutantCounts{} : found->second));
    }
    table.add(cells, "mutants-" + op);
  }
  return table.html();
}

Cell killer_of(const Mutant& m) {
  if (!m.killed()) return {"nothing: it survived", "outcome FAIL"};
  std::string html = escape(m.killer) + " <code>" + breakable(m.killed_by) + "</code>";
  if (!m.counterexample.empty())
    html += "<br><span class=\"soft\">" + breakable(m.counterexample) + "</span>";
  return {html, ""};
}

std::string mutants_table(const MutantRun& run, bool killed) {
  Table table({"op", "mutant", "kind", "what it does", "in", "killed by"}, Narrow::cards);
  for (const Mutant& m : run.mutants)
    if (m.killed() == killed)
      table.add({text(m.op),
                 code(m.name),
                 text(m.kind),
                 text(m.what),
                 {"<code>" + breakable(m.file) + "</code>", ""},
                 killer_of(m)},
                "mutant-" + m.op + "-" + m.name);
  return table.empty() ? "" : table.html();
}

}  // namespace

Section mutants_section(const Inputs& inputs) {
  Section section{"mutants", "Planted bugs", inputs.mutants ? inputs.mutants->device : ""};
  if (!inputs.mutants) return section;
  const MutantRun& run = *inputs.mutants;
  const MutantCounts counts = count(run);
  section.body = paragraph(fmt::format(
                     "{} of {} killed. The checks of an op are worth believing when they kill "
                     "at least 95 % of its bugs.",
                     counts.killed, counts.total)) +
                 kinds_table(run);
  const std::string survivors = mutants_table(run, false), killed = mutants_table(run, true);
  if (!survivors.empty()) section.body += "<h3>Survivors</h3>" + survivors;
  if (!killed.empty()) section.body += details("Every mutant that was killed, and by what", killed);
  return section;
}

}  // namespace plumb::report
