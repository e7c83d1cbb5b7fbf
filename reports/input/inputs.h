// inputs.h - the result files that a report is made of, told apart by what they hold.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "reports/input/mutants.h"
#include "reports/input/verify_run.h"

namespace plumb::report {

struct Inputs {
  nlohmann::json training;  // of `train --audit` (golden/audit/audit.h); null: not given
  std::vector<VerifyRun> runs;
  std::optional<MutantRun> mutants;
};

/// Adds what a file's text holds. Throws UsageError, one line with the file and where it can be
/// told the line: no result that is known, a second one of a kind of which a report has one, a case
/// that is judged twice on a device and engine.
void add_input(Inputs& inputs, const std::string& text, const std::string& file);

/// All of them. Throws what read_whole throws, too.
Inputs read_inputs(const std::vector<std::string>& files);

}  // namespace plumb::report
