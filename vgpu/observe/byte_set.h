// byte_set.h - a set of a memory's bytes.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#include "vgpu/observe/ranges.h"

namespace vgpu::observe {

class ByteSet {
 public:
  explicit ByteSet(std::size_t bytes = 0)
      : words_(static_cast<std::uint64_t*>(std::calloc((bytes + 63) / 64 + 1, 8))) {
    if (!words_) throw std::bad_alloc();
  }

  /// [at, at + count), count at most 64.
  bool has_all(std::uint64_t at, std::uint64_t count) const {
    const std::uint64_t wanted = low(count), shift = at % 64;
    const std::uint64_t* word = &words_.get()[at / 64];
    std::uint64_t found = word[0] >> shift;
    if (shift + count > 64) found |= word[1] << (64 - shift);
    return (found & wanted) == wanted;
  }
  /// [at, at + count), any count.
  bool has_range(std::uint64_t at, std::uint64_t count) const {
    for (; count > 64; at += 64, count -= 64)
      if (!has_all(at, 64)) return false;
    return count == 0 || has_all(at, count);
  }
  void add(std::uint64_t at, std::uint64_t count) {
    for (; count > 64; at += 64, count -= 64) add_some(at, 64);
    if (count) add_some(at, count);
  }
  /// As add(), from several threads at once.
  void add_atomically(std::uint64_t at, std::uint64_t count) {
    for (std::uint64_t done = 0; done < count;) {
      const std::uint64_t shift = (at + done) % 64, some = std::min(64 - shift, count - done);
      const std::uint64_t bits = low(some) << shift;
      std::uint64_t* const word = &words_.get()[(at + done) / 64];
      // Most bytes are touched again and again.
      if ((__atomic_load_n(word, __ATOMIC_RELAXED) & bits) != bits)
        __atomic_fetch_or(word, bits, __ATOMIC_RELAXED);
      done += some;
    }
  }
  /// How many of the first `bytes` it holds; it is empty afterwards.
  std::uint64_t take_count(std::size_t bytes) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < (bytes + 63) / 64; ++i) {
      std::uint64_t& word = words_.get()[i];
      out += static_cast<std::uint64_t>(std::popcount(word));
      if (word != 0) word = 0;
    }
    return out;
  }
  /// What it holds of the first `bytes`.
  Ranges ranges(std::size_t bytes) const {
    Ranges out;
    for (std::size_t i = 0; i < (bytes + 63) / 64; ++i)
      for (std::uint64_t rest = words_.get()[i]; rest != 0;) {
        const auto first = static_cast<std::uint64_t>(std::countr_zero(rest));
        const auto count = static_cast<std::uint64_t>(std::countr_one(rest >> first));
        const Range range{i * 64 + first, i * 64 + first + count};
        if (!out.empty() && out.back().end == range.begin)
          out.back().end = range.end;
        else
          out.push_back(range);
        rest &= ~(low(count) << first);
      }
    return out;
  }
  /// Whatever of its first `bytes` the other holds.
  void add_all(const ByteSet& other, std::size_t bytes) {
    for (std::size_t i = 0; i < (bytes + 63) / 64; ++i)
      if (const std::uint64_t word = other.words_.get()[i]; word != 0) words_.get()[i] |= word;
  }
  void remove(std::uint64_t at, std::uint64_t count) {
    for (; count > 0; ++at, --count) {
      if (at % 64 == 0 && count >= 64) {
        words_.get()[at / 64] = 0;
        at += 63, count -= 63;
      } else {
        words_.get()[at / 64] &= ~(std::uint64_t{1} << at % 64);
      }
    }
  }

 private:
  struct Free {
    void operator()(std::uint64_t* words) const { std::free(words); }
  };
  static std::uint64_t low(std::uint64_t count) {
    return count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
  }
  void add_some(std::uint64_t at, std::uint64_t count) {
    const std::uint64_t bits = low(count), shift = at % 64;
    std::uint64_t* word = &words_.get()[at / 64];
    word[0] |= bits << shift;
    if (shift + count > 64) word[1] |= bits >> (64 - shift);
  }

  std::unique_ptr<std::uint64_t, Free> words_;  // zero pages cost nothing until written
};

}  // namespace vgpu::observe
