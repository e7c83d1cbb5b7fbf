// heat.cpp - one look over all ops: op and direction by dtype.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "reports/elements.h"
#include "reports/overall.h"
#include "reports/sections/sections.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

constexpr double kStrongest = 60;  // percent of colour at the whole bound

std::string words_of(const HeatCell& cell) {
  std::vector<std::string> out;
  for (const auto& [outcome, count] : cell.others)
    out.push_back(fmt::format("{} {}", count, outcome));
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string share_text(double share) {
  if (share == 0) return "exact";
  return std::isfinite(share) ? fmt::format("{:.0f} %", 100 * share) : "no bound holds";
}

/// FAIL before all others; what is not judged has no colour of its own.
std::string look_of(const HeatCell& cell) {
  for (const char* outcome : {"FAIL", "UNTESTED", "MISTRUSTED", "GOLDEN_DEGRADED"})
    if (cell.others.contains(outcome)) return outcome;
  return cell.passed > 0 ? "PASS" : "SKIP";
}

Cell heat_cell(const HeatCell* cell) {
  if (!cell) return {"<span class=\"soft\">no case</span>", "heat"};
  const double strength = kStrongest * std::min(1.0, cell->worst_share);
  std::string html = fmt::format("<b>{}</b>", cell->passed);
  if (cell->passed < cell->cases) html += fmt::format(" of {}", cell->cases);
  if (look_of(*cell) != "SKIP") html += "<br>" + share_text(cell->worst_share);
  if (!cell->others.empty()) html += "<br>" + breakable(words_of(*cell));
  return {fmt::format("<div style=\"--heat:{:.0f}%\">{}</div>", strength, html),
          "heat of-" + look_of(*cell)};
}

}  // namespace

Section heat_section(const Inputs& inputs) {
  Section section{"heat", "Op and direction by dtype", devices_of_runs(inputs)};
  const std::vector<HeatRow> rows = heat_map(inputs);
  if (rows.empty()) return section;
  const std::vector<std::string> dtypes = dtypes_of(rows);
  std::vector<std::string> head = {"op, direction"};
  head.insert(head.end(), dtypes.begin(), dtypes.end());
  Table table(head);
  for (const HeatRow& row : rows) {
    std::vector<Cell> cells = {named(row.op + " " + row.direction, row.device + " " + row.engine)};
    for (const std::string& dtype : dtypes) {
      const auto found = row.cells.find(dtype);
      cells.push_back(heat_cell(found == row.cells.end() ? nullptr : &found->second));
    }
    table.add(cells,
              fmt::format("heat-{}-{}-{}-{}", row.op, row.direction, row.device, row.engine));
  }
  section.body = paragraph(
                     "Each cell: how many cases passed, of all where not every one did, and under "
                     "them the largest error of any "
                     "element as a share of its a-priori bound, which the colour shows too. "
                     "exact: no element is off at all. Refusals are counted apart.") +
                 table.html();
  return section;
}

}  // namespace plumb::report
