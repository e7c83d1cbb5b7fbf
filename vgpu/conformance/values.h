// values.h - operand values: edge patterns of every type, their combinations, and random bits.
#pragma once

#include <random>
#include <vector>

#include "vgpu/conformance/line.h"

namespace vgpu::conformance {

inline constexpr int kMostSources = 4;

using Random = std::mt19937_64;

struct Tuple {
  u64 in[kMostSources] = {};
};

/// Bit patterns at which an operation of the type is apt to go wrong.
const std::vector<u64>& edges(ValueType type);
/// A value: an edge, any bits, or a number of moderate size.
u64 any_value(ValueType type, Random& random);
/// `count` tuples: edges against edges first, then random ones, some with equal or neighbouring
/// operands.
std::vector<Tuple> tuples(const std::vector<ValueType>& types, int count, u64 seed);

}  // namespace vgpu::conformance
