#include "reports/input/inputs.h"

#include <fmt/format.h>

#include <set>

#include "impl/core/error.h"
#include "impl/core/file.h"
#include "reports/input/fields.h"
#include "reports/input/training.h"

namespace plumb::report {
namespace {

using nlohmann::json;

constexpr const char* kKnown =
    "allowed: JSON of plumbline train --audit, of plumbline verify, of ci/mutants";

void refuse_a_second(bool is_second, const std::string& what, const std::string& file) {
  if (is_second) throw UsageError(file + ": a second result of " + what + "; a report has one");
}

void refuse_cases_judged_twice(const std::vector<VerifyRun>& runs) {
  const VerifyRun& last = runs.back();
  std::set<std::string> ids;
  for (const Case& c : last.cases) ids.insert(c.id);
  for (const VerifyRun& run : runs)
    if (&run != &last && run.device == last.device && run.engine == last.engine)
      for (const Case& c : run.cases)
        if (ids.contains(c.id))
          throw UsageError(fmt::format("{}: case {} on {} ({}) is in {} too", last.file, c.id,
                                       last.device, last.engine, run.file));
}

}  // namespace

void add_input(Inputs& inputs, const std::string& text, const std::string& file) {
  if (is_verify_run(text)) {
    inputs.runs.push_back(parse_verify_run(text, file));
    return refuse_cases_judged_twice(inputs.runs);
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    throw UsageError(file + ": is empty; " + kKnown);
  const json whole = parse_json(text, file);
  if (whole.is_object() && whole.contains("verdicts")) {
    refuse_a_second(!inputs.training.is_null(), "plumbline train --audit", file);
    inputs.training = parse_training(text, file);
  } else if (whole.is_object() && whole.contains("ops")) {
    refuse_a_second(inputs.mutants.has_value(), "ci/mutants", file);
    inputs.mutants = parse_mutants(text, file);
  } else {
    throw UsageError(file + ":1: no result that is known; " + kKnown);
  }
}

Inputs read_inputs(const std::vector<std::string>& files) {
  Inputs inputs;
  for (const std::string& file : files) add_input(inputs, read_whole(file), file);
  return inputs;
}

}  // namespace plumb::report
