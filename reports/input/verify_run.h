// verify_run.h - what `plumbline verify --json` wrote, read into figures.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace plumb::report {

/// One output of a case. Infinity: without limit, or beyond every bound. NaN: not known.
struct Output {
  std::string name;
  std::int64_t elements = 0;
  double share = 0;                  // largest error as a share of the a-priori bound
  double distance = 0, allowed = 0;  // relative L2
  double libtorch = 0;  // of LibTorch's own run in the case's dtype; f64 is what is compared with
  double ulp_max = 0;
};

struct Case {
  std::string id, op, direction, dtype;
  std::string device, engine;
  std::string outcome, reason;
  std::string described;  // as verify prints it
  std::string repro;
  double seconds = 0;
  std::vector<Output> outputs;
  std::map<std::string, std::string> nulls;  // null kernels declared to pass rightly, and why
  bool refusal = false;                      // <op>/<direction>/<dtype>/refusal/<name>
  std::string hunts, refused_with, libtorch_refuses_with;
};

struct VerifyRun {
  std::string file, device, engine, command;
  nlohmann::json versions;   // of the LibTorch that answered
  std::size_t selected = 0;  // cases that were to be judged
  std::vector<Case> cases;
};

/// Whether the first line is that of a verify run.
bool is_verify_run(const std::string& text);

/// Throws UsageError, one line with file and line: not JSON, cut off, another schema, a field that
/// is missing or ill-typed, an unknown outcome, an id twice, fewer lines than the header says.
VerifyRun parse_verify_run(const std::string& text, const std::string& file);

}  // namespace plumb::report
