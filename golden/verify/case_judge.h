// case_judge.h - judges cases by id, in the worker's process: finds the answer, runs the case.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "golden/harness/golden_file.h"
#include "golden/harness/libtorch.h"
#include "golden/harness/verdict.h"
#include "golden/verify/selection.h"

namespace plumb::golden {

/// Whether LibTorch must be asked about one of them.
bool needs_libtorch(const Selected& selected, bool live);

class CaseJudge {
 public:
  /// `live`: every answer is asked of LibTorch; else only those that the files do not have for a
  /// case that is none of the project's.
  CaseJudge(const Selected& selected, bool live, double libtorch_seconds = 120);
  ~CaseJudge();

  /// A selected case's verdict. UNTESTED: there is no answer, or it cannot be read; FAIL: also what
  /// LibTorch refuses.
  CaseVerdict judge(const std::string& id);
  /// What becomes of the null kernels in the place of a selected case's own:
  /// {"id", "outcome": "PASS", "reason": "", "nulls": {"zeros": {"outcome", "reason"}, ...}},
  /// without those that have nothing to return here. UNTESTED and "reason" when there is no answer.
  nlohmann::json judge_nulls(const std::string& id);
  /// Of the LibTorch whose answers were used last.
  const nlohmann::json& versions() const { return versions_; }

 private:
  const GoldenFile& file_of(const std::string& op);
  CaseVerdict judge_plain(const std::string& id);
  Answer answer_to(const Case& c);
  /// A verdict when there is no answer.
  std::optional<CaseVerdict> ask(const Case& c, Answer& answer);
  const Case& selected(const std::string& id) const;
  std::map<std::string, HostArray> outputs_before(const Case& c, const Answer& answer);

  std::vector<std::string> order_;
  std::map<std::string, Case> cases_;
  std::map<std::string, Refusal> refusals_;
  bool live_;
  double libtorch_seconds_;
  std::map<std::string, std::unique_ptr<GoldenFile>> files_;
  std::unique_ptr<LibTorch> libtorch_;
  nlohmann::json versions_ = nlohmann::json::object();
};

}  // namespace plumb::golden
