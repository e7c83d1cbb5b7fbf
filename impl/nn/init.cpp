#include "impl/nn/init.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "impl/core/error.h"

namespace plumb::nn::init {
namespace {

void fill(Tensor tensor, const std::vector<double>& values) {
  PLUMB_CHECK(ShapeError, tensor.is_contiguous(), "a tensor of strides {}, need a contiguous one",
              to_string(tensor.strides()));
  if (tensor.numel() != 0) tensor.copy_(Tensor::from_host(values, tensor.shape()));
}

std::vector<double> zeros_like(const Tensor& tensor) {
  return std::vector<double>(static_cast<std::size_t>(tensor.numel()));
}

void need_matrix(const Tensor& tensor) {
  PLUMB_CHECK(ValueError, tensor.dim() == 2, "Only tensors with 2 dimensions are supported");
}

double kaiming_std(const Tensor& tensor, const Kaiming& options) {
  PLUMB_CHECK(ValueError, options.mode == "fan_in" || options.mode == "fan_out",
              "Mode {} not supported, please use one of ['fan_in', 'fan_out']", options.mode);
  const Fans fans = calculate_fan_in_and_fan_out(tensor.shape());
  const auto fan = static_cast<double>(options.mode == "fan_in" ? fans.in : fans.out);
  return calculate_gain(options.nonlinearity, options.a) / std::sqrt(fan);
}

double xavier_std(const Tensor& tensor, double gain) {
  const Fans fans = calculate_fan_in_and_fan_out(tensor.shape());
  return gain * std::sqrt(2.0 / static_cast<double>(fans.in + fans.out));
}

double normal_cdf(double x) { return (1 + std::erf(x / std::sqrt(2.0))) / 2; }

/// Draws of the whole tensor replace the values that are outside until none is.
std::vector<double> redrawn(const Tensor& tensor, Mt19937& generator, double mean, double std,
                            double a, double b, Kernels kernels) {
  const auto drawn = [&] {
    return random::normal(generator, tensor.numel(), mean, std, tensor.dtype(), kernels);
  };
  const double low = random::rounded(a, tensor.dtype()), high = random::rounded(b, tensor.dtype());
  const auto outside = [&](double x) { return x < low || x > high; };
  std::vector<double> values = drawn();
  while (std::ranges::any_of(values, outside)) {
    const std::vector<double> others = drawn();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (outside(values[i])) values[i] = others[i];
  }
  return values;
}

/// The logarithm of the density at `x` over that at its peak, rounded after each operation as
/// LibTorch's tensors are; `Real` is what the dtype computes in.
template <class Real>
double log_density(double x, double mean, double std, double log_peak, Dtype dtype) {
  const auto round = [&](Real value) {
    return static_cast<Real>(random::rounded(static_cast<double>(value), dtype));
  };
  Real y = round(static_cast<Real>(x) - static_cast<Real>(mean));
  y = round(y / static_cast<Real>(std));
  y = round(y * y);
  y = round(y * Real{-0.5});
  return round(y - static_cast<Real>(log_peak));
}

/// Of intervals that hold little of the distribution: uniform candidates, each taken with the
/// density's probability. (LibTorch's logarithm of f32 is not the C library's in the last bit: one
/// candidate in millions may be judged otherwise.)
std::vector<double> rejected(const Tensor& tensor, Mt19937& generator, double mean, double std,
                             double a, double b, Kernels kernels) {
  const Dtype dtype = tensor.dtype();
  const auto drawn = [&](double from, double to) {
    return random::uniform(generator, tensor.numel(), from, to, dtype, kernels);
  };
  const double from_mode = (std::clamp(mean, a, b) - mean) / std,
               log_peak = -0.5 * from_mode * from_mode;
  const auto is_refused = [&](double candidate, double u) {
    if (dtype == Dtype::f64)
      return std::log(u) > log_density<double>(candidate, mean, std, log_peak, dtype);
    return random::rounded(std::log(static_cast<float>(u)), dtype) >
           log_density<float>(candidate, mean, std, log_peak, dtype);
  };
  std::vector<double> values = zeros_like(tensor);
  std::vector<bool> pending(values.size(), true);
  do {
    const std::vector<double> candidates = drawn(a, b), u = drawn(0, 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!pending[i]) continue;
      values[i] = candidates[i];
      pending[i] = is_refused(candidates[i], u[i]);
    }
  } while (std::ranges::any_of(pending, [](bool one) { return one; }));
  return values;
}

/// Q of a QR by Householder's reflections, each column times the sign of R's diagonal; `m` is
/// rows x columns, row-major, rows >= columns.
std::vector<double> signed_q(std::vector<double> m, std::size_t rows, std::size_t columns) {
  const auto at = [&](std::vector<double>& of, std::size_t r, std::size_t c) -> double& {
    return of[r * columns + c];
  };
  std::vector<std::vector<double>> reflectors;
  std::vector<double> signs(columns);
  const auto reflect = [&](std::vector<double>& of, const std::vector<double>& v, std::size_t from,
                           std::size_t first_column) {
    for (std::size_t c = first_column; c < columns; ++c) {
      double dot = 0;
      for (std::size_t r = from; r < rows; ++r) dot += v[r - from] * at(of, r, c);
      for (std::size_t r = from; r < rows; ++r) at(of, r, c) -= 2 * dot * v[r - from];
    }
  };
  for (std::size_t k = 0; k < columns; ++k) {
    std::vector<double> v(rows - k);
    double norm = 0;
    for (std::size_t r = k; r < rows; ++r) norm += at(m, r, k) * at(m, r, k);
    norm = std::sqrt(norm);
    for (std::size_t r = k; r < rows; ++r) v[r - k] = at(m, r, k);
    v[0] += std::copysign(norm, v[0]);
    double length = 0;
    for (const double x : v) length += x * x;
    if (length > 0)
      for (double& x : v) x /= std::sqrt(length);
    reflect(m, v, k, k);
    signs[k] = at(m, k, k) > 0 ? 1 : at(m, k, k) < 0 ? -1 : 0;
    reflectors.push_back(std::move(v));
  }
  std::vector<double> q(rows * columns);
  for (std::size_t c = 0; c < columns; ++c) at(q, c, c) = 1;
  for (std::size_t k = columns; k-- > 0;) reflect(q, reflectors[k], k, 0);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) at(q, r, c) *= signs[c];
  return q;
}

std::vector<double> transposed(const std::vector<double>& m, std::size_t rows,
                               std::size_t columns) {
  std::vector<double> out(m.size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = m[r * columns + c];
  return out;
}

}  // namespace

Fans calculate_fan_in_and_fan_out(const Shape& shape) {
  PLUMB_CHECK(ValueError, shape.size() >= 2,
              "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  std::int64_t kernel = 1;
  for (std::size_t i = 2; i < shape.size(); ++i) kernel *= shape[i];
  return {shape[1] * kernel, shape[0] * kernel};
}

double calculate_gain(const std::string& nonlinearity, std::optional<double> a) {
  static const char* const linear[] = {"linear",           "conv1d",           "conv2d",
                                       "conv3d",           "conv_transpose1d", "conv_transpose2d",
                                       "conv_transpose3d", "sigmoid"};
  if (std::ranges::find(linear, nonlinearity) != std::end(linear)) return 1;
  if (nonlinearity == "tanh") return 5.0 / 3;
  if (nonlinearity == "relu") return std::sqrt(2.0);
  if (nonlinearity == "leaky_relu") {
    const double slope = a.value_or(0.01);
    return std::sqrt(2.0 / (1 + slope * slope));
  }
  if (nonlinearity == "selu") return 3.0 / 4;
  PLUMB_THROW(ValueError, "Unsupported nonlinearity {}", nonlinearity);
}

void constant_(Tensor tensor, double value) { tensor.fill_(value); }

void eye_(Tensor tensor) {
  need_matrix(tensor);
  std::vector<double> values = zeros_like(tensor);
  for (std::int64_t i = 0; i < std::min(tensor.size(0), tensor.size(1)); ++i)
    values[static_cast<std::size_t>(i * tensor.size(1) + i)] = 1;
  fill(tensor, values);
}

void dirac_(Tensor tensor, std::int64_t groups) {
  PLUMB_CHECK(ValueError, tensor.dim() >= 3 && tensor.dim() <= 5,
              "Only tensors with 3, 4, or 5 dimensions are supported");
  PLUMB_CHECK(ValueError, groups > 0 && tensor.size(0) % groups == 0,
              "dim 0 must be divisible by groups");
  std::vector<double> values = zeros_like(tensor);
  const std::int64_t each = tensor.size(0) / groups;
  std::int64_t kernel = 1, middle = 0;
  for (int d = 2; d < tensor.dim(); ++d) {
    kernel *= tensor.size(d);
    middle = middle * tensor.size(d) + tensor.size(d) / 2;
  }
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t d = 0; kernel > 0 && d < std::min(each, tensor.size(1)); ++d)
      values[static_cast<std::size_t>(((g * each + d) * tensor.size(1) + d) * kernel + middle)] = 1;
  fill(tensor, values);
}

void uniform_(Tensor tensor, Mt19937& generator, double a, double b, Kernels kernels) {
  fill(tensor, random::uniform(generator, tensor.numel(), a, b, tensor.dtype(), kernels));
}

void normal_(Tensor tensor, Mt19937& generator, double mean, double std, Kernels kernels) {
  fill(tensor, random::normal(generator, tensor.numel(), mean, std, tensor.dtype(), kernels));
}

void trunc_normal_(Tensor tensor, Mt19937& generator, double mean, double std, double a, double b,
                   Kernels kernels) {
  // Below this share of the distribution most normal draws would be in vain.
  constexpr double kMostlyInside = 0.3;
  const double inside = normal_cdf((b - mean) / std) - normal_cdf((a - mean) / std);
  fill(tensor, inside > kMostlyInside ? redrawn(tensor, generator, mean, std, a, b, kernels)
                                      : rejected(tensor, generator, mean, std, a, b, kernels));
}

void xavier_uniform_(const Tensor& tensor, Mt19937& generator, double gain, Kernels kernels) {
  const double bound = std::sqrt(3.0) * xavier_std(tensor, gain);
  uniform_(tensor, generator, -bound, bound, kernels);
}

void xavier_normal_(const Tensor& tensor, Mt19937& generator, double gain, Kernels kernels) {
  normal_(tensor, generator, 0, xavier_std(tensor, gain), kernels);
}

void kaiming_uniform_(const Tensor& tensor, Mt19937& generator, const Kaiming& options,
                      Kernels kernels) {
  if (tensor.numel() == 0) return;
  const double bound = std::sqrt(3.0) * kaiming_std(tensor, options);
  uniform_(tensor, generator, -bound, bound, kernels);
}

void kaiming_normal_(const Tensor& tensor, Mt19937& generator, const Kaiming& options,
                     Kernels kernels) {
  if (tensor.numel() != 0) normal_(tensor, generator, 0, kaiming_std(tensor, options), kernels);
}

void orthogonal_(const Tensor& tensor, Mt19937& generator, double gain, Kernels kernels) {
  PLUMB_CHECK(ValueError, tensor.dim() >= 2,
              "Only tensors with 2 or more dimensions are supported");
  PLUMB_CHECK(ValueError, tensor.dtype() == Dtype::f64 || tensor.dtype() == Dtype::f32,
              "orthogonal_ of a tensor in {}, allowed: f64, f32", name_of(tensor.dtype()));
  if (tensor.numel() == 0) return;
  const auto rows = static_cast<std::size_t>(tensor.size(0)),
             columns = static_cast<std::size_t>(tensor.numel()) / rows;
  std::vector<double> m = random::normal(generator, tensor.numel(), 0, 1, tensor.dtype(), kernels);
  m = rows < columns
          ? transposed(signed_q(transposed(m, rows, columns), columns, rows), columns, rows)
          : signed_q(std::move(m), rows, columns);
  for (double& x : m) x *= gain;
  fill(tensor, m);
}

void sparse_(const Tensor& tensor, Mt19937& generator, Mt19937& order, double sparsity, double std,
             Kernels kernels) {
  need_matrix(tensor);
  std::vector<double> values =
      random::normal(generator, tensor.numel(), 0, std, tensor.dtype(), kernels);
  const std::int64_t rows = tensor.size(0), columns = tensor.size(1);
  const auto zeros = static_cast<std::int64_t>(std::ceil(sparsity * static_cast<double>(rows)));
  for (std::int64_t c = 0; c < columns; ++c) {
    const std::vector<std::int64_t> places = random::randperm(order, rows);
    for (std::int64_t i = 0; i < std::min(zeros, rows); ++i)
      values[static_cast<std::size_t>(places[static_cast<std::size_t>(i)] * columns + c)] = 0;
  }
  fill(tensor, values);
}

}  // namespace plumb::nn::init
