#include "impl/core/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;  // the format's own limit

std::uint64_t expected_bytes(const std::vector<std::int64_t>& shape, const std::string& dtype) {
  std::uint64_t bytes = safetensors_element_bytes(dtype);
  for (const std::int64_t n : shape) {
    PLUMB_CHECK(
        UsageError,
        n >= 0 && (n == 0 || bytes <= (std::uint64_t{1} << 62) / static_cast<std::uint64_t>(n)),
        "a size of {} in a shape", n);
    bytes *= static_cast<std::uint64_t>(n);
  }
  return bytes;
}

struct Entry {
  std::string name;
  std::uint64_t begin, end;
};

/// Entries must cover the data from its beginning to its end, each byte once.
void check_ranges(std::vector<Entry> entries, std::uint64_t data_bytes, const std::string& path) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const Entry& e : entries) {
    PLUMB_CHECK(FileError, e.begin == at && e.end >= e.begin,
                "{}: tensor '{}' lies at {} to {}, expected to begin at {}", path, e.name, e.begin,
                e.end, at);
    at = e.end;
  }
  PLUMB_CHECK(FileError, at == data_bytes,
              "{}: the header describes {} bytes of data, the file holds {}", path, at, data_bytes);
}

Json parse_header(const std::string& bytes, const std::string& path, std::uint64_t& header_bytes) {
  PLUMB_CHECK(FileError, bytes.size() >= kLengthBytes,
              "{}: {} bytes are too few for a safetensors file", path, bytes.size());
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  PLUMB_CHECK(FileError,
              header_bytes <= kLongestHeader && header_bytes <= bytes.size() - kLengthBytes,
              "{}: a header of {} bytes in a file of {}: cut short or not safetensors", path,
              header_bytes, bytes.size());
  const Json header = Json::parse(
      bytes.begin() + kLengthBytes,
      bytes.begin() + kLengthBytes + static_cast<std::ptrdiff_t>(header_bytes), nullptr, false);
  PLUMB_CHECK(FileError, header.is_object(), "{}: the header is no JSON object", path);
  return header;
}

}  // namespace

std::size_t safetensors_element_bytes(const std::string& dtype) {
  static const std::map<std::string, std::size_t> known = {{"F64", 8},  {"F32", 4}, {"F16", 2},
                                                           {"BF16", 2}, {"I64", 8}, {"I32", 4},
                                                           {"U8", 1},   {"BOOL", 1}};
  const auto found = known.find(dtype);
  PLUMB_CHECK(UsageError, found != known.end(),
              "dtype '{}'; allowed: F64, F32, F16, BF16, I64, I32, U8, BOOL", dtype);
  return found->second;
}

void write_safetensors(const std::string& path, const SafetensorsFile& file) {
  Json header = Json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : file.tensors) {
    PLUMB_CHECK(UsageError, tensor.bytes.size() == expected_bytes(tensor.shape, tensor.dtype),
                "tensor '{}' has {} bytes, its shape {}", name, tensor.bytes.size(),
                expected_bytes(tensor.shape, tensor.dtype));
    header[name] = {{"dtype", tensor.dtype},
                    {"shape", tensor.shape},
                    {"data_offsets", {at, at + tensor.bytes.size()}}};
    at += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes += text;
  for (const auto& [name, tensor] : file.tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  write_whole(path, bytes);
}

SafetensorsFile read_safetensors(const std::string& path) {
  const std::string bytes = read_whole(path);
  std::uint64_t header_bytes = 0;
  const Json header = parse_header(bytes, path, header_bytes);
  const std::uint64_t data_begin = kLengthBytes + header_bytes,
                      data_bytes = bytes.size() - data_begin;
  SafetensorsFile file;
  std::vector<Entry> entries;
  try {
    for (const auto& [name, value] : header.items()) {
      if (name == "__metadata__") {
        file.metadata = value.get<std::map<std::string, std::string>>();
        continue;
      }
      HostTensor tensor{value.at("dtype").get<std::string>(),
                        value.at("shape").get<std::vector<std::int64_t>>(),
                        {}};
      const auto offsets = value.at("data_offsets").get<std::vector<std::uint64_t>>();
      PLUMB_CHECK(UsageError,
                  offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= data_bytes &&
                      offsets[1] - offsets[0] == expected_bytes(tensor.shape, tensor.dtype),
                  "tensor '{}': its range does not fit its shape or the file", name);
      const auto* begin =
          reinterpret_cast<const std::byte*>(bytes.data() + data_begin + offsets[0]);
      tensor.bytes.assign(begin, begin + (offsets[1] - offsets[0]));
      entries.push_back({name, offsets[0], offsets[1]});
      file.tensors.emplace(name, std::move(tensor));
    }
  } catch (const Json::exception& error) {
    PLUMB_THROW(FileError, "{}: the header is malformed: {}", path, error.what());
  } catch (const UsageError& error) {
    PLUMB_THROW(FileError, "{}: {}", path, error.what());
  }
  check_ranges(std::move(entries), data_bytes, path);
  return file;
}

}  // namespace plumb
