// gradcheck.h - a gradient against central differences of the function, in double.
//
// The directional derivative of f at x along v is estimated at steps h and h / 2 and extrapolated
// (Richardson), so that the error is O(h^4) plus rounding of about 1e-16 |f| / h.
#pragma once

#include <cmath>
#include <functional>
#include <stdexcept>
#include <vector>

namespace plumb::properties {

using Vector = std::vector<double>;
using Function = std::function<double(const Vector&)>;

struct GradcheckResult {
  double analytic;  // <gradient, v>
  double numeric;   // the extrapolated difference quotient
  double relative;  // |analytic - numeric| / sum_i |gradient_i v_i|; 0 when both are 0; NaN stays
};

/// x, gradient and v have one length. Where f has a kink within h |v_i| of x the answer means
/// nothing: the caller keeps x away from it.
inline GradcheckResult gradcheck(const Function& f, const Vector& x, const Vector& gradient,
                                 const Vector& v, double h = 1e-3) {
  if (gradient.size() != x.size() || v.size() != x.size())
    throw std::invalid_argument("gradcheck: x, gradient and direction differ in length");
  auto quotient = [&](double step) {
    Vector up = x, down = x;
    for (std::size_t i = 0; i < x.size(); ++i) up[i] += step * v[i], down[i] -= step * v[i];
    return (f(up) - f(down)) / (2 * step);
  };
  const double coarse = quotient(h), fine = quotient(h / 2);
  GradcheckResult result{0, fine + (fine - coarse) / 3, 0};
  double magnitude = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    result.analytic += gradient[i] * v[i];
    magnitude += std::fabs(gradient[i] * v[i]);
  }
  const double distance = std::fabs(result.analytic - result.numeric);
  result.relative = distance == 0 ? 0 : distance / magnitude;
  return result;
}

/// The gate: what the extrapolation leaves is at most about 1e-10 for the functions tested.
inline constexpr double kGradcheckLimit = 1e-7;

}  // namespace plumb::properties
