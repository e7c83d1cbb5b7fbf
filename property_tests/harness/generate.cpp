#include "property_tests/harness/generate.h"

namespace plumb::test {
namespace {

/// A bijection that spreads every input bit over the word (Stafford's mix of 64 bits).
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t word_of(std::uint64_t seed, std::size_t i) {
  return mix(mix(seed + 0x9e3779b97f4a7c15u) + i * 0x9e3779b97f4a7c15u);
}

int wide_bits(Dtype dtype) { return dtype == Dtype::f16 ? 11 : dtype == Dtype::bf16 ? 8 : 13; }

}  // namespace

double element_of(Fill fill, Dtype dtype, std::uint64_t seed, std::size_t i) {
  const std::uint64_t word = word_of(seed, i);
  switch (fill) {
    case Fill::small:
      return (static_cast<double>(word % 17) - 8) / 4;
    case Fill::signs:
      return static_cast<double>(word % 3) - 1;
    case Fill::wide: {
      const auto limit = std::uint64_t{1} << wide_bits(dtype);
      return static_cast<double>(word % (2 * limit - 1)) - static_cast<double>(limit - 1);
    }
    case Fill::real:
      break;
  }
  return (static_cast<double>(word >> 11) + 0.5) * 0x1p-52 - 1;
}

HostArray filled(Shape shape, Dtype dtype, Fill fill, std::uint64_t seed) {
  return make_array(std::move(shape), dtype,
                    [&](std::size_t i) { return element_of(fill, dtype, seed, i); });
}

std::int64_t index_of(std::int64_t limit, std::uint64_t seed, std::size_t i) {
  return static_cast<std::int64_t>(word_of(seed, i) % static_cast<std::uint64_t>(limit));
}

rc::Gen<Dtype> floating_dtype() {
  return rc::gen::element(Dtype::f32, Dtype::f64, Dtype::f16, Dtype::bf16);
}

rc::Gen<std::int64_t> edge_size() {
  return rc::gen::elementOf(
      std::vector<std::int64_t>{0, 1, 2, 3, 7, 10, 31, 32, 33, 63, 64, 65, 127, 130});
}

rc::Gen<std::int64_t> positive_edge_size() {
  return rc::gen::elementOf(
      std::vector<std::int64_t>{1, 2, 3, 7, 10, 31, 32, 33, 63, 64, 65, 127, 130});
}

rc::Gen<std::int64_t> edge_depth() {
  return rc::gen::elementOf(
      std::vector<std::int64_t>{0, 1, 2, 4, 15, 16, 17, 31, 32, 33, 64, 127, 128, 129, 255, 257});
}

rc::Gen<Place> any_place() {
  return rc::gen::element(Place::plain, Place::misaligned, Place::strided);
}

rc::Gen<std::uint64_t> any_seed() { return rc::gen::inRange<std::uint64_t>(0, 1000000); }

}  // namespace plumb::test
