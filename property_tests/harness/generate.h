// generate.h - what the properties draw: dtypes, sizes that hit tile edges, and fills by a seed.
//
// A case holds sizes, options and a seed, never the elements: it prints in one line, and RapidCheck
// shrinks its sizes.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <ostream>
#include <string>

#include "property_tests/harness/host_array.h"

namespace plumb::test {

/// Kinds of elements; all but `real` are dyadic, so that sums of products are exact in any order.
enum class Fill {
  small,  // quarters from -2 to 2
  wide,   // integers of as many bits as the dtype holds, at most 13: lost by TF32 and half sums
  signs,  // -1, 0, 1: what `wide` is multiplied by
  real,   // uniform in (-1, 1), 0 excluded
};

/// Element i of the stream `seed`: the same on every machine.
double element_of(Fill fill, Dtype dtype, std::uint64_t seed, std::size_t i);
HostArray filled(Shape shape, Dtype dtype, Fill fill, std::uint64_t seed);
/// Uniform integers in [0, limit).
std::int64_t index_of(std::int64_t limit, std::uint64_t seed, std::size_t i);

rc::Gen<Dtype> floating_dtype();
/// 0, 1, and both sides of the tiles' and the warp's edges, up to about 130.
rc::Gen<std::int64_t> edge_size();
/// The same without 0.
rc::Gen<std::int64_t> positive_edge_size();
/// The length of a sum: also both sides of the chunk of 128 and of two of them.
rc::Gen<std::int64_t> edge_depth();
rc::Gen<Place> any_place();
rc::Gen<std::uint64_t> any_seed();

}  // namespace plumb::test

namespace plumb {

inline std::ostream& operator<<(std::ostream& out, Dtype dtype) { return out << name_of(dtype); }

}  // namespace plumb
