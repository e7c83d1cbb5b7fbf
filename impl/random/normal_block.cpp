#include "impl/random/normal_block.h"

#include <cmath>
#include <cstring>
#include <numbers>
#include <span>

namespace plumb::random {
namespace {

constexpr std::size_t kBlock = 16, kHalf = kBlock / 2;

// --- ln, sin and cos of LibTorch's AVX2 kernels: Cephes' polynomials, every fma as written ---

constexpr float kLn[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,
                         -1.2420140846e-1f, 1.4249322787e-1f,  -1.6668057665e-1f,
                         2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
constexpr float kSqrtHalf = 0.707106781186547524f, kLn2Low = -2.12194440e-4f,
                kLn2High = 0.693359375f;

/// x > 0, normal.
float cephes_ln(float x) {
  int exponent = 0;
  float m = std::frexp(x, &exponent);
  if (m < kSqrtHalf) {
    --exponent;
    m = (m - 1) + m;
  } else {
    m = m - 1;
  }
  const auto e = static_cast<float>(exponent);
  const float z = m * m;
  float y = kLn[0];
  for (std::size_t i = 1; i < std::size(kLn); ++i) y = std::fma(y, m, kLn[i]);
  y = y * m;
  y = std::fma(y, z, e * kLn2Low);
  y = std::fma(-z, 0.5f, y);
  return std::fma(e, kLn2High, m + y);
}

struct SinCos {
  float sin, cos;
};

/// x >= 0.
SinCos cephes_sincos(float x) {
  const int j = (static_cast<int>(x * 1.27323954473516f) + 1) & ~1;
  const auto y = static_cast<float>(j);
  x = std::fma(y, -0.78515625f, x);
  x = std::fma(y, -2.4187564849853515625e-4f, x);
  x = std::fma(y, -3.77489497744594108e-8f, x);
  const float z = x * x;
  float a = std::fma(std::fma(2.443315711809948e-5f, z, -1.388731625493765e-3f), z,
                     4.166664568298827e-2f);
  a = std::fma(a * z, z, -(z * 0.5f)) + 1;
  float b = std::fma(std::fma(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f);
  b = std::fma(b * z, x, x);
  SinCos out = (j & 2) == 0 ? SinCos{b, a} : SinCos{a, b};
  if (j & 4) out.sin = -out.sin;
  if (~(j - 2) & 4) out.cos = -out.cos;
  return out;
}

struct Polar {
  float radius, sin, cos;
};

Polar polar_of(float u1, float u2, Kernels kernels) {
  if (kernels == Kernels::avx2) {
    const auto [sin, cos] = cephes_sincos(static_cast<float>(2 * std::numbers::pi) * u2);
    return {std::sqrt(-2 * cephes_ln(u1)), sin, cos};
  }
  const auto theta = static_cast<float>(2 * std::numbers::pi * u2);
  return {std::sqrt(-2 * std::log(u1)), std::sin(theta), std::cos(theta)};
}

void transform(float* block, float mean, float std, Kernels kernels) {
  for (std::size_t j = 0; j < kHalf; ++j) {
    const Polar at = polar_of(1 - block[j], block[j + kHalf], kernels);
    block[j] = std::fma(at.radius * at.cos, std, mean);
    block[j + kHalf] = std::fma(at.radius * at.sin, std, mean);
  }
}

void transform(double* block, double mean, double std) {
  for (std::size_t j = 0; j < kHalf; ++j) {
    const double radius = std::sqrt(-2 * std::log(1 - block[j])),
                 theta = 2 * std::numbers::pi * block[j + kHalf];
    block[j] = std::fma(radius * std::cos(theta), std, mean);
    block[j + kHalf] = std::fma(radius * std::sin(theta), std, mean);
  }
}

/// Draws `drawn` numbers, makes them normal in blocks, and the last 16 once more.
template <class Real, class Draw, class Transform>
std::vector<Real> in_blocks(std::size_t count, std::size_t drawn, Draw draw, Transform make) {
  std::vector<Real> out(count);
  for (std::size_t i = 0; i < drawn; ++i) out[i] = draw();
  for (std::size_t i = 0; i + kBlock <= count; i += kBlock) make(&out[i]);
  if (count % kBlock == 0) return out;
  Real* const tail = out.data() + count - kBlock;
  for (std::size_t i = 0; i < kBlock; ++i) tail[i] = draw();
  make(tail);
  return out;
}

}  // namespace

std::vector<double> normal_blocks(Mt19937& generator, std::int64_t count, double mean, double std) {
  const auto n = static_cast<std::size_t>(count);
  return in_blocks<double>(
      n, n, [&] { return generator.uniform53(); },
      [&](double* block) { transform(block, mean, std); });
}

std::vector<float> normal_blocks(Mt19937& generator, std::int64_t count, float mean, float std,
                                 Kernels kernels, bool halves) {
  const auto n = static_cast<std::size_t>(count);
  return in_blocks<float>(
      n, halves ? n / kBlock * kBlock : n, [&] { return generator.uniform24(); },
      [&](float* block) { transform(block, mean, std, kernels); });
}

}  // namespace plumb::random
