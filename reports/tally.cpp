#include "reports/tally.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "reports/overall.h"

namespace plumb::report {
namespace {

using nlohmann::json;

/// Wide dtypes first, others after all of these.
std::size_t rank_of(const std::string& dtype) {
  static const std::vector<std::string> kOrder = {"f64", "f32", "f16", "bf16"};
  return static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), dtype) - kOrder.begin());
}

template <class Wanted>
std::vector<const Case*> select_cases(const Inputs& inputs, const Wanted& wanted) {
  std::vector<const Case*> out;
  for (const VerifyRun& run : inputs.runs)
    for (const Case& c : run.cases)
      if (wanted(c)) out.push_back(&c);
  return out;
}

std::vector<const Case*> everything_of(const Inputs& inputs) {
  return select_cases(inputs, [](const Case&) { return true; });
}

std::vector<std::string> project_ops() {
  return {
#define PLUMB_OP(name) #name,
#include "golden/ops/list.inc"
#undef PLUMB_OP
  };
}

/// The `most` outputs of each dtype with the largest measure; without one where it is 0.
template <class Measure>
std::vector<Ranked> ranked(const Inputs& inputs, std::size_t most, const Measure& measure) {
  std::map<std::pair<std::size_t, std::string>, std::vector<Ranked>> by_dtype;
  for (const Case* c : cases_of(inputs))
    for (const Output& o : c->outputs)
      if (const double value = measure(o); value > 0)
        by_dtype[{rank_of(c->dtype), c->dtype}].push_back({c, &o, value});
  const auto first = [](const Ranked& a, const Ranked& b) {
    return std::tie(b.measure, a.of->id, a.output->name) <
           std::tie(a.measure, b.of->id, b.output->name);
  };
  std::vector<Ranked> out;
  for (auto& [dtype, all] : by_dtype) {
    std::sort(all.begin(), all.end(), first);
    all.resize(std::min(most, all.size()));
    out.insert(out.end(), all.begin(), all.end());
  }
  return out;
}

}  // namespace

std::vector<const Case*> cases_of(const Inputs& inputs) {
  return select_cases(inputs, [](const Case& c) { return !c.refusal; });
}

std::vector<const Case*> refusals_of(const Inputs& inputs) {
  return select_cases(inputs, [](const Case& c) { return c.refusal; });
}

std::vector<const Case*> bad_cases(const Inputs& inputs) {
  return select_cases(inputs, [](const Case& c) { return is_bad(c.outcome); });
}

std::size_t count(const std::vector<const Case*>& cases, const std::string& outcome) {
  return static_cast<std::size_t>(std::count_if(
      cases.begin(), cases.end(), [&](const Case* c) { return c->outcome == outcome; }));
}

std::vector<HeatRow> heat_map(const Inputs& inputs) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, HeatRow> rows;
  for (const Case* c : cases_of(inputs)) {
    HeatRow& row = rows[{c->op, c->device, c->engine, c->direction}];
    row.op = c->op, row.direction = c->direction, row.device = c->device, row.engine = c->engine;
    HeatCell& cell = row.cells[c->dtype];
    ++cell.cases;
    if (c->outcome == "PASS")
      ++cell.passed;
    else
      ++cell.others[c->outcome];
    for (const Output& o : c->outputs) cell.worst_share = std::max(cell.worst_share, o.share);
  }
  std::vector<HeatRow> out;
  for (auto& [key, row] : rows) out.push_back(std::move(row));
  return out;
}

std::vector<std::string> dtypes_of(const std::vector<HeatRow>& rows) {
  std::set<std::pair<std::size_t, std::string>> present;
  for (const HeatRow& row : rows)
    for (const auto& [dtype, cell] : row.cells) present.emplace(rank_of(dtype), dtype);
  std::vector<std::string> out;
  for (const auto& [rank, dtype] : present) out.push_back(dtype);
  return out;
}

std::vector<OpCounts> coverage(const Inputs& inputs) {
  std::map<std::tuple<std::string, std::string, std::string>, OpCounts> rows;
  for (const Case* c : everything_of(inputs)) {
    OpCounts& row = rows[{c->op, c->device, c->engine}];
    row.op = c->op, row.device = c->device, row.engine = c->engine;
    ++row.cases;
    ++row.outcomes[c->outcome];
    row.refusals += c->refusal;
  }
  std::vector<OpCounts> out;
  for (auto& [key, row] : rows) out.push_back(std::move(row));
  return out;
}

std::vector<std::string> ops_without_cases(const Inputs& inputs) {
  std::set<std::string> covered;
  for (const Case* c : everything_of(inputs)) covered.insert(c->op);
  std::vector<std::string> out;
  for (const std::string& op : project_ops())
    if (!covered.contains(op)) out.push_back(op);
  return out;
}

std::vector<Ranked> worst_by_share(const Inputs& inputs, std::size_t most) {
  return ranked(inputs, most, [](const Output& o) { return o.share; });
}

std::vector<Ranked> worst_by_distance(const Inputs& inputs, std::size_t most) {
  return ranked(inputs, most,
                [](const Output& o) { return o.distance > 0 ? o.distance / o.allowed : 0; });
}

std::vector<ReasonGroup> reasons(const Inputs& inputs) {
  std::vector<ReasonGroup> out;
  for (const char* outcome : {"UNTESTED", "MISTRUSTED", "GOLDEN_DEGRADED", "SKIP"}) {
    std::map<std::tuple<std::string, std::string, std::string>, ReasonGroup> groups;
    for (const Case* c : everything_of(inputs)) {
      if (c->outcome != outcome) continue;
      ReasonGroup& group = groups[{c->op, c->device, c->reason}];
      if (group.ids.empty()) group = {outcome, c->op, c->reason, c->device, c->repro, {}};
      group.ids.push_back(c->id);
    }
    for (auto& [key, group] : groups) out.push_back(std::move(group));
  }
  return out;
}

std::vector<NullGroup> declared_nulls(const Inputs& inputs) {
  std::map<std::tuple<std::string, std::string, std::string>, NullGroup> groups;
  for (const Case* c : cases_of(inputs))
    for (const auto& [null, why] : c->nulls) {
      NullGroup& group = groups[{c->op, null, why}];
      if (group.cases++ == 0) group = {c->op, null, why, c->id, 1};
    }
  std::vector<NullGroup> out;
  for (auto& [key, group] : groups) out.push_back(std::move(group));
  return out;
}

double ErrorRatios::quantile(double p) const {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto n = static_cast<double>(sorted.size());
  return sorted[static_cast<std::size_t>(std::clamp(std::ceil(p * n) - 1, 0.0, n - 1))];
}

double ErrorRatios::share_up_to(double limit) const {
  const auto above = std::upper_bound(sorted.begin(), sorted.end(), limit);
  return static_cast<double>(above - sorted.begin()) / static_cast<double>(sorted.size());
}

std::vector<ErrorRatios> error_ratios(const Inputs& inputs) {
  std::map<std::tuple<std::string, std::string, std::string, std::size_t, std::string>, ErrorRatios>
      groups;
  for (const Case* c : cases_of(inputs))
    for (const Output& o : c->outputs) {
      if (!std::isfinite(o.libtorch)) continue;
      ErrorRatios& group = groups[{c->op, c->device, c->engine, rank_of(c->dtype), c->dtype}];
      group.op = c->op, group.dtype = c->dtype, group.device = c->device, group.engine = c->engine;
      if (o.distance == 0 && o.libtorch == 0)
        ++group.both_exact;
      else
        group.sorted.push_back(o.distance / o.libtorch);
    }
  std::vector<ErrorRatios> out;
  for (auto& [key, group] : groups) {
    std::sort(group.sorted.begin(), group.sorted.end());
    out.push_back(std::move(group));
  }
  return out;
}

std::map<std::string, std::map<std::string, MutantCounts>> mutants_by_kind(const MutantRun& run) {
  std::map<std::string, std::map<std::string, MutantCounts>> out;
  for (const Mutant& m : run.mutants) {
    MutantCounts& counts = out[m.op][m.kind];
    ++counts.total;
    counts.killed += m.killed();
  }
  return out;
}

std::map<std::string, MutantCounts> mutants_by_op(const MutantRun& run) {
  std::map<std::string, MutantCounts> out;
  for (const auto& [op, kinds] : mutants_by_kind(run))
    for (const auto& [kind, counts] : kinds)
      out[op].killed += counts.killed, out[op].total += counts.total;
  return out;
}

MutantCounts count(const MutantRun& run) {
  MutantCounts out;
  for (const Mutant& m : run.mutants) ++out.total, out.killed += m.killed();
  return out;
}

std::vector<std::string> gaps(const Inputs& inputs) {
  std::vector<std::string> out;
  if (inputs.runs.empty()) out.push_back("Ops case by case: no result of plumbline verify given.");
  if (inputs.training.is_null())
    out.push_back("Training beside LibTorch: no result of plumbline train --audit given.");
  if (!inputs.mutants)
    out.push_back("Whether the checks see planted bugs: no result of ci/mutants given.");
  for (const VerifyRun& run : inputs.runs)
    if (run.cases.size() < run.selected)
      out.push_back(fmt::format("{} of {} selected cases on {}: the run was stopped.",
                                run.selected - run.cases.size(), run.selected, run.device));
  const std::vector<std::string> ops = ops_without_cases(inputs);
  if (!inputs.runs.empty() && !ops.empty())
    out.push_back(fmt::format("Ops of which no case was judged: {}.", fmt::join(ops, ", ")));
  out.push_back(fmt::format("Ops other than {}.", fmt::join(project_ops(), ", ")));
  out.push_back("Halves inside training; more than one device.");
  out.push_back("Throughput and memory over batch size.");
  const std::vector<std::string> devices = devices_of(inputs);
  if (std::all_of(devices.begin(), devices.end(), is_virtual))
    out.push_back(
        "A real GPU, its own rounding of approximate instructions, and cuBLAS and cuDNN.");
  return out;
}

}  // namespace plumb::report
