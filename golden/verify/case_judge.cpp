#include "golden/verify/case_judge.h"

#include <algorithm>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

/// Cases of the project have a reason to be; any other id is somebody's question.
bool is_ours(const Case& c) { return !c.hunts.empty(); }

}  // namespace

CaseJudge::CaseJudge(const Selected& selected, bool live) : live_(live) {
  for (const Case& c : selected.cases) cases_.emplace(c.text, c);
  for (const Refusal& r : selected.refusals) refusals_.emplace(r.c.text, r);
}

CaseJudge::~CaseJudge() = default;

const GoldenFile& CaseJudge::file_of(const std::string& op) {
  auto& file = files_[op];
  if (!file) file = std::make_unique<GoldenFile>(golden_folder(), op);
  return *file;
}

Answer CaseJudge::answer_to(const Case& c) {
  if (!live_ && is_ours(c)) return file_of(c.id.op).at(c);
  if (!libtorch_) libtorch_ = std::make_unique<LibTorch>("stock");
  return libtorch_->answer(c);
}

CaseVerdict CaseJudge::judge(const std::string& id) {
  if (const auto r = refusals_.find(id); r != refusals_.end())
    return judge_refusal(r->second.c, r->second.ours);
  const auto found = cases_.find(id);
  if (found == cases_.end()) throw UsageError("case " + id + " was not selected");
  const Case& c = found->second;
  Answer answer;
  try {
    answer = answer_to(c);
  } catch (const FileError& error) {
    return without_run(c, Outcome::untested, error.what());
  } catch (const reference::Error& error) {
    return without_run(c, live_ || !is_ours(c) ? Outcome::fail : Outcome::untested, error.what());
  }
  versions_ = answer.versions;
  return golden::judge(c, answer);
}

}  // namespace plumb::golden
