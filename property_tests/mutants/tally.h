// tally.h - what a hunt found: which mutants were killed, by whom, and what that says of the
// checks.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "property_tests/mutants/hunt.h"

namespace plumb::mutants {

/// One line: what became of a mutant, how long it took, and who saw it first.
std::string describe(const Trial& trial);

class Tally {
 public:
  void add(const Trial& trial);

  /// killed and total of every op, and what makes the exit code bad.
  std::string table() const;
  /// {"device", "ops": {op: {"killed", "total", "mutants": [{"name", "kind", "what", "file",
  /// "seconds", "killed_by": {"case": id} | {"property": name, "counterexample": text} | {"crash":
  /// text} | null}]}}}; controls are no mutants.
  nlohmann::json json(const std::string& device) const;
  /// 0: at least 95 % of every op's mutants are killed; 2: they are not, or a control is.
  int exit_code() const;

 private:
  struct OfOp {
    std::string name;
    std::vector<Trial> trials;
    std::size_t killed = 0;
    bool is_weak() const;
  };
  std::vector<OfOp> ops_;  // in the order in which they came
  std::vector<Trial> killed_controls_;
};

}  // namespace plumb::mutants
