#include "golden/harness/verdict.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "golden/harness/device_arrays.h"
#include "golden/harness/nulls.h"
#include "impl/core/cuda_error.h"
#include "impl/core/error.h"

namespace plumb::golden {
namespace {

using Arrays = std::map<std::string, HostArray>;
using Clock = std::chrono::steady_clock;

bool fenced_runs = true;
std::function<void(int)> before_run = [](int) {};

bool same_value(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

struct Run {
  Arrays inputs, outputs;
  std::string fault;  // what the run did besides: "" or one line
};

std::string fence_fault() {
  const std::vector<std::string> breaks = Allocator::get().fence_breaks();
  return breaks.empty() ? "" : breaks.front();
}

/// Run `number` of a case: 0, 1.
Run run_once(const Case& c, int number) {
  before_run(number);
  Allocator::get().set_fences(fenced_runs, number == 0 ? Poison::nan : Poison::large);
  const InputSet inputs(c);
  Run run;
  const Outputs outputs = find_op(c.id.op).run(c, inputs.tensors());
  PLUMB_CUDA(cudaDeviceSynchronize());
  for (const auto& [name, tensor] : outputs) run.outputs[name] = download(tensor);
  run.inputs = inputs.arrays();
  run.fault = fence_fault();
  if (run.fault.empty()) run.fault = inputs.damage();
  return run;
}

/// A number of the dtype whose every byte is the poison.
double value_of(Poison poison, Dtype dtype) {
  const std::vector<std::byte> bytes(bytes_of(dtype), static_cast<std::byte>(poison));
  return array_of_bytes({}, dtype, bytes).values[0];
}

/// Elements that held the poison of each run: nobody wrote them.
std::string unwritten(const Arrays& first, const Arrays& second) {
  for (const auto& [name, a] : first) {
    const auto b = second.find(name);
    if (b == second.end() || b->second.values.size() != a.values.size()) continue;
    const double nan = value_of(Poison::nan, a.dtype), large = value_of(Poison::large, a.dtype);
    std::size_t count = 0, place = 0;
    for (std::size_t i = a.values.size(); i-- > 0;)
      if (same_value(a.values[i], nan) && b->second.values[i] == large) ++count, place = i;
    if (count > 0)
      return fmt::format("output {}: {} of {} elements were not written, first {}", name, count,
                         a.values.size(), place_of(a.shape, place));
  }
  return "";
}

std::string first_difference(const Arrays& a, const Arrays& b) {
  for (const auto& [name, array] : a) {
    const auto other = b.find(name);
    if (other == b.end()) return name + " is missing";
    if (const std::string text = difference(other->second, array); !text.empty())
      return name + ": " + text;
  }
  return "";
}

/// Outputs that only one side has.
std::string unmatched(const Arrays& ours, const Answer& answer) {
  for (const auto& [name, expected] : answer.outputs)
    if (!ours.contains(name)) return "output " + name + " is missing";
  for (const auto& [name, array] : ours)
    if (!answer.outputs.contains(name)) return "output " + name + " has no golden";
  return "";
}

void judge_outputs(const Case& c, const Answer& answer, const Arrays& ours, CaseVerdict& v) {
  const Rules rules{c.exact, find_op(c.id.op).roundings};
  for (const auto& [name, expected] : answer.outputs) {
    OutputVerdict output = judge_output(name, ours.at(name), expected, rules);
    if (!output.passed() && v.reason.empty()) {
      v.outcome = Outcome::fail;
      v.reason = name + ": " + output.failure;
      v.text = describe(output, expected.shape);
    }
    v.outputs.push_back(std::move(output));
  }
}

/// Null kernels that pass without a declared reason, and reasons that hold no longer.
void mistrust(const Case& c, const Answer& answer, const Arrays& inputs, CaseVerdict& v) {
  const Rules rules{c.exact, find_op(c.id.op).roundings};
  for (const NullKernel null : kNullKernels) {
    if (null == NullKernel::previous) continue;  // a case alone does not know what came before
    const bool passes = null_passes(null, answer, inputs, rules);
    const bool declared = c.nulls.contains(name_of(null));
    if (passes == declared) continue;
    v.outcome = Outcome::mistrusted;
    v.reason = passes ? fmt::format("a kernel that returns {} would pass", describe(null))
                      : fmt::format("a kernel that returns {} is declared to pass and does not",
                                    describe(null));
    return;
  }
}

void note_degraded(const Answer& answer, CaseVerdict& v) {
  for (const OutputVerdict& output : v.outputs) {
    const Expected& e = answer.outputs.at(output.name);
    if (!reference_is_degraded(e, static_cast<std::size_t>(output.compared))) continue;
    v.outcome = Outcome::golden_degraded;
    v.reason = fmt::format("{}: LibTorch's own f32 run is {:.3g} off, ours {:.3g}", output.name,
                           output.reference, output.distance);
    return;
  }
}

/// What is wrong with two runs whatever the numbers are: "" or one line.
std::string fault_of(const Run& first, const Run& second, const Answer& answer) {
  for (const Run* run : {&first, &second})
    if (!run->fault.empty()) return run->fault;
  std::string fault = unmatched(first.outputs, answer);
  if (fault.empty()) fault = unwritten(first.outputs, second.outputs);
  if (!fault.empty()) return fault;
  const std::string text = first_difference(first.outputs, second.outputs);
  return text.empty() ? "" : "two runs of the same inputs differ: " + text;
}

void run_and_judge(const Case& c, const Answer& answer, CaseVerdict& v) {
  fence_fault();  // what an earlier case left behind is not this one's
  const Run first = run_once(c, 0), second = run_once(c, 1);
  v.reason = fault_of(first, second, answer);
  if (!v.reason.empty())
    v.outcome = Outcome::fail;
  else
    judge_outputs(c, answer, first.outputs, v);
  if (v.outcome == Outcome::pass) mistrust(c, answer, first.inputs, v);
  if (v.outcome == Outcome::pass) note_degraded(answer, v);
}

/// "" when the call was refused as it should be and wrote nothing, else one line. `text`: our
/// error.
std::string refusal_fault(const Case& c, const std::string& ours, std::string& text) {
  fence_fault();
  Allocator::get().set_fences(fenced_runs);
  Case untouched = c;
  untouched.in_out.clear();  // a refused call writes no input at all
  const InputSet inputs(untouched);
  try {
    find_op(c.id.op).run(c, inputs.tensors());
    return "was accepted; a refusal was due: " + ours;
  } catch (const Error& error) {
    text = error.what();
  }
  if (text.find(ours) == std::string::npos || text.find('\n') != std::string::npos)
    return "refused with '" + text + "', want '" + ours + "'";
  const std::string fault = fence_fault();
  return fault.empty() ? inputs.damage() : fault;
}

}  // namespace

void set_fenced_runs(bool fenced) { fenced_runs = fenced; }

void set_before_run(std::function<void(int)> before) { before_run = std::move(before); }

const char* name_of(Outcome outcome) {
  constexpr const char* kNames[] = {"PASS",    "FAIL", "SKIP", "MISTRUSTED", "GOLDEN_DEGRADED",
                                    "UNTESTED"};
  return kNames[static_cast<std::size_t>(outcome)];
}

int exit_code_of(Outcome outcome) {
  if (outcome == Outcome::fail || outcome == Outcome::untested) return 2;
  return outcome == Outcome::mistrusted ? 3 : 0;
}

nlohmann::json CaseVerdict::json() const {
  nlohmann::json list = nlohmann::json::array();
  for (const OutputVerdict& output : outputs) list.push_back(to_json(output));
  nlohmann::json out = {
      {"id", id},       {"outcome", name_of(outcome)}, {"reason", reason}, {"text", text},
      {"hunts", hunts}, {"seconds", seconds},          {"outputs", list}};
  if (!nulls.empty()) out["nulls"] = nulls;
  if (!checks.empty()) out["checks"] = checks;
  if (!allowances.empty()) out["allowances"] = allowances;
  if (!refused_with.empty()) out["refusal"] = {{"ours", refused_with}, {"libtorch", libtorch}};
  return out;
}

CaseVerdict without_run(const Case& c, Outcome outcome, const std::string& reason) {
  CaseVerdict v;
  v.id = c.text;
  v.hunts = c.hunts;
  v.nulls = c.nulls;
  v.outcome = outcome;
  v.reason = reason;
  return v;
}

CaseVerdict judge(const Case& c, const Answer& answer) {
  CaseVerdict v = without_run(c, Outcome::pass, "");
  const auto start = Clock::now();
  try {
    run_and_judge(c, answer, v);
  } catch (const std::exception& error) {
    v.outcome = Outcome::fail;
    v.reason = error.what();
  }
  v.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return v;
}

CaseVerdict judge_refusal(const Case& c, const std::string& ours) {
  CaseVerdict v = without_run(c, Outcome::fail, "");
  try {
    v.reason = refusal_fault(c, ours, v.refused_with);
    if (v.reason.empty()) v.outcome = Outcome::pass;
  } catch (const std::exception& error) {
    v.reason = error.what();
  }
  return v;
}

}  // namespace plumb::golden
