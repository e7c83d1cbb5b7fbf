// mt19937.h - LibTorch's CPU random stream, word by word.
//
// Source: PyTorch ATen/core/MT19937RNGEngine.h, ATen/native/DistributionTemplates.h.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace plumb {

/// torch.Generator("cpu"): the same seed gives the same words, numbers and permutations.
class Mt19937 {
 public:
  /// Only the low 32 bits of the seed matter, as in LibTorch.
  explicit Mt19937(std::uint64_t seed = 67280421310721) { manual_seed(seed); }
  void manual_seed(std::uint64_t seed);
  std::uint64_t initial_seed() const { return seed_; }

  /// One tempered word.
  std::uint32_t random() { return static_cast<std::uint32_t>(engine_()); }
  /// Two words, the first is the high half.
  std::uint64_t random64();
  /// Tensor.random_() of an int64: random64() mod 2^63.
  std::int64_t random_int64() {
    return static_cast<std::int64_t>(random64() & (~std::uint64_t{0} >> 1));
  }

  /// Tensor.uniform_(from, to) of f32: u * (to - from) + from, u = 24 bits of a word. `fused`: by
  /// one fma, as LibTorch's AVX2 and AVX-512 kernels do; else rounded twice, as its default kernels
  /// do. A result equal to `to` becomes `from`.
  void uniform(float* out, std::size_t count, double from, double to, bool fused);
  /// The same of f64, from 53 bits of two words.
  void uniform(double* out, std::size_t count, double from, double to, bool fused);
  /// torch.randperm(n).
  std::vector<std::int64_t> permutation(std::int64_t n);

  /// The whole state as text, for checkpoints.
  std::string state() const;
  /// Throws ValueError for a text that is no state.
  void set_state(const std::string& text);

 private:
  std::mt19937 engine_;
  std::uint64_t seed_ = 0;
};

}  // namespace plumb
