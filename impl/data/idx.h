// idx.h - the IDX format of the MNIST family, plain or gzip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace plumb {

struct IdxArray {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;
};

/// Reads an array of unsigned bytes: 0, 0, 8, dimensions, then big-endian sizes, then the values,
/// row-major. gzip is recognised by its first bytes. Throws FileError, one line with the path, for
/// a file that is missing, whose magic is another, that is cut short or longer than its header
/// says, or whose compression is broken.
IdxArray read_idx(const std::string& path);

}  // namespace plumb
