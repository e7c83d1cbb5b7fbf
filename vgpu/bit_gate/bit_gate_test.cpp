// The bit gate: kernels that nvcc compiled for five architectures, without contraction, give the
// bits of plain C++ loops. BIT_GATE_PTX: the PTX files, "|" between them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "vgpu/bit_gate/architectures.h"
#include "vgpu/bit_gate/gate.h"

namespace vgpu::gate {
namespace {

using Floats = std::vector<float>;

Dim3 blocks_for(int count) { return {static_cast<std::uint32_t>((count + kBlock - 1) / kBlock)}; }

std::uint32_t next(std::uint32_t& word) { return (word = word * 1664525u + 1013904223u) >> 8; }

/// In (-1, 1).
Floats numbers(int count, std::uint32_t seed) {
  Floats out;
  for (int i = 0; i < count; ++i) out.push_back(static_cast<float>(next(seed)) * 0x1p-23f - 1);
  return out;
}

/// Every exponent, and what is no number.
Floats any_bits(int count, std::uint32_t seed) {
  Floats out{0.0f, -0.0f, INFINITY, -INFINITY, NAN, 0x1p-149f, 65504, 65519, 65520, 0x1p-25f};
  while (static_cast<int>(out.size()) < count) {
    const std::uint32_t bits = (next(seed) << 8) ^ next(seed);
    float value;
    std::memcpy(&value, &bits, sizeof value);
    out.push_back(value);
  }
  return out;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

TEST_P(BitGate, VectorAdd) {
  const Floats a = any_bits(1001, 1), b = numbers(1001, 2);
  Floats out(1001);
  const struct {
    const float *a, *b;
    float* out;
    int count;
  } parameters{a.data(), b.data(), out.data(), 1001};

  run("vector_add", blocks_for(1001), {kBlock}, parameters);

  const Floats want = host::vector_add(a, b);
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_TRUE(std::isnan(want[i]) ? std::isnan(out[i])
                                    : std::memcmp(&out[i], &want[i], sizeof(float)) == 0)
        << i;
}

TEST_P(BitGate, Adam) {
  constexpr int kCount = 10007;
  Floats p = numbers(kCount, 3), m = numbers(kCount, 4), v = numbers(kCount, 5);
  const Floats g = numbers(kCount, 6);
  for (float& value : v) value = std::fabs(value);
  Floats host_p = p, host_m = m, host_v = v;
  const AdamFactors factors{0.9f, 0.999f, 1e-3f / 0.271f, 0.0547f, 1e-8f};
  const struct {
    float *p, *m, *v;
    const float* g;
    int count;
    AdamFactors factors;
  } parameters{p.data(), m.data(), v.data(), g.data(), kCount, factors};

  run("adam", blocks_for(kCount), {kBlock}, parameters);

  host::adam(host_p, host_m, host_v, g, factors);
  EXPECT_TRUE(same_bits(p, host_p));
  EXPECT_TRUE(same_bits(m, host_m));
  EXPECT_TRUE(same_bits(v, host_v));
}

TEST_P(BitGate, BlockSum) {
  constexpr int kCount = 5000;  // the last block is partly empty
  const Floats x = numbers(kCount, 7);
  Floats out(blocks_for(kCount).x);
  const struct {
    const float* x;
    float* out;
    int count;
  } parameters{x.data(), out.data(), kCount};

  run("block_sum", blocks_for(kCount), {kBlock}, parameters);

  EXPECT_TRUE(same_bits(out, host::block_sum(x)));
}

TEST_P(BitGate, MatrixProducts) {
  constexpr int kEdge = 75;  // no multiple of a tile
  const Floats a = numbers(kEdge * kEdge, 8), b = numbers(kEdge * kEdge, 9);
  Floats with_static(kEdge * kEdge), with_dynamic(kEdge * kEdge);
  struct Parameters {
    const float *a, *b;
    float* c;
    int n;
  };
  const auto tiles = [](std::uint32_t tile) { return (kEdge + tile - 1) / tile; };

  run("matmul_static", {tiles(kSmallTile), tiles(kSmallTile)}, {kSmallTile, kSmallTile},
      Parameters{a.data(), b.data(), with_static.data(), kEdge});
  run("matmul_dynamic", {tiles(kLargeTile), tiles(kLargeTile)}, {kLargeTile, kLargeTile / 4},
      Parameters{a.data(), b.data(), with_dynamic.data(), kEdge},
      2 * kLargeTile * kLargeTile * sizeof(float));

  const Floats want = host::matmul(a, b, kEdge);
  EXPECT_TRUE(same_bits(with_static, want));
  EXPECT_TRUE(same_bits(with_dynamic, want));
}

TEST_P(BitGate, MaxPoolWithIndices) {
  constexpr int kEdge = 50;
  Floats x = numbers(kEdge * kEdge, 10);
  for (std::size_t i = 0; i < x.size(); i += 13) x[i] = NAN;
  for (std::size_t i = 5; i < x.size(); i += 3) x[i] = 0.5f;  // ties
  constexpr int kWindows = kEdge / 2 * (kEdge / 2);
  Floats out(kWindows), want;
  std::vector<int> index(kWindows), want_index;
  const struct {
    const float* x;
    float* out;
    int *index, n;
  } parameters{x.data(), out.data(), index.data(), kEdge};

  run("max_pool", blocks_for(kWindows), {kBlock}, parameters);

  host::max_pool(x, kEdge, want, want_index);
  EXPECT_TRUE(same_bits(out, want));
  EXPECT_EQ(index, want_index);
}

TEST_P(BitGate, HalfConversions) {
  constexpr int kCount = 4000;
  const Floats x = any_bits(kCount, 11);
  host::Bits16 halves(kCount), bfloats(kCount);
  Floats of_halves(kCount), of_bfloats(kCount);
  const struct {
    const float* x;
    std::uint16_t *halves, *bfloats;
    float *of_halves, *of_bfloats;
    int count;
  } parameters{x.data(),         halves.data(),     bfloats.data(),
               of_halves.data(), of_bfloats.data(), kCount};

  run("half_conversions", blocks_for(kCount), {kBlock}, parameters);

  EXPECT_EQ(halves, host::to_halves(x));
  EXPECT_EQ(bfloats, host::to_bfloats(x));
  EXPECT_TRUE(same_bits(of_halves, host::from_halves(halves)));
  EXPECT_TRUE(same_bits(of_bfloats, host::from_bfloats(bfloats)));
}

TEST_P(BitGate, PackedHalves) {
  constexpr int kPairs = 3000;
  const host::Bits16 a = host::to_halves(numbers(2 * kPairs, 12)),
                     b = host::to_halves(numbers(2 * kPairs, 13));
  host::Bits16 out(6 * kPairs);
  const struct {
    const std::uint16_t *a, *b;
    std::uint16_t* out;
    int count;
  } parameters{a.data(), b.data(), out.data(), kPairs};

  run("packed_halves", blocks_for(kPairs), {kBlock}, parameters);

  EXPECT_EQ(out, host::packed_halves(a, b));
}

TEST_P(BitGate, Votes) {
  std::vector<int> x(1024);
  std::uint32_t seed = 14;
  for (int& value : x) value = static_cast<int>(next(seed) % 100);
  std::fill(x.begin(), x.begin() + 32, 0);
  std::fill(x.begin() + 32, x.begin() + 64, 100);
  std::vector<std::uint32_t> out(x.size() / 32 * 4);
  const struct {
    const int* x;
    std::uint32_t* out;
    int limit;
  } parameters{x.data(), out.data(), 50};

  run("votes", {4}, {kBlock}, parameters);

  EXPECT_EQ(out, host::votes(x, 50));
}

TEST_P(BitGate, CubOverABlock) {
  std::vector<int> x(kBlock * 4), running(x.size());
  std::uint32_t seed = 15;
  for (int& value : x) value = static_cast<int>(next(seed) % 2001) - 1000;
  std::vector<unsigned> sorted(x.size());
  int sum = 0;
  const struct {
    const int* x;
    int *sum, *running;
    unsigned* sorted;
  } parameters{x.data(), &sum, running.data(), sorted.data()};

  run("cub_block", {1}, {kBlock}, parameters);

  std::vector<int> want_running(x.size());
  std::partial_sum(x.begin(), x.end(), want_running.begin());
  std::vector<unsigned> want_sorted(x.begin(), x.end());
  std::sort(want_sorted.begin(), want_sorted.end());
  EXPECT_EQ(sum, want_running.back());
  EXPECT_EQ(running, want_running);
  EXPECT_EQ(sorted, want_sorted);
}

INSTANTIATE_TEST_SUITE_P(Nvcc, BitGate, testing::ValuesIn(sources()),
                         [](const auto& source) { return source.param.architecture; });

}  // namespace
}  // namespace vgpu::gate
