// verdict.h - the verdict on a case: our kernels run, held to LibTorch's answer by the gates, and
// the check itself held to null kernels.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "golden/harness/gates.h"
#include "golden/harness/op.h"

namespace plumb::golden {

enum class Outcome : std::uint8_t {
  pass,
  fail,
  skip,             // cannot run here: the reason says why
  mistrusted,       // right, but a null kernel would pass too: the check proves little
  golden_degraded,  // right by the a-priori bounds; LibTorch's own f32 run is far off
  untested,         // no answer to hold it to: counts as a failure
};
const char* name_of(Outcome outcome);  // "PASS" ...
/// 0: good, 2: wrong, 3: doubtful.
int exit_code_of(Outcome outcome);

struct CaseVerdict {
  std::string id, hunts;
  Outcome outcome = Outcome::untested;
  std::string reason;  // "" for PASS; else one line
  std::string text;    // of a failure: several lines as describe() has them
  std::vector<OutputVerdict> outputs;
  double seconds = 0;
  std::map<std::string, std::string> nulls;  // null kernels declared to pass rightly, and why
  std::string refused_with;                  // of a refusal: our error
  std::string libtorch;  // and LibTorch's in part; "" where it has none of the kind
  nlohmann::json checks = nlohmann::json::array();  // reports of the virtual GPU's checks
  std::map<std::string, bool> allowances;  // what the sources allow, and whether it was found

  nlohmann::json json() const;
};

/// Whether judge() fills new memory and puts guard words behind it (it does unless told otherwise).
/// Where the virtual GPU checks memory they would hide what nobody wrote, and what lies behind.
void set_fenced_runs(bool fenced);

/// Called before each run of a case with its number, 0 and 1: whoever varies what must not matter.
void set_before_run(std::function<void(int run)> before);

/// Runs a case twice from fresh inputs, new memory poisoned otherwise each time, and judges it.
/// FAIL: an exception, a write past the end of an allocation or into an input, elements of an
/// output that nobody wrote, two runs that differ, outputs missing or unexpected, a gate.
CaseVerdict judge(const Case& c, const Answer& answer);

/// A case that must be refused: our error is one line that contains `ours`, and nothing was
/// written. PASS or FAIL.
CaseVerdict judge_refusal(const Case& c, const std::string& ours);

/// The verdict's outcome and reason alone.
CaseVerdict without_run(const Case& c, Outcome outcome, const std::string& reason);

}  // namespace plumb::golden
