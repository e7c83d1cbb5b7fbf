// shape.h - the sizes of a tensor's dimensions. No CUDA in here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plumb {

using Shape = std::vector<std::int64_t>;

/// "[2, 3]".
std::string to_string(const Shape& shape);
/// The number of elements; 1 for a shape without dimensions.
std::int64_t count_of(const Shape& shape);

}  // namespace plumb
