#include "vgpu/runtime/fatbin.h"

#include <lz4.h>
#include <zstd.h>

#include <cstring>

namespace vgpu::runtime {
namespace {

constexpr std::uint32_t kWrapperMagic = 0x466243b1, kContainerMagic = 0xba55ed50;
constexpr int kWrapperOfLinkedObjects = 2;  // the wrapper's version
constexpr std::uint16_t kKindPtx = 1;
constexpr std::uint64_t kZstd = 0x8000, kLz4 = 0x2000;
constexpr std::size_t kContainerHeader = 16, kEntryHeader = 48, kPackedEntryHeader = 64;
constexpr std::uint64_t kLongestText = std::uint64_t{1} << 30;

template <class T>
T at(const void* p, std::size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const std::uint8_t*>(p) + offset, sizeof value);
  return value;
}

[[noreturn]] void refuse(const std::string& what) { throw FatBinaryError("fat binary: " + what); }

/// An entry starts with: u16 kind, at 4 u32 bytes of its header, at 8 u64 bytes of its payload, at
/// 16 u32 bytes of it that are packed data, at 28 u32 architecture, at 40 u64 flags, at 56 u64
/// bytes when unpacked.
PtxImage read_ptx(const std::uint8_t* entry, std::uint32_t header, std::uint64_t payload) {
  PtxImage image;
  image.architecture = static_cast<int>(at<std::uint32_t>(entry, 28));
  image.payload = {entry + header, payload};
  const auto flags = at<std::uint64_t>(entry, 40);
  if (!(flags & (kZstd | kLz4))) return image;
  if (header < kPackedEntryHeader) refuse("a compressed entry ends in its header");
  image.packing = flags & kZstd ? PtxImage::Packing::zstd : PtxImage::Packing::lz4;
  image.unpacked_bytes = at<std::uint64_t>(entry, 56);
  const auto packed = at<std::uint32_t>(entry, 16);
  if (packed > payload)
    refuse("a compressed entry of " + std::to_string(packed) + " bytes does not fit into its " +
           std::to_string(payload));
  image.payload = image.payload.first(packed);
  return image;
}

bool unpack(const PtxImage& image, std::string& out) {
  if (image.packing == PtxImage::Packing::zstd) {
    if (ZSTD_getFrameContentSize(image.payload.data(), image.payload.size()) != out.size())
      return false;
    return ZSTD_decompress(out.data(), out.size(), image.payload.data(), image.payload.size()) ==
           out.size();
  }
  return LZ4_decompress_safe(reinterpret_cast<const char*>(image.payload.data()), out.data(),
                             static_cast<int>(image.payload.size()),
                             static_cast<int>(out.size())) == static_cast<int>(out.size());
}

}  // namespace

bool is_fat_binary(const void* data) { return at<std::uint32_t>(data, 0) == kContainerMagic; }

bool is_fat_binary_wrapper(const void* data) { return at<std::uint32_t>(data, 0) == kWrapperMagic; }

WrappedFatBinaries unwrap_fat_binary(const void* wrapper) {
  if (!is_fat_binary_wrapper(wrapper)) refuse("wrong magic in the wrapper");
  WrappedFatBinaries out{at<const void*>(wrapper, 8), {}};
  if (at<std::int32_t>(wrapper, 4) != kWrapperOfLinkedObjects) return out;
  const auto* const* object = at<const void* const*>(wrapper, 16);
  while (object && *object) out.objects.push_back(*object++);
  return out;
}

FatBinary read_fat_binary(const void* data, std::size_t available) {
  const auto* p = static_cast<const std::uint8_t*>(data);
  if (available && available < kContainerHeader) refuse("ends in the header");
  if (!is_fat_binary(data)) refuse("wrong magic");
  const std::size_t header = at<std::uint16_t>(p, 6);
  const auto bytes = at<std::uint64_t>(p, 8);
  if (header < kContainerHeader ||
      (available && (header > available || bytes > available - header)))
    refuse("its size of " + std::to_string(bytes) + " bytes does not fit");
  FatBinary out;
  for (std::uint64_t offset = 0; offset < bytes;) {
    const std::uint8_t* entry = p + header + offset;
    const std::uint64_t rest = bytes - offset;
    if (rest < kEntryHeader) refuse("an entry ends in its header");
    const auto entry_header = at<std::uint32_t>(entry, 4);
    const auto payload = at<std::uint64_t>(entry, 8);
    if (entry_header < kEntryHeader || entry_header > rest || payload > rest - entry_header)
      refuse("an entry of " + std::to_string(payload) + " bytes does not fit");
    if (at<std::uint16_t>(entry, 0) == kKindPtx)
      out.ptx.push_back(read_ptx(entry, entry_header, payload));
    else
      out.machine_code.push_back(static_cast<int>(at<std::uint32_t>(entry, 28)));
    offset += entry_header + payload;
  }
  return out;
}

std::string text_of(const PtxImage& image) {
  std::string text;
  if (image.packing == PtxImage::Packing::none) {
    const char* const start = reinterpret_cast<const char*>(image.payload.data());
    return {start, strnlen(start, image.payload.size())};
  }
  if (image.unpacked_bytes > kLongestText)
    refuse("PTX of " + std::to_string(image.unpacked_bytes) +
           " bytes, allowed: " + std::to_string(kLongestText));
  text.resize(image.unpacked_bytes);
  if (!unpack(image, text))
    refuse("its PTX for compute_" + std::to_string(image.architecture) +
           " is compressed and damaged");
  text.resize(strnlen(text.data(), text.size()));
  return text;
}

}  // namespace vgpu::runtime
