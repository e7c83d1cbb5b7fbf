#include "golden/harness/gates.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "golden/cases/elements.h"

namespace plumb::golden {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

enum class Class { finite, plus, minus, nan };

Class class_of(double value) {
  if (std::isnan(value)) return Class::nan;
  return std::isfinite(value) ? Class::finite : value > 0 ? Class::plus : Class::minus;
}

bool same_bits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// The distance between neighbours of the dtype at a value.
double ulp_at(double value, const Precision& p) {
  if (value == 0) return p.smallest;
  return std::max(p.smallest, std::ldexp(2 * p.out, std::ilogb(value)));
}

double bound_of(const Expected& e, std::size_t k, const Precision& p, const Rules& rules) {
  if (e.magnitude.empty()) return 0;
  return p.factor * (p.factor < 2 ? rules.roundings : 1) * p.out * std::fabs(e.want[k]) +
         4 * p.sum * e.magnitude[k] + p.smallest;
}

double share_of(double error, double bound) {
  if (error == 0) return 0;
  return std::isfinite(bound) && bound > 0 ? error / bound : kInfinity;
}

/// What relative L2 distances are made of.
struct Sums {
  double distance = 0, norm = 0, rounding = 0, got = 0, product = 0, difference = 0;
  std::size_t finite = 0;

  void add(double got_value, double want, double cast) {
    if (!std::isfinite(got_value) || !std::isfinite(cast)) return;
    ++finite;
    const double d = got_value - want, r = cast - want;
    distance += d * d, norm += want * want, rounding += r * r;
    got += got_value * got_value, product += got_value * want, difference += d;
  }
  double relative(double squares) const {
    return squares == 0 ? 0 : norm > 0 ? std::sqrt(squares / norm) : kInfinity;
  }
};

/// m and k of b.3: small samples scatter.
double small_sample(std::size_t n, double few, double some, double many) {
  return n <= 10 ? few : n <= 500 ? some : many;
}

/// The least finite of LibTorch's f32 distances and the floor.
double capped_reference(const Expected& e, double floor) {
  double out = floor;
  for (const double error : {e.f32_stock, e.f32_recording})
    if (error < out) out = error;
  return out;
}

/// Every element may be off by the smallest number (G2); together that is no more than this.
double subnormal_distance(const Sums& sums, const Precision& p) {
  return sums.norm > 0 ? p.smallest * std::sqrt(static_cast<double>(sums.finite) / sums.norm) : 0;
}

double distance_limit(const Expected& e, const Sums& sums, const Precision& p, const Rules& rules) {
  const bool half = p.factor < 2;
  if (!half) {
    const double floor = e.dtype == Dtype::f64 ? std::ldexp(e.floor, -29) : e.floor;
    const double reference = e.dtype == Dtype::f64 ? floor : capped_reference(e, floor);
    return std::max(small_sample(sums.finite, 10, 5, 2) * reference, floor);
  }
  double f32 = capped_reference(e, kInfinity);
  if (!std::isfinite(f32)) f32 = e.floor;  // LibTorch's f32 run was not asked for
  const double one = sums.relative(sums.rounding);
  if (sums.finite <= 10)
    return std::max(2 * one, 1.02 * p.out) * std::sqrt(rules.roundings) + 2 * f32;
  return (sums.finite <= 500 ? 2 : 1.25) * std::sqrt(rules.roundings) * one + 2 * f32;
}

void note_wrong(OutputVerdict& v, std::size_t place, double got, double want, double bound,
                double share, double& worst_share) {
  if (v.first < 0)
    v.first = static_cast<std::int64_t>(place), v.first_got = got, v.first_want = want,
    v.first_bound = bound;
  if (v.worst < 0 || share > worst_share)
    v.worst = static_cast<std::int64_t>(place), v.worst_got = got, v.worst_want = want,
    v.worst_bound = bound, worst_share = share;
}

void add_statistics(OutputVerdict& v, const HostArray& got, const Expected& e, const Precision& p) {
  double largest = 0;
  for (const double want : e.want)
    if (std::isfinite(want)) largest = std::max(largest, std::fabs(want));
  std::vector<double> ulps;
  std::set<double> unique;
  std::int64_t zeros = 0;
  for (std::size_t k = 0; k < e.want.size(); ++k) {
    const double value = got.values[e.place(k)], want = e.want[k];
    zeros += value == 0;
    if (unique.size() < 10000 && !std::isnan(value)) unique.insert(value);
    if (!std::isfinite(value) || !std::isfinite(want)) continue;
    const double error = std::fabs(value - want);
    v.max_abs = std::max(v.max_abs, error);
    if (std::fabs(want) > 1e-3 * largest) v.max_rel = std::max(v.max_rel, error / std::fabs(want));
    ulps.push_back(error / ulp_at(want, p));
  }
  v.unique = static_cast<std::int64_t>(unique.size());
  v.zeros = e.want.empty() ? 0 : static_cast<double>(zeros) / static_cast<double>(e.want.size());
  if (ulps.empty()) return;
  std::sort(ulps.begin(), ulps.end());
  v.ulp_median = ulps[ulps.size() / 2];
  v.ulp_99 = ulps[ulps.size() * 99 / 100];
  v.ulp_max = ulps.back();
}

std::string hash_of_bytes(const HostArray& array) {
  std::string bytes;
  for (const std::byte b : bytes_of_array(array)) bytes += static_cast<char>(b);
  return fmt::format("{:016x}", hash_of(bytes));
}

/// The first gate that does not hold, in words.
std::string failed_gate(const OutputVerdict& v, const Rules& rules, bool bitwise) {
  if (v.class_mismatch > 0)
    return fmt::format("{} of {} elements are of another class (NaN, infinity, number)",
                       v.class_mismatch, v.compared);
  if (rules.exact || bitwise) {
    if (v.inexact > 0)
      return fmt::format("{} of {} elements have other bits where nothing may round", v.inexact,
                         v.compared);
    return "";
  }
  if (v.beyond > 0)
    return fmt::format("{} of {} elements beyond the a-priori bound", v.beyond, v.compared);
  if (!(v.distance <= v.limit))
    return fmt::format("relative L2 distance {:.3g}, allowed {:.3g}", v.distance, v.limit);
  return "";
}

}  // namespace

Precision precision_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return {0x1p-53, 0x1p-53, 0x1p-1074, 4};
    case Dtype::f16:
      return {0x1p-11, 0x1p-24, 0x1p-24, 1.02};
    case Dtype::bf16:
      return {0x1p-8, 0x1p-24, 0x1p-133, 1.02};
    default:
      return {0x1p-24, 0x1p-24, 0x1p-149, 4};
  }
}

OutputVerdict judge_output(const std::string& name, const HostArray& got, const Expected& e,
                           const Rules& rules) {
  OutputVerdict v;
  v.name = name;
  v.of = count_of(e.shape);
  v.compared = static_cast<std::int64_t>(e.want.size());
  v.hash = hash_of_bytes(got);
  if (got.shape != e.shape || got.dtype != e.dtype) {
    v.failure = fmt::format("is {} {}, want {} {}", plumb::name_of(got.dtype), to_string(got.shape),
                            plumb::name_of(e.dtype), to_string(e.shape));
    return v;
  }
  const Precision p = precision_of(e.dtype);
  const bool bitwise = e.magnitude.empty();
  Sums sums;
  double worst_share = -1;
  for (std::size_t k = 0; k < e.want.size(); ++k) {
    const double value = got.values[e.place(k)], want = e.want[k], cast = round_to(e.dtype, want);
    sums.add(value, want, cast);
    v.sign_of_zero += value == 0 && cast == 0 && std::signbit(value) != std::signbit(cast);
    const bool same = same_bits(value, cast);
    v.inexact += !same;
    if (class_of(value) != class_of(cast)) {
      ++v.class_mismatch;
      note_wrong(v, e.place(k), value, want, 0, kInfinity, worst_share);
      continue;
    }
    if (class_of(value) != Class::finite) continue;
    const double bound = bound_of(e, k, p, rules);
    const double share =
        same && (rules.exact || bitwise) ? 0 : share_of(std::fabs(value - want), bound);
    if (!(share <= 1)) ++v.beyond;
    v.share = std::max(v.share, share);
    const bool wrong = rules.exact || bitwise ? !same : !(share <= 1);
    if (wrong) note_wrong(v, e.place(k), value, want, bound, share, worst_share);
  }
  v.distance = sums.relative(sums.distance);
  v.one_rounding = sums.relative(sums.rounding);
  v.reference = capped_reference(e, kInfinity);
  v.own = e.own;
  v.limit = sums.norm > 0 ? distance_limit(e, sums, p, rules) + subnormal_distance(sums, p)
                          : kInfinity;  // G2 alone judges zeros
  if (sums.norm > 0 && sums.got > 0) v.cosine = sums.product / std::sqrt(sums.norm * sums.got);
  if (sums.norm > 0)
    v.bias = sums.difference / static_cast<double>(sums.finite) /
             std::sqrt(sums.norm / static_cast<double>(sums.finite));
  add_statistics(v, got, e, p);
  v.failure = failed_gate(v, rules, bitwise);
  return v;
}

bool reference_is_degraded(const Expected& e, std::size_t compared) {
  if (e.magnitude.empty() || !(e.floor > 0)) return false;
  const double best = capped_reference(e, kInfinity);
  Sums sums;  // LibTorch's f32 run is allowed f32's smallest number too
  for (const double want : e.want) sums.add(want, want, want);
  return std::isfinite(best) && best > small_sample(compared, 10, 5, 2) * e.floor +
                                           subnormal_distance(sums, precision_of(Dtype::f32));
}

nlohmann::json to_json(const OutputVerdict& v) {
  return {{"name", v.name},
          {"passed", v.passed()},
          {"failure", v.failure},
          {"compared", v.compared},
          {"of", v.of},
          {"class_mismatch", v.class_mismatch},
          {"sign_of_zero", v.sign_of_zero},
          {"inexact", v.inexact},
          {"beyond_bound", v.beyond},
          {"share_of_bound", v.share},
          {"first", v.first},
          {"worst", v.worst},
          {"worst_got", v.worst_got},
          {"worst_want", v.worst_want},
          {"rel_l2", v.distance},
          {"rel_l2_allowed", v.limit},
          {"libtorch_f32", v.reference},
          {"libtorch_own", v.own},
          {"one_rounding", v.one_rounding},
          {"max_abs", v.max_abs},
          {"max_rel", v.max_rel},
          {"ulp_median", v.ulp_median},
          {"ulp_99", v.ulp_99},
          {"ulp_max", v.ulp_max},
          {"bias", v.bias},
          {"cosine", v.cosine},
          {"zeros", v.zeros},
          {"unique", v.unique},
          {"hash", v.hash}};
}

std::string describe(const OutputVerdict& v, const Shape& shape) {
  std::string out = fmt::format("{} differs: {}\n", v.name, v.failure);
  const auto line = [&](const char* what, std::int64_t place, double got, double want,
                        double bound) {
    out += fmt::format("  {} {}{}  got {:.9g}  want {:.9g}  |diff| {:.3g}  allowed {:.3g}\n", what,
                       v.name, place_of(shape, static_cast<std::size_t>(place)), got, want,
                       std::fabs(got - want), bound);
  };
  if (v.first >= 0) line("first", v.first, v.first_got, v.first_want, v.first_bound);
  if (v.worst >= 0) line("worst", v.worst, v.worst_got, v.worst_want, v.worst_bound);
  return out;
}

}  // namespace plumb::golden
