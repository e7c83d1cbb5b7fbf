#include "bench/ops/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "impl/core/error.h"

namespace plumb::bench {
namespace {

bool among(const std::vector<std::string>& list, const std::string& word) {
  return list.empty() || std::find(list.begin(), list.end(), word) != list.end();
}

void check_names(const Wanted& wanted) {
  for (const std::string& op : wanted.ops) find_bench(op);
  std::set<std::string> directions;
  for (const golden::Op& op : golden::ops())
    directions.insert(op.directions.begin(), op.directions.end());
  for (const std::string& direction : wanted.directions)
    if (!directions.contains(direction))
      throw UsageError(
          fmt::format("direction '{}'; allowed: {}", direction, fmt::join(directions, ", ")));
}

void add_calls(const BenchOp& op, const std::string& dtype, const Wanted& wanted,
               std::vector<Planned>& out) {
  const double element = static_cast<double>(bytes_of(dtype_from_name(dtype)));
  const std::set<std::int64_t> batches(wanted.batches.begin(), wanted.batches.end());
  std::vector<std::vector<Planned>> calls;  // by call, then by batch
  for (const std::int64_t batch : batches) {
    const std::vector<BenchCase> cases = op.cases({dtype, element, batch});
    calls.resize(cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i)
      if (among(wanted.directions, golden::make_case(cases[i].id).id.direction))
        calls[i].push_back({cases[i], batch});
  }
  for (const auto& sweep : calls) out.insert(out.end(), sweep.begin(), sweep.end());
}

}  // namespace

std::vector<Planned> plan(const Wanted& wanted) {
  check_names(wanted);
  std::vector<Planned> out;
  for (const BenchOp& op : bench_ops())
    if (among(wanted.ops, op.name))
      for (const std::string& dtype : wanted.dtypes) add_calls(op, dtype, wanted, out);
  return out;
}

}  // namespace plumb::bench
