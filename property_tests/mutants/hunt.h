// hunt.h - puts mutants through their checks, in other processes, until something kills them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "property_tests/mutants/check.h"
#include "property_tests/mutants/mutant.h"

namespace plumb::mutants {

enum class Means : std::uint8_t { test_case, property, crash, hang };

struct Killer {
  Means means;
  std::string id;    // of the case or property; for a crash or a hang: that was under way
  std::string text;  // the verdict's reason, the counterexample, how the process ended
};

struct Trial {
  Mutant mutant;
  std::vector<Killer> killers;  // the first alone, unless all were asked for
  std::size_t checks = 0;       // carried out
  double seconds = 0;
};

struct HuntOptions {
  int jobs = 1;
  bool all = false;                    // go on after the first killer
  double timeout_seconds = 300;        // of one check
  std::vector<std::string> arguments;  // of this program, that make it a worker
};

/// Tries every mutant; `done` gets the trials in the mutants' order, one call at a time. Throws
/// Error when a mutant cannot be loaded or a check proves nothing.
void hunt(const HuntOptions& options, const std::vector<Mutant>& mutants,
          const std::function<void(const Trial&)>& done);

}  // namespace plumb::mutants
