#include "golden/audit/judge.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace plumb::audit {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool same_class(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b;
}

/// |got - want| as a share of the bound; infinite for what cannot pass.
double share_of(double got, double want, double bound) {
  if (!std::isfinite(got) || !std::isfinite(want)) return same_class(got, want) ? 0 : kInfinity;
  if (!std::isfinite(bound) || bound < 0) return kInfinity;
  const double error = std::fabs(got - want);
  return error == 0 ? 0 : bound == 0 ? kInfinity : error / bound;
}

}  // namespace

std::string TensorVerdict::describe() const {
  if (count == 0) return name + ": no elements were compared";
  return fmt::format(
      "{}[{}]: got {:.9g}, want {:.9g}, bound {:.3g} ({:.3g} of it); {} of {} elements beyond",
      name, worst, got, want, bound, share, beyond, count);
}

TensorVerdict judge(const std::string& name, const std::vector<float>& got,
                    const std::vector<double>& want, const std::vector<double>& bound) {
  if (got.size() != want.size() || got.size() != bound.size())
    throw std::invalid_argument(fmt::format("{}: {} elements of ours, {} of LibTorch's, {} bounds",
                                            name, got.size(), want.size(), bound.size()));
  TensorVerdict v;
  v.name = name;
  v.count = static_cast<std::int64_t>(got.size());
  v.share = -1;
  bool zeros_pass = true;
  double distance = 0, norm = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto value = static_cast<double>(got[i]);
    const double share = share_of(value, want[i], bound[i]);
    if (!(share <= 1)) ++v.beyond;
    if (!(share_of(0, want[i], bound[i]) <= 1)) zeros_pass = false;
    distance += (value - want[i]) * (value - want[i]);
    norm += want[i] * want[i];
    if (share > v.share)
      v.share = share, v.worst = static_cast<std::int64_t>(i), v.got = value, v.want = want[i],
      v.bound = bound[i];
  }
  v.share = std::max(v.share, 0.0);
  v.vacuous = zeros_pass;
  v.rel_l2 = distance == 0 ? 0 : std::sqrt(distance / norm);
  return v;
}

double relative_distance(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return kInfinity;
  double distance = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    distance += (a[i] - b[i]) * (a[i] - b[i]), norm += b[i] * b[i];
  const double ratio = distance == 0 ? 0 : std::sqrt(distance / norm);
  return std::isfinite(ratio) ? ratio : kInfinity;
}

}  // namespace plumb::audit
