#include "property_tests/mutants/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "impl/core/error.h"

namespace plumb::mutants {
namespace {

using golden::Case;
using golden::Outcome;

golden::Selected selected(const std::string& op) {
  golden::Selection selection;
  selection.ops = {op};
  return golden::select(selection);
}

std::int64_t elements(const Case& c) {
  std::int64_t count = 0;
  for (const golden::Recipe& recipe : c.inputs) count += count_of(recipe.shape);
  return count;
}

/// Every dtype has kernels of its own, which are translated when they are first used.
int place_of(Dtype dtype) {
  const auto& order = {Dtype::f32, Dtype::bf16, Dtype::f16, Dtype::f64};
  return static_cast<int>(std::find(order.begin(), order.end(), dtype) - order.begin());
}

}  // namespace

std::vector<Check> checks_of(const std::string& op) {
  golden::Selected all = selected(op);
  std::stable_sort(all.cases.begin(), all.cases.end(), [](const Case& a, const Case& b) {
    return std::tuple(place_of(a.dtype), elements(a)) < std::tuple(place_of(b.dtype), elements(b));
  });
  std::vector<Check> out;
  for (const Case& c : all.cases) out.push_back({false, c.text});
  for (const golden::Refusal& refusal : all.refusals) out.push_back({false, refusal.c.text});
  for (const properties::Property& property : properties::properties_of(op))
    out.push_back({true, property.name});
  return out;
}

Checker::Checker(const std::string& op) : judge_(selected(op), false) {}

Checker::Finding Checker::carry_out(const Check& check,
                                    const std::vector<properties::Property>& properties) {
  if (!check.is_property) return judge(check.id);
  for (const properties::Property& property : properties)
    if (property.name == check.id) {
      const std::string broken = property.falsify();
      return {!broken.empty(), broken, !broken.empty()};
    }
  throw Error("there is no property '" + check.id + "'");
}

Checker::Finding Checker::judge(const std::string& case_id) {
  const golden::CaseVerdict verdict = judge_.judge(case_id);
  if (verdict.outcome == Outcome::untested || verdict.outcome == Outcome::skip)
    throw Error(fmt::format("{} is {}: {}", verdict.id, name_of(verdict.outcome), verdict.reason));
  const bool failed = verdict.outcome == Outcome::fail;
  return {failed, verdict.reason, failed && verdict.outputs.empty()};
}

}  // namespace plumb::mutants
