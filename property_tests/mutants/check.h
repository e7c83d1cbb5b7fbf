// check.h - what a mutant is put through: its op's cases, refusals and properties, one at a time.
#pragma once

#include <string>
#include <vector>

#include "golden/verify/case_judge.h"
#include "property_tests/harness/property.h"

namespace plumb::mutants {

struct Check {
  bool is_property;
  std::string id;  // of the case, or the property's name
};

/// All of an op, in the order in which they are likely to kill soonest for what they cost: cases
/// of f32 first, small ones before large ones; refusals; properties. Throws what
/// golden/verify/selection.h throws.
std::vector<Check> checks_of(const std::string& op);

/// Carries out an op's checks on whatever is in the op's place.
class Checker {
 public:
  explicit Checker(const std::string& op);

  struct Finding {
    bool broken = false;
    std::string text;     // of a broken one: the verdict's reason, or the counterexample
    bool traces = false;  // the op did more than answer wrongly: what comes next may suffer by it
  };
  /// `properties`: the claims as they call what is in the op's place. Throws Error when the check
  /// itself is at fault: a case without an answer.
  Finding carry_out(const Check& check, const std::vector<properties::Property>& properties);

 private:
  Finding judge(const std::string& case_id);

  golden::CaseJudge judge_;
};

}  // namespace plumb::mutants
