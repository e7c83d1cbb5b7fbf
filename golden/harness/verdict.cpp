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

struct Run {
  Arrays outputs;
  std::string fault;  // what the run did besides: "" or one line
};

Run run_once(const Case& c, const InputSet& inputs) {
  Run run;
  const Outputs outputs = find_op(c.id.op).run(c, inputs.tensors());
  PLUMB_CUDA(cudaDeviceSynchronize());
  for (const auto& [name, tensor] : outputs) run.outputs[name] = download(tensor);
  run.fault = inputs.damage();
  for (const std::string& line : Allocator::get().fence_breaks()) run.fault = line;
  return run;
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
void mistrust(const Case& c, const Answer& answer, const InputSet& inputs, CaseVerdict& v) {
  const Rules rules{c.exact, find_op(c.id.op).roundings};
  for (const NullKernel null : kNullKernels) {
    const bool passes = null_passes(null, answer, inputs.arrays(), rules);
    const bool declared = c.nulls.contains(name_of(null));
    if (passes == declared) continue;
    v.outcome = Outcome::mistrusted;
    v.reason = passes ? fmt::format("a kernel that returns {} would pass", describe(null))
                      : fmt::format("a kernel that returns {} is declared to pass and does not",
                                    describe(null));
    return;
  }
}

}  // namespace

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
  return {{"id", id},       {"outcome", name_of(outcome)}, {"reason", reason}, {"text", text},
          {"hunts", hunts}, {"seconds", seconds},          {"outputs", list}};
}

CaseVerdict without_run(const Case& c, Outcome outcome, const std::string& reason) {
  CaseVerdict v;
  v.id = c.text;
  v.hunts = c.hunts;
  v.outcome = outcome;
  v.reason = reason;
  return v;
}

CaseVerdict judge(const Case& c, const Answer& answer) {
  CaseVerdict v = without_run(c, Outcome::pass, "");
  const auto start = Clock::now();
  try {
    Allocator::get().set_fences(true);
    const InputSet inputs(c);
    const Run first = run_once(c, inputs);
    const InputSet again(c);
    const Run second = run_once(c, again);
    std::string fault = first.fault.empty() ? second.fault : first.fault;
    if (fault.empty()) fault = unmatched(first.outputs, answer);
    if (fault.empty())
      if (const std::string text = first_difference(first.outputs, second.outputs); !text.empty())
        fault = "two runs of the same inputs differ: " + text;
    if (!fault.empty()) {
      v.outcome = Outcome::fail;
      v.reason = fault;
    } else {
      judge_outputs(c, answer, first.outputs, v);
      if (v.outcome == Outcome::pass) mistrust(c, answer, inputs, v);
      if (v.outcome == Outcome::pass)
        for (const OutputVerdict& output : v.outputs)
          if (const Expected& e = answer.outputs.at(output.name);
              reference_is_degraded(e, static_cast<std::size_t>(output.compared))) {
            v.outcome = Outcome::golden_degraded;
            v.reason = fmt::format("{}: LibTorch's own f32 run is {:.3g} off, ours {:.3g}",
                                   output.name, output.reference, output.distance);
          }
    }
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
    const InputSet inputs(c);
    find_op(c.id.op).run(c, inputs.tensors());
    v.reason = "was accepted; a refusal was due: " + ours;
  } catch (const Error& error) {
    const std::string text = error.what();
    if (text.find(ours) != std::string::npos && text.find('\n') == std::string::npos)
      v.outcome = Outcome::pass;
    else
      v.reason = "refused with '" + text + "', want '" + ours + "'";
  }
  return v;
}

}  // namespace plumb::golden
