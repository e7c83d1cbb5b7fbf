// mutants.h - what `ci/mutants` found: which planted bugs the checks see, and who saw them.
//
//   {"device": "vgpu:0",
//    "ops": {"linear": {"killed": 12, "total": 13,
//                       "mutants": [{"name", "kind", "what", "file", "seconds",
//                                    "killed_by": {"case": id} | {"property": name,
//                                    "counterexample": text} | {"crash": text} |
//                                    null}]}}}
#pragma once

#include <string>
#include <vector>

namespace plumb::report {

struct Mutant {
  std::string op, name, kind, what, file;
  std::string killer;  // "case" "property" "crash"; "" when it survived
  std::string killed_by, counterexample;

  bool killed() const { return !killer.empty(); }
};

struct MutantRun {
  std::string device;
  std::vector<Mutant> mutants;  // in the file's order
};

/// Throws UsageError, one line with file and place.
MutantRun parse_mutants(const std::string& text, const std::string& file);

}  // namespace plumb::report
