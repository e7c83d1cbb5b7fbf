// elements.cpp - counter-based words turned into numbers by exact arithmetic alone.
#include "golden/cases/elements.h"

#include <Random123/philox.h>

#include <cmath>
#include <iterator>
#include <limits>

namespace plumb::golden {
namespace {

int wide_bits(Dtype dtype) { return dtype == Dtype::f16 ? 11 : dtype == Dtype::bf16 ? 8 : 13; }

/// (-1, 1), symmetric, never 0: an odd multiple of 2^-52. No step rounds.
double uniform_of(std::uint64_t word) {
  return (static_cast<double>(word >> 12) + 0.5) * 0x1p-51 - 1;
}

double normal_of(std::uint64_t seed, std::uint64_t stream, std::uint64_t i) {
  double sum = 6 * 0x1p-32 - 6;  // twelve times half a step, so that the mean is 0
  for (std::uint64_t k = 0; k < 6; ++k) {
    const std::uint64_t word = word_at(seed, stream + 1, 6 * i + k);
    sum += static_cast<double>(word >> 32) * 0x1p-32;
    sum += static_cast<double>(word & 0xffffffffu) * 0x1p-32;
  }
  return sum;
}

struct Limits {
  double subnormal, normal, largest, epsilon;
};

Limits limits_of(Dtype dtype) {
  return dtype == Dtype::f64    ? Limits{0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, 0x1p-52}
         : dtype == Dtype::f32  ? Limits{0x1p-149, 0x1p-126, 0x1.fffffep127, 0x1p-23}
         : dtype == Dtype::bf16 ? Limits{0x1p-133, 0x1p-126, 0x1.fep127, 0x1p-7}
                                : Limits{0x1p-24, 0x1p-14, 65504, 0x1p-10};
}

double signed_pick(std::uint64_t word, double value) { return (word & 1) != 0 ? -value : value; }

/// One element in six is no ordinary number.
double special_of(Dtype dtype, std::uint64_t word) {
  const double values[] = {std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(), 0.0,
                           limits_of(dtype).subnormal};
  const std::uint64_t pick = (word >> 8) % 24;
  return pick < std::size(values) ? signed_pick(word, values[pick]) : uniform_of(word);
}

double edge_of(Dtype dtype, std::uint64_t word) {
  const Limits l = limits_of(dtype);
  const double values[] = {0.0,
                           std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity(),
                           l.subnormal,
                           3 * l.subnormal,
                           l.normal,
                           l.largest,
                           1,
                           1 + l.epsilon,
                           std::sqrt(l.largest),  // its square is at the end of the range
                           0.5};
  const std::uint64_t pick = (word >> 8) % (std::size(values) + 3);
  return signed_pick(word, pick < std::size(values) ? values[pick] : uniform_of(word * 3));
}

double element(const Recipe& r, std::uint64_t stream, std::uint64_t i) {
  const std::uint64_t word = word_at(r.seed, stream, i);
  switch (r.fill) {
    case Fill::exact:
      return (static_cast<double>(word % 17) - 8) / 4;
    case Fill::wide: {
      const auto limit = std::uint64_t{1} << wide_bits(r.dtype);
      return static_cast<double>(word % (2 * limit - 1)) - static_cast<double>(limit - 1);
    }
    case Fill::signs:
      return static_cast<double>(word % 3) - 1;
    case Fill::normal:
      return normal_of(r.seed, stream, i);
    case Fill::special:
      return special_of(r.dtype, word);
    case Fill::edge:
      return edge_of(r.dtype, word);
    case Fill::labels:
      if (r.ignore_every != 0 && i % static_cast<std::uint64_t>(r.ignore_every) == 0)
        return static_cast<double>(r.ignore);
      return static_cast<double>(word % static_cast<std::uint64_t>(r.limit));
    default:
      return uniform_of(word);
  }
}

}  // namespace

std::uint64_t word_at(std::uint64_t seed, std::uint64_t stream, std::uint64_t i) {
  const r123::Philox4x32::key_type key = {
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const std::uint64_t block = i / 2;
  const r123::Philox4x32::ctr_type counter = {
      {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
       static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}};
  const auto words = r123::Philox4x32()(counter, key);
  const std::size_t first = 2 * (i % 2);
  return words[first] | (std::uint64_t{words[first + 1]} << 32);
}

std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

HostArray make(const Recipe& r) {
  const std::uint64_t stream = hash_of(r.name);
  HostArray array = make_array(r.shape, r.dtype, [&](std::size_t i) -> long double {
    const double scaled = element(r, stream, i) * r.scale;
    const double value = r.offset == 0 ? scaled : scaled + r.offset;  // -0 + 0 is +0
    return r.absolute ? std::fabs(value) : value;
  });
  return array;
}

}  // namespace plumb::golden
