#include "golden/verify/case_judge.h"

#include <algorithm>

#include "golden/harness/null_verdict.h"
#include "golden/verify/checked_case.h"
#include "impl/core/error.h"

namespace plumb::golden {
namespace {

/// Cases of the project have a reason to be; any other id is somebody's question.
bool is_ours(const Case& c) { return !c.hunts.empty(); }

/// The elements of an output that was kept whole.
HostArray array_of(const Expected& e) {
  return make_array(e.shape, e.dtype, [&](std::size_t i) { return e.want[i]; });
}

}  // namespace

bool needs_libtorch(const Selected& selected, bool live) {
  return live || !std::all_of(selected.cases.begin(), selected.cases.end(), is_ours);
}

CaseJudge::CaseJudge(const Selected& selected, bool live, double libtorch_seconds)
    : live_(live), libtorch_seconds_(libtorch_seconds) {
  for (const Case& c : selected.cases) {
    cases_.emplace(c.text, c);
    order_.push_back(c.text);
  }
  for (const Refusal& r : selected.refusals) refusals_.emplace(r.c.text, r);
  prepare_checks();
}

CaseJudge::~CaseJudge() = default;

const GoldenFile& CaseJudge::file_of(const std::string& op) {
  auto& file = files_[op];
  if (!file) file = std::make_unique<GoldenFile>(golden_folder(), op);
  return *file;
}

const Case& CaseJudge::selected(const std::string& id) const {
  const auto found = cases_.find(id);
  if (found == cases_.end()) throw UsageError("case " + id + " was not selected");
  return found->second;
}

Answer CaseJudge::answer_to(const Case& c) {
  if (!live_ && is_ours(c)) return file_of(c.id.op).at(c);
  if (!libtorch_) libtorch_ = std::make_unique<LibTorch>("stock", libtorch_seconds_);
  return libtorch_->answer(c);
}

std::optional<CaseVerdict> CaseJudge::ask(const Case& c, Answer& answer) {
  try {
    answer = answer_to(c);
    versions_ = answer.versions;
    return {};
  } catch (const FileError& error) {
    return without_run(c, Outcome::untested, error.what());
  } catch (const client::Refused& error) {
    return without_run(c, Outcome::fail, error.what());
  } catch (const client::Error& error) {
    libtorch_.reset();  // the next case may ask another
    return without_run(c, Outcome::untested, error.what());
  }
}

CaseVerdict CaseJudge::judge(const std::string& id) {
  CaseVerdict verdict = judge_plain(id);
  add_findings(verdict);
  return verdict;
}

CaseVerdict CaseJudge::judge_plain(const std::string& id) {
  if (const auto r = refusals_.find(id); r != refusals_.end()) {
    CaseVerdict verdict = judge_refusal(r->second.c, r->second.ours);
    verdict.libtorch = r->second.libtorch;
    return verdict;
  }
  const Case& c = selected(id);
  Answer answer;
  if (const auto verdict = ask(c, answer)) return *verdict;
  return golden::judge(c, answer);
}

/// For each output, what the nearest case before left of the same shape and dtype. Empty when one
/// has nothing before it, or when none has an element.
std::map<std::string, HostArray> CaseJudge::outputs_before(const Case& c, const Answer& answer) {
  std::map<std::string, HostArray> out;
  const auto place = std::find(order_.begin(), order_.end(), c.text);
  bool any = false;
  for (const auto& [name, e] : answer.outputs) {
    for (auto it = place; it != order_.begin() && !out.contains(name);) {
      const Case& before = selected(*--it);
      if (before.id.op != c.id.op || !is_ours(before)) continue;
      for (const auto& [other, kept] : file_of(c.id.op).at(before).outputs)
        if (kept.shape == e.shape && kept.dtype == e.dtype && kept.sample.empty())
          out.emplace(name, array_of(kept));
    }
    if (!out.contains(name)) return {};
    any = any || !e.want.empty();
  }
  return any ? out : std::map<std::string, HostArray>{};
}

nlohmann::json CaseJudge::judge_nulls(const std::string& id) {
  nlohmann::json out = {{"id", id}, {"outcome", "PASS"}, {"reason", ""}};
  nlohmann::json& nulls = out["nulls"] = nlohmann::json::object();
  if (refusals_.contains(id)) return out;  // nothing is computed
  const Case& c = selected(id);
  Answer answer;
  if (const auto verdict = ask(c, answer)) {
    out["outcome"] = name_of(verdict->outcome);
    out["reason"] = verdict->reason;
    return out;
  }
  for (const NullKernel null : kNullKernels) {
    const auto outputs =
        null == NullKernel::previous ? outputs_before(c, answer) : null_outputs(null, answer, c);
    if (outputs.empty()) continue;
    const CaseVerdict verdict = judge_outputs_of(outputs, c, answer);
    nulls[name_of(null)] = {{"outcome", name_of(verdict.outcome)}, {"reason", verdict.reason}};
    if (const auto why = c.nulls.find(name_of(null)); why != c.nulls.end())
      nulls[name_of(null)]["declared"] = why->second;
  }
  return out;
}

}  // namespace plumb::golden
