// coverage.cpp - what was tried of each op, and what came to no verdict, refusals and null kernels.
#include <fmt/format.h>

#include <set>

#include "reports/elements.h"
#include "reports/overall.h"
#include "reports/sections/sections.h"
#include "reports/sections/story.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

/// What a table says of an op on a device and engine.
struct Tried {
  std::set<std::string> directions, dtypes, hunts;
  std::size_t outputs = 0;

  void count(const Case& c) {
    if (!c.hunts.empty()) hunts.insert(c.hunts);
    if (c.refusal) return;
    directions.insert(c.direction), dtypes.insert(c.dtype);
    outputs += c.outputs.size();
  }
};

Tried tried_of(const Inputs& inputs, const OpCounts& counts) {
  Tried out;
  for (const VerifyRun& run : inputs.runs)
    for (const Case& c : run.cases)
      if (c.op == counts.op && c.device == counts.device && c.engine == counts.engine) out.count(c);
  return out;
}

std::string coverage_table(const Inputs& inputs) {
  Table table({"op", "cases", "refusals", "directions", "dtypes", "outputs judged",
               "different bugs hunted"},
              Narrow::cards);
  for (const OpCounts& counts : coverage(inputs)) {
    const Tried tried = tried_of(inputs, counts);
    table.add({named(counts.op, counts.device + " " + counts.engine),
               numeric(counts.cases - counts.refusals), numeric(counts.refusals),
               numeric(static_cast<double>(tried.directions.size())),
               numeric(static_cast<double>(tried.dtypes.size())),
               numeric(static_cast<double>(tried.outputs)),
               numeric(static_cast<double>(tried.hunts.size()))});
  }
  for (const std::string& op : ops_without_cases(inputs))
    table.add({{escape(op) + "<br><span class=\"outcome UNTESTED\">UNTESTED</span>", "named"},
               numeric(0),
               numeric(0),
               numeric(0),
               numeric(0),
               numeric(0),
               numeric(0)});
  return table.html();
}

std::string reasons_table(const Inputs& inputs) {
  Table table({"outcome", "op", "device", "cases", "reason", "one of them"}, Narrow::cards);
  int index = 0;
  for (const ReasonGroup& group : reasons(inputs))
    table.add({outcome(group.outcome), text(group.op), text(group.device),
               numeric(static_cast<double>(group.ids.size())), text(group.reason),
               case_id(group.ids.front(), group.repro)},
              fmt::format("reason{}", ++index));
  return table.empty() ? "" : "<h3>Without a verdict, or with a doubtful one</h3>" + table.html();
}

}  // namespace

Section coverage_section(const Inputs& inputs) {
  Section section{"coverage", "Coverage", devices_of_runs(inputs)};
  if (inputs.runs.empty()) return section;
  section.body = coverage_table(inputs) + reasons_table(inputs);
  if (reasons(inputs).empty())
    section.body += paragraph("No case is UNTESTED, MISTRUSTED, GOLDEN_DEGRADED or SKIP.");
  return section;
}

Section refusals_section(const Inputs& inputs) {
  Section section{"refusals", "Refusals", devices_of_runs(inputs)};
  Table table(
      {"call that must be refused", "device", "outcome", "our error says", "LibTorch's says"},
      Narrow::cards);
  int index = 0;
  for (const Case* c : refusals_of(inputs))
    table.add({story_of(*c), text(c->device + " " + c->engine), outcome(c->outcome),
               text(c->refused_with),
               text(c->libtorch_refuses_with.empty() ? "-" : c->libtorch_refuses_with)},
              fmt::format("refusal{}", ++index));
  if (!table.empty())
    section.body =
        paragraph(fmt::format("Bad arguments: an error of one line, and nothing written. {} of {} "
                              "PASS. -: LibTorch has no error of the kind.",
                              count(refusals_of(inputs), "PASS"),
                              plural(refusals_of(inputs).size(), "call"))) +
        details("Every call, our words and LibTorch's", table.html());
  return section;
}

Section nulls_section(const Inputs& inputs) {
  Section section{"nulls", "Null kernels that may pass"};
  Table table({"op", "a kernel that returns", "cases", "why it passes rightly", "one of them"},
              Narrow::cards);
  int index = 0;
  for (const NullGroup& group : declared_nulls(inputs))
    table.add({text(group.op), text(group.null), numeric(group.cases), text(group.why),
               case_id(group.example)},
              fmt::format("null{}", ++index));
  if (!table.empty())
    section.body =
        paragraph(
            "Every case is held to kernels that compute nothing, and is MISTRUSTED when one would "
            "pass. Where the right answer is that very one, the case says so, with its reason.") +
        table.html();
  return section;
}

}  // namespace plumb::report
