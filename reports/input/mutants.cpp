#include "reports/input/mutants.h"

#include <fmt/format.h>

#include "reports/input/fields.h"

namespace plumb::report {
namespace {

using nlohmann::json;

void read_killer(const json& value, const std::string& place, Mutant& m) {
  if (value.is_null()) return;
  const Fields f(value, place + ".killed_by");
  for (const char* killer : {"case", "property", "crash"}) {
    if (!f.has(killer)) continue;
    m.killer = killer;
    m.killed_by = f.text(killer);
    m.counterexample = f.text("counterexample", "");
    return;
  }
  f.refuse("names no case, property or crash");
}

Mutant mutant_of(const json& entry, const std::string& place, const std::string& op) {
  const Fields f(entry, place);
  Mutant m;
  m.op = op;
  m.name = f.text("name");
  m.kind = f.text("kind");
  m.what = f.text("what");
  m.file = f.text("file");
  if (!f.has("killed_by")) f.refuse("field 'killed_by' is missing");
  read_killer(entry["killed_by"], place, m);
  return m;
}

}  // namespace

MutantRun parse_mutants(const std::string& text, const std::string& file) {
  const json whole = parse_json(text, file);
  const Fields top(whole, file);
  MutantRun run;
  run.device = top.text("device", "vgpu:0");
  for (const auto& [op, of_op] : top.object("ops").items()) {
    const Fields f(of_op, file + ": ops." + op);
    std::size_t killed = 0, total = 0;
    for (const json& entry : f.list("mutants")) {
      const std::string place = fmt::format("{}: ops.{}.mutants[{}]", file, op, total++);
      run.mutants.push_back(mutant_of(entry, place, op));
      killed += run.mutants.back().killed();
    }
    if (f.count("killed") != killed || f.count("total") != total)
      f.refuse(fmt::format("says {} of {} killed, lists {} of {}", f.count("killed"),
                           f.count("total"), killed, total));
  }
  return run;
}

}  // namespace plumb::report
