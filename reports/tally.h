// tally.h - what a page says in numbers, counted from the results; pages and summaries show it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reports/input/inputs.h"

namespace plumb::report {

/// All cases of all runs; refusals apart.
std::vector<const Case*> cases_of(const Inputs& inputs);
std::vector<const Case*> refusals_of(const Inputs& inputs);
/// FAIL, UNTESTED or MISTRUSTED.
std::vector<const Case*> bad_cases(const Inputs& inputs);
std::size_t count(const std::vector<const Case*>& cases, const std::string& outcome);

struct HeatCell {
  int cases = 0, passed = 0;
  std::map<std::string, int> others;  // by outcome
  double worst_share = 0;             // of the a-priori bound, of the cases that ran
};
struct HeatRow {
  std::string op, direction, device, engine;
  std::map<std::string, HeatCell> cells;  // by dtype
};
/// By op, direction, device, engine; refusals apart.
std::vector<HeatRow> heat_map(const Inputs& inputs);
/// The dtypes of the rows: f64 f32 f16 bf16, then others.
std::vector<std::string> dtypes_of(const std::vector<HeatRow>& rows);

struct OpCounts {
  std::string op, device, engine;
  std::map<std::string, int> outcomes;
  int cases = 0, refusals = 0;  // refusals are among the cases
};
std::vector<OpCounts> coverage(const Inputs& inputs);
/// Ops of impl/ops.txt of which no case was given.
std::vector<std::string> ops_without_cases(const Inputs& inputs);

/// An output, and what it is measured by.
struct Ranked {
  const Case* of;
  const Output* output;
  double measure;
};
/// The `most` outputs of each dtype that take most of their a-priori bound, the worst first.
std::vector<Ranked> worst_by_share(const Inputs& inputs, std::size_t most);
/// The same by distance over allowed distance, of the outputs that have a limit.
std::vector<Ranked> worst_by_distance(const Inputs& inputs, std::size_t most);

/// Cases that neither passed nor failed, together where op and reason are the same.
struct ReasonGroup {
  std::string outcome, op, reason, device, repro;
  std::vector<std::string> ids;
};
/// UNTESTED first, then MISTRUSTED, GOLDEN_DEGRADED, SKIP.
std::vector<ReasonGroup> reasons(const Inputs& inputs);

/// Null kernels that cases declare to pass rightly, together where op and reason are the same.
struct NullGroup {
  std::string op, null, why, example;
  int cases = 0;
};
std::vector<NullGroup> declared_nulls(const Inputs& inputs);

/// Our distance from the f64 answer over LibTorch's own in the same dtype, output by output.
struct ErrorRatios {
  std::string op, dtype, device, engine;
  std::vector<double> sorted;  // infinite: LibTorch's is 0 and ours not
  int both_exact = 0;          // both distances are 0: no ratio

  /// The least ratio that a share `p` of the outputs does not exceed.
  double quantile(double p) const;
  /// The share of ratios that are at most `limit`.
  double share_up_to(double limit) const;
};
/// f32 and the halves; f64 is what is compared with. Outputs without LibTorch's own figure are left
/// out, groups without any output too.
std::vector<ErrorRatios> error_ratios(const Inputs& inputs);

struct MutantCounts {
  int killed = 0, total = 0;
};
/// By op and kind.
std::map<std::string, std::map<std::string, MutantCounts>> mutants_by_kind(const MutantRun& run);
std::map<std::string, MutantCounts> mutants_by_op(const MutantRun& run);
MutantCounts count(const MutantRun& run);

/// What these results do not show, a sentence each: kinds of results that are missing first.
std::vector<std::string> gaps(const Inputs& inputs);

}  // namespace plumb::report
