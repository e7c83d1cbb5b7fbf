#include "reports/figures.h"

#include <fmt/format.h>

#include <cmath>

namespace plumb::report {
namespace {

using nlohmann::json;

/// Six digits: a page of many ops must stay small. What is not finite is null.
json rounded(double value) {
  return std::isfinite(value) ? json::parse(fmt::format("{:.6g}", value)) : json(nullptr);
}

/// `output` may be null: the case has none.
json row_of(const Case& c, const Output* output) {
  json row = {c.id, c.device, c.engine, c.outcome, c.reason};
  if (output)
    for (const json& cell :
         json{output->name, output->elements, rounded(output->share), rounded(output->distance),
              rounded(output->allowed), rounded(output->libtorch), rounded(output->ulp_max)})
      row.push_back(cell);
  else
    row.insert(row.end(), 7, nullptr);
  return row;
}

}  // namespace

json figures_of_cases(const Inputs& inputs) {
  json rows = json::array();
  for (const VerifyRun& run : inputs.runs)
    for (const Case& c : run.cases) {
      if (c.outputs.empty()) rows.push_back(row_of(c, nullptr));
      for (const Output& output : c.outputs) rows.push_back(row_of(c, &output));
    }
  return {{"columns",
           {"id", "device", "engine", "outcome", "reason", "output", "elements", "share_of_bound",
            "rel_l2", "rel_l2_allowed", "libtorch_rel_l2", "ulp_max"}},
          {"rows", rows}};
}

json figures_of_mutants(const MutantRun& run) {
  json rows = json::array();
  for (const Mutant& m : run.mutants)
    rows.push_back({m.op, m.name, m.kind, m.what, m.file, m.killer, m.killed_by});
  return {{"columns", {"op", "name", "kind", "what", "file", "killer", "killed_by"}},
          {"rows", rows}};
}

}  // namespace plumb::report
