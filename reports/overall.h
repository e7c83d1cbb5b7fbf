// overall.h - what came out of everything together, and on which devices.
#pragma once

#include <string>
#include <vector>

#include "reports/input/inputs.h"

namespace plumb::report {

/// "PASS", or the worst outcome of anything that was given. SKIP and GOLDEN_DEGRADED do not worsen
/// it; UNTESTED: nothing was judged; INCONCLUSIVE: a run was stopped. Fewer than 95 % of an
/// op's mutants killed: MISTRUSTED.
std::string overall(const Inputs& inputs);
std::string overall_of_training(const nlohmann::json& training);
std::string overall_of_runs(const std::vector<VerifyRun>& runs);
std::string overall_of_mutants(const MutantRun& run);

/// FAIL, UNTESTED or MISTRUSTED.
bool is_bad(const std::string& outcome);

/// A sentence for each result given: what came out, of how many.
std::vector<std::string> headlines(const Inputs& inputs);

/// Of everything given, in alphabetical order, each once.
std::vector<std::string> devices_of(const Inputs& inputs);
/// Of the verify runs alone, separated by commas.
std::string devices_of_runs(const Inputs& inputs);
/// The device of a training result's figures.
std::string device_of(const nlohmann::json& training);
bool is_virtual(const std::string& device);

}  // namespace plumb::report
