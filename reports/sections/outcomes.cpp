// outcomes.cpp - how many cases came out how, and the text of those that are not right.
#include <fmt/format.h>

#include "reports/elements.h"
#include "reports/input/fields.h"
#include "reports/overall.h"
#include "reports/sections/sections.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

constexpr std::size_t kMostFailures = 50;  // described in a page

std::vector<Cell> row_of(const OpCounts& counts) {
  std::vector<Cell> out = {named(counts.op, counts.device + " " + counts.engine),
                           numeric(counts.cases)};
  for (const std::string& name : outcomes()) {
    const auto found = counts.outcomes.find(name);
    const int count = found == counts.outcomes.end() ? 0 : found->second;
    out.push_back(counted(static_cast<std::size_t>(count), name));
  }
  return out;
}

}  // namespace

Section outcomes_section(const Inputs& inputs) {
  Section section{"outcomes", "Outcomes of the cases", devices_of_runs(inputs)};
  if (inputs.runs.empty()) return section;
  std::vector<std::string> head = {"op", "cases"};
  head.insert(head.end(), outcomes().begin(), outcomes().end());
  Table table(head, Narrow::turned);
  OpCounts all{"all", devices_of_runs(inputs), "", {}};
  for (const OpCounts& counts : coverage(inputs)) {
    table.add(row_of(counts), "op-" + counts.op + "-" + counts.device + "-" + counts.engine);
    all.cases += counts.cases;
    for (const auto& [name, count] : counts.outcomes) all.outcomes[name] += count;
  }
  section.body = table.add(row_of(all), "op-all").html();
  return section;
}

Section failures_section(const Inputs& inputs) {
  Section section{"failures", "Cases that are wrong or doubtful", devices_of_runs(inputs)};
  std::size_t count = 0;
  for (const Case* c : bad_cases(inputs)) {
    if (++count > kMostFailures) continue;
    section.body +=
        fmt::format("<pre class=\"bad\" id=\"{}\">{}</pre>\n",
                    escape(c->id + "-" + c->device + "-" + c->engine), escape(c->described));
  }
  if (count > kMostFailures)
    section.body +=
        paragraph(fmt::format("And {} more; the figures at the end of this page have "
                              "all of them.",
                              count - kMostFailures));
  return section;
}

}  // namespace plumb::report
