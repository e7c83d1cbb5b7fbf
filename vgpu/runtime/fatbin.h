// fatbin.h - the PTX inside a fat binary, as nvcc registers it.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace vgpu::runtime {

struct PtxImage {
  enum class Packing : std::uint8_t { none, zstd, lz4 };
  int architecture = 0;  // 80
  Packing packing = Packing::none;
  std::uint64_t unpacked_bytes = 0;         // of a packed one
  std::span<const std::uint8_t> payload{};  // inside the container
};

struct FatBinary {
  std::vector<PtxImage> ptx;
  std::vector<int> machine_code;  // the architectures of its other entries
};

/// What a fat binary is not: one line that says what was found and what is needed.
struct FatBinaryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Whether a container, or a wrapper that points to one, may start here: its first four bytes.
bool is_fat_binary(const void* data);
bool is_fat_binary_wrapper(const void* data);

/// Reads the container that starts at `data`; `available` bounds it when known (0: trust the
/// container's own size, as for one that lies in the program's image). Throws FatBinaryError for a
/// wrong magic and a size that does not fit.
FatBinary read_fat_binary(const void* data, std::size_t available = 0);

/// The text of an entry, unpacked. Throws FatBinaryError for packed data that is damaged.
std::string text_of(const PtxImage& image);

/// What __cudaRegisterFatBinary receives.
struct WrappedFatBinaries {
  const void* container = nullptr;
  /// Of -rdc=true: the containers of the objects that were linked into this one. Theirs is the PTX.
  std::vector<const void*> objects;
};
WrappedFatBinaries unwrap_fat_binary(const void* wrapper);

}  // namespace vgpu::runtime
