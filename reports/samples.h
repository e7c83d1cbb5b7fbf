// samples.h - small results for the tests of the report: one of every kind of thing they can hold.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "reports/input/inputs.h"

namespace plumb::report {

/// Of `plumbline train --audit`: one check PASS, one FAIL.
nlohmann::json training_sample();

/// Of `plumbline verify`, as lines: the header, then nine cases of linear and relu, at least one of
/// each outcome, one a refusal, one with a null kernel that may pass.
std::vector<nlohmann::json> verify_sample();

/// Of `ci/mutants`: of linear's three one survives; relu's one is killed by a property.
nlohmann::json mutants_sample();

/// The text of a file of such lines.
std::string lines_of(const std::vector<nlohmann::json>& lines);

/// All three.
Inputs all_samples();

}  // namespace plumb::report
