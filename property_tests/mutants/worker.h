// worker.h - the process in which mutants run, one check at a time: it may crash or hang.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "property_tests/mutants/check.h"
#include "property_tests/mutants/mutant.h"

namespace plumb::mutants {

/// Where the lists are and where the shared objects.
struct Folders {
  std::string lists, libraries;
};

/// Reads requests {"op", "mutant", "property": bool, "id"} on stdin until it ends; answers {"ok":
/// true, "broken", "text", "traces"}, or {"ok": true, "error"} for a check that proves nothing.
void serve(const Folders& folders);

}  // namespace plumb::mutants
