// host.cpp - the kernels' arithmetic as plain loops. Compiled with -ffp-contract=off.
#include <bit>
#include <cmath>
#include <cstring>

#include "vgpu/bit_gate/gate.h"

namespace vgpu::gate::host {
namespace {

_Float16 half_of(std::uint16_t bits) { return std::bit_cast<_Float16>(bits); }
std::uint16_t bits_of(_Float16 value) { return std::bit_cast<std::uint16_t>(value); }

/// A product of two halves is exact in double, a sum of it and a third as well but for far apart
/// exponents; then the sum, odd where it was cut, rounds to half as the exact one would.
_Float16 fused(_Float16 a, _Float16 b, _Float16 c) {
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = static_cast<double>(c), sum = product + addend;
  const double back = sum - product;
  const double lost = (product - (sum - back)) + (addend - back);
  auto bits = std::bit_cast<std::uint64_t>(sum);
  if (lost != 0 && (bits & 1) == 0) bits += (lost > 0) == (sum > 0) ? 1 : -1;
  return static_cast<_Float16>(std::bit_cast<double>(bits));
}

}  // namespace

Floats vector_add(const Floats& a, const Floats& b) {
  Floats out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = a[i] + b[i];
  return out;
}

void adam(Floats& p, Floats& m, Floats& v, const Floats& g, const AdamFactors& f) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    m[i] = f.beta1 * m[i] + (1 - f.beta1) * g[i];
    v[i] = f.beta2 * v[i] + (1 - f.beta2) * g[i] * g[i];
    p[i] -= f.step * m[i] / (std::sqrt(v[i]) / f.root + f.eps);
  }
}

Floats block_sum(const Floats& x) {
  const auto tree = [](float* values, int count) {  // lane i adds lane i + offset
    for (int offset = count / 2; offset > 0; offset /= 2)
      for (int i = 0; i < offset; ++i) values[i] += values[i + offset];
    return values[0];
  };
  Floats out;
  for (std::size_t begin = 0; begin < x.size(); begin += kBlock) {
    float of_warp[kBlock / 32];
    for (std::size_t warp = 0; warp < kBlock / 32; ++warp) {
      float lanes[32] = {};
      for (std::size_t lane = 0; lane < 32; ++lane)
        if (const std::size_t i = begin + warp * 32 + lane; i < x.size()) lanes[lane] = x[i];
      of_warp[warp] = tree(lanes, 32);
    }
    out.push_back(tree(of_warp, kBlock / 32));
  }
  return out;
}

Floats matmul(const Floats& a, const Floats& b, int n) {
  const auto edge = static_cast<std::size_t>(n);
  Floats c(edge * edge);
  for (std::size_t i = 0; i < edge; ++i)
    for (std::size_t j = 0; j < edge; ++j)
      for (std::size_t k = 0; k < edge; ++k) c[i * edge + j] += a[i * edge + k] * b[k * edge + j];
  return c;
}

void max_pool(const Floats& x, int n, Floats& out, std::vector<int>& index) {
  for (int top = 0; top + 1 < n; top += 2)
    for (int left = 0; left + 1 < n; left += 2) {
      int best = top * n + left;
      for (const int at : {best, best + 1, best + n, best + n + 1}) {
        const float value = x[static_cast<std::size_t>(at)];
        if (value > x[static_cast<std::size_t>(best)] || std::isnan(value)) best = at;
      }
      out.push_back(x[static_cast<std::size_t>(best)]);
      index.push_back(best);
    }
}

Bits16 to_halves(const Floats& x) {
  Bits16 out;
  for (const float value : x)
    out.push_back(std::isnan(value) ? 0x7fff : bits_of(static_cast<_Float16>(value)));
  return out;
}

Bits16 to_bfloats(const Floats& x) {
  Bits16 out;
  for (const float value : x) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);  // to nearest, ties to even
    out.push_back(std::isnan(value) ? 0x7fff : static_cast<std::uint16_t>(rounded >> 16));
  }
  return out;
}

Floats from_halves(const Bits16& x) {
  Floats out;
  for (const std::uint16_t bits : x) out.push_back(static_cast<float>(half_of(bits)));
  return out;
}

Floats from_bfloats(const Bits16& x) {
  Floats out;
  for (const std::uint16_t bits : x)
    out.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16));
  return out;
}

Bits16 packed_halves(const Bits16& a, const Bits16& b) {
  const std::size_t count = a.size();
  Bits16 out(3 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const _Float16 x = half_of(a[i]), y = half_of(b[i]);
    out[i] = bits_of(static_cast<_Float16>(static_cast<float>(x) + static_cast<float>(y)));
    out[count + i] = bits_of(static_cast<_Float16>(static_cast<float>(x) * static_cast<float>(y)));
    out[2 * count + i] = bits_of(fused(x, y, x));
  }
  return out;
}

std::vector<std::uint32_t> votes(const std::vector<int>& x, int limit) {
  std::vector<std::uint32_t> out;
  for (std::size_t begin = 0; begin < x.size(); begin += 32) {
    std::uint32_t ballot = 0;
    for (std::uint32_t lane = 0; lane < 32; ++lane)
      if (x[begin + lane] < limit) ballot |= 1u << lane;
    out.push_back(ballot);
    out.push_back((ballot == ~0u ? 1u : 0u) + (ballot ? 2u : 0u));
    out.push_back(static_cast<std::uint32_t>(std::popcount(ballot)));
    out.push_back(static_cast<std::uint32_t>(std::countl_zero(ballot)));
  }
  return out;
}

}  // namespace vgpu::gate::host
