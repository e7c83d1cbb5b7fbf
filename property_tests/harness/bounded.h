// bounded.h - numbers with a bound of what rounding may do to ours.
#pragma once

#include <string>
#include <vector>

#include "golden/cases/host_array.h"

namespace plumb::properties {

/// An output in long double, element by element; the bound is that of sums and functions, without
/// the rounding to a half at the end.
struct Bounded {
  std::vector<long double> value, bound;
};

/// "" when `got` is within the bound and one rounding to its dtype.
std::string beyond(const golden::HostArray& got, const Bounded& want);

}  // namespace plumb::properties
