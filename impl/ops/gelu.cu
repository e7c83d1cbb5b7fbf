// gelu.cu - the Gaussian error linear unit, forward and backward.
//
// Maths     none: y = x Phi(x), dx = dy (Phi(x) + x phi(x)); tanh: gelu.h
// Layout    dense vectors of `count` elements
// Mapping   elementwise.cuh: 16 bytes a thread where everything is aligned, else one element
// Numerics  in Accum, rounded once. Left of 0, 1 + erf and 1 + tanh lose what is below 1: the error
//           is some u |x|, whatever is left of y
// Determinism  bitwise repeatable
#include "impl/ops/gelu.h"

#include "impl/ops/common/elementwise.cuh"

namespace plumb {
namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;       // sqrt(1 / 2)
constexpr double kSqrtTwoOverPi = 0.79788456080286535588;  // sqrt(2 / pi)
constexpr double kCubic = 0.044715;

// --- device helpers ---

/// Phi(x): the probability of a standard normal number below x.
template <class Accum>
__host__ __device__ Accum normal_cdf(Accum x) {
  return Accum(0.5) * (Accum(1) + erf(x * Accum(kSqrtHalf)));
}

/// phi(x): its density.
template <class Accum>
__host__ __device__ Accum normal_density(Accum x) {
  return exp(Accum(-0.5) * x * x) * Accum(0.5 * kSqrtTwoOverPi);
}

/// The tanh that stands for erf.
template <class Accum>
__host__ __device__ Accum tanh_of_cubic(Accum x) {
  return tanh(Accum(kSqrtTwoOverPi) * (x + Accum(kCubic) * (x * x * x)));
}

struct Gelu {
  template <class Scalar>
  __host__ __device__ Scalar operator()(Scalar x_in) const {
    const accum_t<Scalar> x = widen(x_in);
    return narrow<Scalar>(x * normal_cdf(x));
  }
};

struct GeluGradient {
  template <class Scalar>
  __host__ __device__ Scalar operator()(Scalar x_in, Scalar dy) const {
    const accum_t<Scalar> x = widen(x_in);
    return narrow<Scalar>(widen(dy) * (normal_cdf(x) + x * normal_density(x)));
  }
};

struct GeluTanh {
  template <class Scalar>
  __host__ __device__ Scalar operator()(Scalar x_in) const {
    using Accum = accum_t<Scalar>;
    const Accum x = widen(x_in);
    return narrow<Scalar>(Accum(0.5) * x * (Accum(1) + tanh_of_cubic(x)));
  }
};

struct GeluTanhGradient {
  template <class Scalar>
  __host__ __device__ Scalar operator()(Scalar x_in, Scalar dy) const {
    using Accum = accum_t<Scalar>;
    const Accum x = widen(x_in), t = tanh_of_cubic(x);
    const Accum slope = Accum(kSqrtTwoOverPi) * (Accum(1) + Accum(3 * kCubic) * (x * x));
    const Accum along = Accum(0.5) * x * (Accum(1) - t * t) * slope;
    return narrow<Scalar>(widen(dy) * (Accum(0.5) * (Accum(1) + t) + along));
  }
};

}  // namespace

// --- public functions ---

GeluApproximate gelu_approximate_from_name(const std::string& name) {
  if (name == "none") return GeluApproximate::none;
  if (name == "tanh") return GeluApproximate::tanh;
  PLUMB_THROW(UsageError, "approximate is '{}' [none, tanh]", name);
}

Tensor gelu_forward(const Tensor& x, GeluApproximate approximate, Stream stream) {
  if (approximate == GeluApproximate::tanh)
    return elementwise::apply("gelu/forward/tanh", GeluTanh{}, stream, {"x", x});
  return elementwise::apply("gelu/forward", Gelu{}, stream, {"x", x});
}

Tensor gelu_backward(const Tensor& dy, const Tensor& x, GeluApproximate approximate,
                     Stream stream) {
  const elementwise::Operand gradient{"dy", dy};
  if (approximate == GeluApproximate::tanh)
    return elementwise::apply("gelu/backward/tanh", GeluTanhGradient{}, stream, {"x", x}, gradient);
  return elementwise::apply("gelu/backward", GeluGradient{}, stream, {"x", x}, gradient);
}

}  // namespace plumb
