// figures.h - the figures of a page as JSON, for who wants to compute with them.
#pragma once

#include <nlohmann/json.hpp>

#include "reports/input/inputs.h"

namespace plumb::report {

/// {"columns": [...], "rows": [[...]]}, a row an output of a case; a case without outputs has one
/// row too. Numbers have six digits; what is not finite is null.
nlohmann::json figures_of_cases(const Inputs& inputs);
/// The same of mutants.
nlohmann::json figures_of_mutants(const MutantRun& run);

}  // namespace plumb::report
