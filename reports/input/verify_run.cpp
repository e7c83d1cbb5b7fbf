#include "reports/input/verify_run.h"

#include <fmt/format.h>

#include <limits>
#include <set>
#include <sstream>

#include "golden/verify/results.h"
#include "impl/core/error.h"
#include "reports/input/fields.h"

namespace plumb::report {
namespace {

using nlohmann::json;

constexpr std::size_t kSchema = 1;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

Output output_of(const Fields& f, const std::string& dtype) {
  Output out;
  out.name = f.text("name");
  out.elements = static_cast<std::int64_t>(f.count("of"));
  out.share = f.number("share_of_bound", kInfinity);
  out.distance = f.number("rel_l2", kInfinity);
  out.allowed = f.number("rel_l2_allowed", kInfinity);
  out.libtorch = dtype == "f64"   ? kUnknown
                 : dtype == "f32" ? f.number("libtorch_f32", kUnknown)
                                  : f.number("libtorch_own", kUnknown);
  out.ulp_max = f.number("ulp_max", kInfinity);
  return out;
}

/// The words of an id: at least op, direction, dtype and shape.
std::vector<std::string> words_of(const std::string& id, const Fields& f) {
  std::vector<std::string> out;
  std::istringstream stream(id);
  for (std::string word; std::getline(stream, word, '/');) out.push_back(word);
  if (out.size() < 4) f.refuse("id '" + id + "' is not <op>/<direction>/<dtype>/<shape>");
  return out;
}

Case case_of(const json& line, const std::string& place, const VerifyRun& run) {
  const Fields f(line, place);
  Case c;
  c.id = f.text("id");
  const std::vector<std::string> words = words_of(c.id, f);
  c.op = words[0], c.direction = words[1], c.dtype = words[2], c.refusal = words[3] == "refusal";
  c.device = f.text("device");
  c.engine = f.text("engine");
  c.outcome = f.one_of("outcome", outcomes());
  c.reason = f.text("reason");
  c.hunts = f.text("hunts");
  c.seconds = f.number("seconds", 0);
  f.text("text");
  for (const json& entry : f.list("outputs"))
    c.outputs.push_back(output_of(Fields(entry, place + ": an output"), c.dtype));
  if (f.has("nulls"))
    for (const auto& [null, why] : f.object("nulls").items())
      c.nulls[null] = Fields(line["nulls"], place + ": nulls").text(null);
  if (f.has("refusal")) {
    const Fields refusal(line["refusal"], place + ": refusal");
    c.refused_with = refusal.text("ours");
    c.libtorch_refuses_with = refusal.text("libtorch");
  }
  c.repro = run.command + " --case " + c.id;
  if (c.outcome != "PASS") c.described = golden::describe(line, run.command);
  return c;
}

/// How many verdicts the file says that it has.
std::size_t read_header(const json& line, VerifyRun& run) {
  const Fields f(line, run.file + ":1");
  if (f.count("schema") != kSchema)
    f.refuse(fmt::format("schema {}; this program reads {}", f.count("schema"), kSchema));
  run.device = f.text("device");
  run.engine = f.text("engine");
  run.command = f.text("command");
  run.versions = f.object("versions");
  run.selected = f.count("selected");
  return f.count("cases");
}

}  // namespace

bool is_verify_run(const std::string& text) {
  const json first = json::parse(text.substr(0, text.find('\n')), nullptr, false);
  return first.is_object() && first.contains("schema") && first.contains("cases");
}

VerifyRun parse_verify_run(const std::string& text, const std::string& file) {
  VerifyRun run;
  run.file = file;
  std::istringstream stream(text);
  std::string line;
  std::getline(stream, line);
  const std::size_t promised = read_header(parse_json(line, file), run);
  std::set<std::string> ids;
  std::size_t number = 1;
  while (std::getline(stream, line)) {
    const std::string place = fmt::format("{}:{}", file, ++number);
    run.cases.push_back(case_of(parse_json(line, file, number), place, run));
    if (!ids.insert(run.cases.back().id).second)
      throw UsageError(place + ": case " + run.cases.back().id + " stands there twice");
  }
  if (run.cases.size() != promised)
    throw UsageError(fmt::format("{}:{}: ends after {} of {} verdicts", file, number,
                                 run.cases.size(), promised));
  return run;
}

}  // namespace plumb::report
