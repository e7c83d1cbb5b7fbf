// safetensors.h - tensors in a file: u64 header length, JSON header, raw little-endian bytes. No
// CUDA in here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace plumb {

/// A tensor on the host, row-major.
struct HostTensor {
  std::string dtype;  // as the format spells it: F64 F32 F16 BF16 I64 I32 U8 BOOL
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
};

struct SafetensorsFile {
  std::map<std::string, HostTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Bytes of an element; throws UsageError naming what is allowed.
std::size_t safetensors_element_bytes(const std::string& dtype);

/// Written whole (file.h). Tensors lie in the order of their names. Throws FileError, and
/// UsageError for a tensor whose bytes do not fit its shape.
void write_safetensors(const std::string& path, const SafetensorsFile& file);

/// Throws FileError, one line with the path, for a file that is missing, cut short, or whose header
/// is too long, is no JSON, names unknown dtypes, or describes ranges that overlap, leave gaps or
/// do not fit their shapes.
SafetensorsFile read_safetensors(const std::string& path);

}  // namespace plumb
