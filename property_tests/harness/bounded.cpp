#include "property_tests/harness/bounded.h"

#include <cmath>

namespace plumb::properties {
namespace {

using golden::HostArray;

/// Whether `got` is the infinity that a value within the bound rounds to.
bool overflowed(const HostArray& got, const Bounded& want, std::size_t i) {
  const long double farthest = want.value[i] + std::copysign(want.bound[i], want.value[i]);
  return std::isinf(got.values.at(i)) && golden::round_to(got.dtype, farthest) == got.values[i];
}

}  // namespace

std::string beyond(const HostArray& got, const Bounded& want) {
  const long double roundoff = got.dtype == Dtype::f16    ? 0x1p-11L
                               : got.dtype == Dtype::bf16 ? 0x1p-8L
                                                          : 0;
  const long double smallest = got.dtype == Dtype::f16 ? 0x1p-24L : 0x1p-126L;
  HostArray expected{got.shape, got.dtype, {}};
  for (std::size_t i = 0; i < want.value.size(); ++i)
    expected.values.push_back(overflowed(got, want, i) ? got.values[i]
                                                       : static_cast<double>(want.value[i]));
  return golden::difference_beyond(got, expected, [&](std::size_t i) {
    return static_cast<double>(1.02L * roundoff * std::fabs(want.value[i]) + want.bound[i] +
                               smallest);
  });
}

}  // namespace plumb::properties
