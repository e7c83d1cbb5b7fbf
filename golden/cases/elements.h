// elements.h - the numbers that a recipe stands for.
#pragma once

#include <cstdint>
#include <string>

#include "golden/cases/host_array.h"
#include "golden/cases/recipe.h"

namespace plumb::golden {

/// The elements. The stream of numbers depends on seed, name and the place alone: another shape
/// begins with the same numbers.
HostArray make(const Recipe& recipe);

/// Uniform 64-bit words by place: what fills, samples and generators draw from (Philox4x32-10).
std::uint64_t word_at(std::uint64_t seed, std::uint64_t stream, std::uint64_t i);

/// A 64-bit hash of a name (FNV-1a).
std::uint64_t hash_of(const std::string& text);

}  // namespace plumb::golden
