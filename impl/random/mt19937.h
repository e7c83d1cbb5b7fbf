// mt19937.h - LibTorch's CPU generator: its words, its cached normal, its state.
//
// Source: PyTorch ATen/core/MT19937RNGEngine.h, ATen/CPUGeneratorImpl.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace plumb {

/// torch.Generator("cpu"): the same seed gives the same words, and by random/distributions.h the
/// same numbers.
class Mt19937 {
 public:
  /// Only the low 32 bits of the seed matter, as in LibTorch.
  explicit Mt19937(std::uint64_t seed = 67280421310721) { manual_seed(seed); }
  /// Forgets the cached normal too.
  void manual_seed(std::uint64_t seed);
  std::uint64_t initial_seed() const { return seed_; }

  /// One tempered word.
  std::uint32_t random();
  /// Two words, the first is the high half.
  std::uint64_t random64();
  /// Tensor.random_() of an int64: random64() mod 2^63.
  std::int64_t random_int64() {
    return static_cast<std::int64_t>(random64() & (~std::uint64_t{0} >> 1));
  }
  /// [0, 1): 24 bits of a word; 53 bits of two.
  float uniform24() { return static_cast<float>(random() & 0xffffff) * 0x1p-24f; }
  double uniform53() {
    return static_cast<double>(random64() & ((std::uint64_t{1} << 53) - 1)) * 0x1p-53;
  }
  /// A standard normal number: two at a time by Box and Muller, of which the second is kept for the
  /// next call, whatever is drawn between.
  double normal();

  /// The whole state as text, for checkpoints.
  std::string state() const;
  /// Throws ValueError for a text that is no state.
  void set_state(const std::string& text);

  /// torch.Generator.get_state() and set_state(): 5056 bytes. Throws ValueError with LibTorch's
  /// text for what is none.
  std::vector<std::byte> libtorch_state() const;
  void set_libtorch_state(std::span<const std::byte> bytes);

  bool operator==(const Mt19937&) const = default;

 private:
  static constexpr std::size_t kWords = 624;
  void twist();

  std::uint64_t seed_ = 0;
  std::array<std::uint32_t, kWords> words_{};
  std::size_t next_ = 0;  // of the words; 0: freshly seeded, none drawn
  std::optional<double> next_normal_;
};

}  // namespace plumb
