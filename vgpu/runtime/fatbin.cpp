#include "vgpu/runtime/fatbin.h"

#include <cstdint>
#include <cstring>

namespace vgpu::runtime {
namespace {

constexpr std::uint32_t kWrapperMagic = 0x466243b1, kContainerMagic = 0xba55ed50;
constexpr std::uint16_t kKindPtx = 1;
constexpr std::uint64_t kZstd = 0x8000, kLz4 = 0x2000;
constexpr std::size_t kContainerHeader = 16, kEntryHeader = 48;

template <class T>
T at(const std::uint8_t* p, std::size_t offset) {
  T value;
  std::memcpy(&value, p + offset, sizeof value);
  return value;
}

[[noreturn]] void refuse(const std::string& what) { throw FatBinaryError("fat binary: " + what); }

}  // namespace

const void* unwrap_fat_binary(const void* wrapper) {
  const auto* p = static_cast<const std::uint8_t*>(wrapper);
  if (at<std::uint32_t>(p, 0) != kWrapperMagic) refuse("wrong magic in the wrapper");
  return at<const void*>(p, 8);
}

std::vector<PtxImage> read_fat_binary(const void* data, std::size_t available) {
  const auto* p = static_cast<const std::uint8_t*>(data);
  if (available && available < kContainerHeader) refuse("ends in the header");
  if (at<std::uint32_t>(p, 0) != kContainerMagic) refuse("wrong magic");
  const std::size_t header = at<std::uint16_t>(p, 6);
  const auto bytes = at<std::uint64_t>(p, 8);
  if (header < kContainerHeader ||
      (available && (header > available || bytes > available - header)))
    refuse("its size of " + std::to_string(bytes) + " bytes does not fit");
  std::vector<PtxImage> images;
  for (std::uint64_t offset = 0; offset < bytes;) {
    const std::uint8_t* entry = p + header + offset;
    const std::uint64_t rest = bytes - offset;
    if (rest < kEntryHeader) refuse("an entry ends in its header");
    const std::uint64_t entry_header = at<std::uint32_t>(entry, 4),
                        payload = at<std::uint64_t>(entry, 8);
    if (entry_header < kEntryHeader || entry_header > rest || payload > rest - entry_header)
      refuse("an entry of " + std::to_string(payload) + " bytes does not fit");
    if (at<std::uint16_t>(entry, 0) == kKindPtx) {
      const auto flags = at<std::uint64_t>(entry, 40);
      if (flags & (kZstd | kLz4)) refuse("its PTX is compressed: build with nvcc --no-compress");
      const char* text = reinterpret_cast<const char*>(entry + entry_header);
      images.push_back({static_cast<int>(at<std::uint32_t>(entry, 28)),
                        std::string(text, strnlen(text, payload))});
    }
    offset += entry_header + payload;
  }
  return images;
}

}  // namespace vgpu::runtime
