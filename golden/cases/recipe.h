// recipe.h - how an input is made: shape, dtype, fill, seed. A case holds recipes, never elements:
// both programs make the same bits from them, on any machine.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "impl/core/dtype.h"
#include "impl/core/shape.h"

namespace plumb::golden {

/// Kinds of elements. The dyadic ones make sums of products exact in any order.
enum class Fill : std::uint8_t {
  exact,    // quarters from -2 to 2
  wide,     // integers of as many bits as the dtype holds, at most 13: lost by TF32 and half sums
  signs,    // -1, 0, 1: what `wide` is multiplied by
  uniform,  // in (-1, 1), never 0
  normal,   // mean 0, variance 1: the sum of 12 uniform numbers, exact in double
  special,  // uniform, and here and there NaN, an infinity, a zero, a subnormal number
  edge,     // the ends of the dtype: special ones, largest, smallest, next to 1
  labels,   // integers from 0 to limit - 1
};

/// Where the elements lie on the device; what they are does not depend on it.
enum class Layout : std::uint8_t {
  plain,       // contiguous, aligned
  misaligned,  // contiguous, one element past an aligned address
  strided,     // every second element of the last dimension of a wider tensor
};

struct Recipe {
  std::string name;
  Shape shape;
  Dtype dtype = Dtype::f32;
  Fill fill = Fill::uniform;
  std::uint64_t seed = 0;
  double scale = 1, offset = 0;   // element = fill * scale + offset, rounded to the dtype once
  bool absolute = false;          // |element|
  std::int64_t limit = 0;         // of labels
  std::int64_t ignore_every = 0;  // labels: every n-th is `ignore`; 0: none
  std::int64_t ignore = -100;
  Layout layout = Layout::plain;
};

const char* name_of(Fill fill);
const char* name_of(Layout layout);
/// The reverse; throws UsageError naming what is allowed.
Fill fill_from_name(const std::string& name);
Layout layout_from_name(const std::string& name);

nlohmann::json to_json(const Recipe& recipe);
/// Throws UsageError, one line, for a field that is missing, unknown or out of range, a negative
/// shape, one of more than 2^31 elements, or elements that an integer dtype does not hold.
Recipe recipe_from_json(const nlohmann::json& json);

}  // namespace plumb::golden
