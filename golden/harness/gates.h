// gates.h - when one output is right: the gates of the verdict policy, and the figures that are
// kept of every output, right or wrong.
//
//   class  NaN, +Inf, -Inf and finite stand where the golden, rounded to the dtype, has them
//   G1     where nothing rounds: the bits of the golden rounded to the dtype
//   G2     each element within  c u_out |y*| + 4 u_acc M + f_min  (a-priori; M: magnitudes summed,
//          times the growth g(K) of their sum)
//   G3     relative L2 distance at most a small multiple of LibTorch's own in f32, within
//          [F, m F]; halves: of one rounding of the golden
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "golden/harness/answer.h"

namespace plumb::golden {

/// What of the policy an output is held to.
struct Rules {
  bool exact = false;    // G1
  double roundings = 1;  // rho
};

/// Unit roundoff and smallest number of a dtype, and of what a kernel of it sums in.
struct Precision {
  double out, sum, smallest, factor;  // factor: c of G2 for one rounding
};
Precision precision_of(Dtype dtype);

struct OutputVerdict {
  std::string name;
  std::string failure;  // "" when it passed: the first gate that it failed, in words
  std::int64_t compared = 0, of = 0;
  std::int64_t class_mismatch = 0, sign_of_zero = 0, inexact = 0, beyond = 0;
  double share = 0;                     // largest error as a share of G2's bound
  std::int64_t first = -1, worst = -1;  // places of the first and the worst element that is wrong
  double worst_got = 0, worst_want = 0, worst_bound = 0;
  double first_got = 0, first_want = 0, first_bound = 0;
  double distance = 0, limit = 0;          // G3: relative L2, and what is allowed
  double reference = 0, one_rounding = 0;  // LibTorch's own distance in f32, and that of cast(y*)
  double own = 0;                          // LibTorch's own distance in the tested dtype
  double max_abs = 0, max_rel = 0, bias = 0, cosine = 1, zeros = 0;
  double ulp_median = 0, ulp_99 = 0, ulp_max = 0;
  std::int64_t unique = 0;
  std::string hash;  // of the output's bytes

  bool passed() const { return failure.empty(); }
};

/// Judges what was kept of an output. A NaN never passes for a number: every test is "<=".
OutputVerdict judge_output(const std::string& name, const HostArray& got, const Expected& expected,
                           const Rules& rules);

/// Whether LibTorch's own f32 run would fail G3: its distance says little then.
bool reference_is_degraded(const Expected& expected, std::size_t compared);

nlohmann::json to_json(const OutputVerdict& verdict);

/// Several lines: what differs, how many, the first, the worst (a reader's view of a failure).
std::string describe(const OutputVerdict& verdict, const Shape& shape);

}  // namespace plumb::golden
