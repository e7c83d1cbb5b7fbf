// judge.h - one tensor of ours against LibTorch's f64 answer, element by element, within an
// a-priori bound.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plumb::audit {

struct TensorVerdict {
  std::string name;
  std::int64_t count = 0, beyond = 0;  // elements, and those beyond their bound or of another class
  double share = 0;                    // largest |got - want| / bound; infinite for another class
  std::int64_t worst = -1;             // where
  double got = 0, want = 0, bound = 0;  // there
  double rel_l2 = 0;                    // ||got - want|| / ||want||
  bool vacuous = false;  // zeros in place of `got` would pass too: the check proves little

  bool passed() const { return beyond == 0 && count > 0; }
  /// "0.weight[12]: got 0.1, want 0.2, bound 1e-08 (1e+07 bounds); 3 of 100 elements beyond".
  std::string describe() const;
};

/// Every element must be of its want's class (finite, +Inf, -Inf, NaN) and, if finite, within its
/// bound. A NaN never passes as a number: the test is written as "<= bound". A bound that is not
/// finite or is negative fails its element. Throws std::invalid_argument when the sizes differ.
TensorVerdict judge(const std::string& name, const std::vector<float>& got,
                    const std::vector<double>& want, const std::vector<double>& bound);

/// ||a - b|| / ||b|| in f64; infinite when anything is not finite.
double relative_distance(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace plumb::audit
