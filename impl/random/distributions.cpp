#include "impl/random/distributions.h"

#include <algorithm>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "impl/core/error.h"
#include "impl/random/normal_block.h"

namespace plumb::random {
namespace {

constexpr std::int64_t kFewest = 16;  // elements that are drawn in blocks
// From here on randperm draws 64 bits.
constexpr std::int64_t kInsideOut = ((std::int64_t{1} << 32) - 1) / 20;
constexpr std::int64_t kRangeOfAWord = std::int64_t{1} << 32;

float to_bf16(float x) {
  if (!std::isfinite(x)) return x;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u);
}

double largest(Dtype dtype) {
  return dtype == Dtype::f64   ? DBL_MAX
         : dtype == Dtype::f32 ? FLT_MAX
         : dtype == Dtype::f16 ? 65504
                               : 0x1.fep127;
}

const char* type_name(Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return "double";
    case Dtype::f32:
      return "float";
    case Dtype::f16:
      return "c10::Half";
    case Dtype::bf16:
      return "c10::BFloat16";
    case Dtype::i64:
      return "long";
    case Dtype::i32:
      return "int";
    case Dtype::u8:
      return "unsigned char";
    default:
      return "bool";
  }
}

void need_floating(Dtype dtype, const char* what) {
  PLUMB_CHECK(ValueError, is_floating(dtype), "{} of a tensor in {}, allowed: f64, f32, f16, bf16",
              what, name_of(dtype));
}

void need_count(std::int64_t count) {
  PLUMB_CHECK(ValueError, count >= 0, "a tensor of {} elements", count);
}

/// u (to - from) + from with one rounding, or with two whatever the compiler may contract.
template <class Real>
Real place(Real u, Real width, Real from, Kernels kernels) {
  if (kernels == Kernels::avx2) return std::fma(u, width, from);
  const volatile Real product = u * width;
  return product + from;
}

template <class Draw>
std::vector<double> draws(std::int64_t count, Draw draw) {
  need_count(count);
  std::vector<double> out(static_cast<std::size_t>(count));
  std::ranges::generate(out, draw);
  return out;
}

}  // namespace

double rounded(double x, Dtype dtype) {
  if (dtype == Dtype::f64) return x;
  const auto single = static_cast<float>(x);
  if (dtype == Dtype::f16) return static_cast<float>(static_cast<_Float16>(single));
  return dtype == Dtype::bf16 ? to_bf16(single) : single;
}

std::vector<double> uniform(Mt19937& generator, std::int64_t count, double from, double to,
                            Dtype dtype, Kernels kernels) {
  need_floating(dtype, "uniform_");
  const double most = largest(dtype);
  PLUMB_CHECK(ValueError, from >= -most && from <= most, "from is out of bounds for {}",
              type_name(dtype));
  PLUMB_CHECK(ValueError, to >= -most && to <= most, "to is out of bounds for {}",
              type_name(dtype));
  PLUMB_CHECK(ValueError, from <= to,
              "uniform_ expects to return a [from, to) range, but found from={} > to={}", from, to);
  PLUMB_CHECK(ValueError, to - from <= most,
              "uniform_ expects to-from <= std::numeric_limits<{}>::max(), but found to={} and "
              "from={} which result in to-from to exceed the limit",
              type_name(dtype), to, from);
  // Halves are placed in f32, between bounds of f32, and then rounded.
  const Dtype computed = dtype == Dtype::f64 ? dtype : Dtype::f32;
  const double a = rounded(from, computed), width = rounded(rounded(to, computed) - a, computed);
  const double begin = rounded(from, dtype), end = rounded(to, dtype);
  return draws(count, [&] {
    const double x = dtype == Dtype::f64
                         ? place(generator.uniform53(), width, a, kernels)
                         : rounded(place(generator.uniform24(), static_cast<float>(width),
                                         static_cast<float>(a), kernels),
                                   dtype);
    return x == end ? begin : x;
  });
}

std::vector<double> normal(Mt19937& generator, std::int64_t count, double mean, double std,
                           Dtype dtype, Kernels kernels, bool contiguous) {
  need_floating(dtype, "normal_");
  PLUMB_CHECK(ValueError, std >= 0, "normal expects std >= 0.0, but found std {}", std);
  if (count < kFewest || !contiguous)
    return draws(count,
                 [&] { return rounded(place(generator.normal(), std, mean, kernels), dtype); });
  if (dtype == Dtype::f64) return normal_blocks(generator, count, mean, std);
  const auto blocks = normal_blocks(generator, count, static_cast<float>(mean),
                                    static_cast<float>(std), kernels, dtype != Dtype::f32);
  std::vector<double> out(blocks.begin(), blocks.end());
  if (dtype != Dtype::f32)
    for (double& x : out) x = rounded(x, dtype);
  return out;
}

std::vector<double> bernoulli(Mt19937& generator, std::int64_t count, double p) {
  PLUMB_CHECK(ValueError, p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p={}",
              p);
  return draws(count, [&] { return generator.uniform53() < p ? 1.0 : 0.0; });
}

std::vector<double> bernoulli(Mt19937& generator, const std::vector<double>& p, Dtype dtype) {
  need_floating(dtype, "bernoulli");
  std::vector<double> out;
  for (const double x : p) {
    PLUMB_CHECK(ValueError, x >= 0 && x <= 1,
                "Expected p_in >= 0 && p_in <= 1 to be true, but got {}", x);
    const double u = dtype == Dtype::f64 ? generator.uniform53() : generator.uniform24();
    out.push_back(u < rounded(x, dtype) ? 1 : 0);
  }
  return out;
}

std::vector<double> dropout_noise(Mt19937& generator, std::int64_t count, double p, Dtype dtype) {
  need_floating(dtype, "dropout");
  PLUMB_CHECK(ValueError, p >= 0 && p <= 1,
              "dropout probability has to be between 0 and 1, but got {}", p);
  need_count(count);
  if (p == 0 || p == 1) return std::vector<double>(static_cast<std::size_t>(count), 1 - p);
  std::vector<double> noise = bernoulli(generator, count, 1 - p);
  // Halves divide in f32: by the scalar as f32, not as a half.
  const double scale =
      dtype == Dtype::f64 ? 1 / (1 - p) : rounded(1 / static_cast<float>(1 - p), dtype);
  for (double& x : noise) x *= scale;
  return noise;
}

std::vector<std::int64_t> random(Mt19937& generator, std::int64_t count, std::int64_t from,
                                 std::int64_t to, Dtype dtype) {
  need_count(count);
  PLUMB_CHECK(ValueError, from < to,
              "random_ expects 'from' to be less than 'to', but got from={} >= to={}", from, to);
  struct Bounds {
    std::int64_t low, high;
  };
  const Bounds bounds = dtype == Dtype::u8        ? Bounds{0, 255}
                        : dtype == Dtype::boolean ? Bounds{0, 1}
                        : dtype == Dtype::i32     ? Bounds{INT32_MIN, INT32_MAX}
                        : dtype == Dtype::f32     ? Bounds{-(1 << 24), 1 << 24}
                        : dtype == Dtype::f16     ? Bounds{-(1 << 11), 1 << 11}
                        : dtype == Dtype::bf16    ? Bounds{-(1 << 8), 1 << 8}
                        : dtype == Dtype::f64
                            ? Bounds{-(std::int64_t{1} << 53), std::int64_t{1} << 53}
                            : Bounds{INT64_MIN, INT64_MAX};
  PLUMB_CHECK(ValueError, from >= bounds.low && from <= bounds.high, "from is out of bounds for {}",
              type_name(dtype));
  PLUMB_CHECK(ValueError, to - 1 >= bounds.low && to - 1 <= bounds.high,
              "to - 1 is out of bounds for {}", type_name(dtype));
  const std::uint64_t range = static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::ranges::generate(out, [&] {
    const std::uint64_t drawn = range >= static_cast<std::uint64_t>(kRangeOfAWord)
                                    ? generator.random64() % range
                                    : generator.random() % range;
    return static_cast<std::int64_t>(drawn + static_cast<std::uint64_t>(from));
  });
  return out;
}

std::vector<std::int64_t> random(Mt19937& generator, std::int64_t count, Dtype dtype) {
  need_count(count);
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::ranges::generate(out, [&]() -> std::int64_t {
    switch (dtype) {
      case Dtype::f64:
        return static_cast<std::int64_t>(generator.random64() % ((std::uint64_t{1} << 53) + 1));
      case Dtype::f32:
        return generator.random() % ((1u << 24) + 1);
      case Dtype::f16:
        return generator.random() % ((1u << 11) + 1);
      case Dtype::bf16:
        return generator.random() % ((1u << 8) + 1);
      case Dtype::i64:
        return generator.random_int64();
      case Dtype::i32:
        return generator.random() % (1u << 31);
      case Dtype::u8:
        return generator.random() % 256;
      default:
        return generator.random() & 1;
    }
  });
  return out;
}

std::vector<std::int64_t> randperm(Mt19937& generator, std::int64_t n) {
  PLUMB_CHECK(ValueError, n >= 0, "Trying to create tensor with negative dimension {}: [{}]", n, n);
  std::vector<std::int64_t> out(static_cast<std::size_t>(n));
  if (n < kInsideOut) {
    std::iota(out.begin(), out.end(), 0);
    for (std::int64_t i = 0; i < n - 1; ++i)
      std::swap(out[static_cast<std::size_t>(i)],
                out[static_cast<std::size_t>(i + generator.random() % (n - i))]);
    return out;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const auto j =
        static_cast<std::size_t>(generator.random64() % static_cast<std::uint64_t>(i + 1));
    out[static_cast<std::size_t>(i)] = out[j];
    out[j] = i;
  }
  return out;
}

std::vector<double> exponential(Mt19937& generator, std::int64_t count, double lambda,
                                Dtype dtype) {
  need_floating(dtype, "exponential_");
  PLUMB_CHECK(ValueError, lambda > 0, "exponential_ expects lambda > 0.0, but found lambda={}",
              lambda);
  return draws(count,
               [&] { return rounded(-1 / lambda * std::log1p(-generator.uniform53()), dtype); });
}

std::vector<double> geometric(Mt19937& generator, std::int64_t count, double p, Dtype dtype) {
  PLUMB_CHECK(ValueError, p > 0 && p < 1, "geometric_ expects p to be in (0, 1), but got p={}", p);
  return draws(count, [&] {
    const double x = std::ceil(std::log(generator.uniform53()) / std::log1p(-p));
    return is_floating(dtype) ? rounded(x, dtype) : x;
  });
}

std::vector<double> cauchy(Mt19937& generator, std::int64_t count, double median, double sigma,
                           Dtype dtype) {
  need_floating(dtype, "cauchy_");
  PLUMB_CHECK(ValueError, sigma > 0, "cauchy_ expects sigma > 0.0, but found sigma={}", sigma);
  return draws(count, [&] {
    return rounded(median + sigma * std::tan(std::numbers::pi * (generator.uniform53() - 0.5)),
                   dtype);
  });
}

std::vector<double> log_normal(Mt19937& generator, std::int64_t count, double mean, double std,
                               Dtype dtype, Kernels kernels) {
  need_floating(dtype, "log_normal_");
  PLUMB_CHECK(ValueError, std > 0, "log_normal_ expects std > 0.0, but found std={}", std);
  return draws(count, [&] {
    return rounded(std::exp(place(generator.normal(), std, mean, kernels)), dtype);
  });
}

namespace {

/// Largest first, as topk and argmax give them.
std::vector<std::int64_t> without_replacement(Mt19937& generator,
                                              const std::vector<double>& weights,
                                              std::int64_t count, Dtype dtype) {
  const std::vector<double> q =
      exponential(generator, static_cast<std::int64_t>(weights.size()), 1, dtype);
  std::vector<double> keys(weights.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = rounded(weights[i] / q[i], dtype);
  std::vector<std::int64_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) {
    return keys[static_cast<std::size_t>(a)] > keys[static_cast<std::size_t>(b)];
  });
  order.resize(static_cast<std::size_t>(count));
  return order;
}

std::vector<std::int64_t> with_replacement(Mt19937& generator, const std::vector<double>& weights,
                                           std::int64_t count, Dtype dtype) {
  std::vector<double> cumulated;
  double sum = 0;
  for (const double w : weights) cumulated.push_back(sum = rounded(sum + w, dtype));
  for (double& c : cumulated) c = rounded(c / sum, dtype);
  cumulated.back() = 1;
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::ranges::generate(out, [&] {
    return std::ranges::lower_bound(cumulated, generator.uniform53()) - cumulated.begin();
  });
  return out;
}

}  // namespace

std::vector<std::int64_t> multinomial(Mt19937& generator, const std::vector<double>& weights,
                                      std::int64_t count, bool replacement, Dtype dtype) {
  PLUMB_CHECK(ValueError, dtype == Dtype::f32 || dtype == Dtype::f64,
              "multinomial of weights in {}, allowed: f32, f64", name_of(dtype));
  PLUMB_CHECK(ValueError, count > 0, "cannot sample n_sample <= 0 samples");
  PLUMB_CHECK(ValueError, replacement || count <= static_cast<std::int64_t>(weights.size()),
              "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  PLUMB_CHECK(ValueError,
              std::ranges::all_of(weights, [](double w) { return w >= 0 && std::isfinite(w); }),
              "probability tensor contains either `inf`, `nan` or element < 0");
  PLUMB_CHECK(ValueError, std::accumulate(weights.begin(), weights.end(), 0.0) > 0,
              "invalid multinomial distribution (sum of probabilities <= 0)");
  return replacement && count > 1 ? with_replacement(generator, weights, count, dtype)
                                  : without_replacement(generator, weights, count, dtype);
}

}  // namespace plumb::random
