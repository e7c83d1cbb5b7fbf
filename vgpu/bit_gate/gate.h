// gate.h - what the bit gate's kernels, their host loops and the test have in common.
#pragma once

#include <cstdint>
#include <vector>

namespace vgpu::gate {

constexpr int kBlock = 256;     // threads
constexpr int kSmallTile = 16;  // of matmul_static: 16 x 16 threads
constexpr int kLargeTile = 32;  // of matmul_dynamic: 32 x 8 threads

struct AdamFactors {
  float beta1, beta2, step, root, eps;  // step = lr / (1 - beta1^t), root = sqrt(1 - beta2^t)
};

// The kernels' arithmetic in plain C++, without contraction (host.cpp).
namespace host {

using Floats = std::vector<float>;
using Bits16 = std::vector<std::uint16_t>;

Floats vector_add(const Floats& a, const Floats& b);
void adam(Floats& p, Floats& m, Floats& v, const Floats& g, const AdamFactors& factors);
Floats block_sum(const Floats& x);
Floats matmul(const Floats& a, const Floats& b, int n);
void max_pool(const Floats& x, int n, Floats& out, std::vector<int>& index);
Bits16 to_halves(const Floats& x);
Bits16 to_bfloats(const Floats& x);
Floats from_halves(const Bits16& x);
Floats from_bfloats(const Bits16& x);
/// Sums, products, a b + a.
Bits16 packed_halves(const Bits16& a, const Bits16& b);
std::vector<std::uint32_t> votes(const std::vector<int>& x, int limit);

}  // namespace host
}  // namespace vgpu::gate
