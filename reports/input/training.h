// training.h - what `plumbline train --audit --json` wrote (golden/audit/audit.h), checked.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace plumb::report {

/// The JSON as it is, every field that a page shows being there and of its type. Throws UsageError,
/// one line with file and place.
nlohmann::json parse_training(const std::string& text, const std::string& file);

}  // namespace plumb::report
