// case_judge.h - judges cases by id, in the worker's process: finds the answer, runs the case.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "golden/harness/golden_file.h"
#include "golden/harness/libtorch.h"
#include "golden/harness/verdict.h"
#include "golden/verify/selection.h"

namespace plumb::golden {

class CaseJudge {
 public:
  /// `live`: every answer is asked of LibTorch; else only those that the files do not have for a
  /// case that is none of the project's.
  CaseJudge(const Selected& selected, bool live);
  ~CaseJudge();

  /// A selected case's verdict. UNTESTED: a case of the project without an answer, or with one that
  /// cannot be read; FAIL: also what LibTorch refuses.
  CaseVerdict judge(const std::string& id);
  /// Of the LibTorch whose answers were used last.
  const nlohmann::json& versions() const { return versions_; }

 private:
  const GoldenFile& file_of(const std::string& op);
  Answer answer_to(const Case& c);

  std::map<std::string, Case> cases_;
  std::map<std::string, Refusal> refusals_;
  bool live_;
  std::map<std::string, std::unique_ptr<GoldenFile>> files_;
  std::unique_ptr<LibTorch> libtorch_;
  nlohmann::json versions_ = nlohmann::json::object();
};

}  // namespace plumb::golden
