// fatbin.h - the PTX inside a fat binary, as nvcc registers it.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace vgpu::runtime {

struct PtxImage {
  int architecture = 0;  // 80
  std::string text;
};

/// What a fat binary is not: one line that says what was found and what is needed.
struct FatBinaryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads the container that starts at `data`; `available` bounds it when known (0: trust the
/// container's own size, as for one that lies in the program's image). Throws FatBinaryError for a
/// wrong magic, a size that does not fit and compressed PTX (which `nvcc --no-compress` avoids).
std::vector<PtxImage> read_fat_binary(const void* data, std::size_t available = 0);

/// The wrapper that __cudaRegisterFatBinary receives.
const void* unwrap_fat_binary(const void* wrapper);

}  // namespace vgpu::runtime
