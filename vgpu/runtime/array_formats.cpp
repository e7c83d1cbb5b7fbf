// array_formats.cpp - what a channel description says of a texel.
#include <string>

#include "vgpu/runtime/api.h"
#include "vgpu/runtime/arrays.h"

namespace vgpu::runtime {
namespace {

using Kind = TexelFormat::Kind;

std::string text_of(const cudaChannelFormatDesc& d) {
  return "channels of (" + std::to_string(d.x) + "," + std::to_string(d.y) + "," +
         std::to_string(d.z) + "," + std::to_string(d.w) + ") bits of kind " +
         std::to_string(static_cast<int>(d.f));
}

/// Channels that hold bits; 0 unless they come first and are all alike.
int channels_of(const cudaChannelFormatDesc& d) {
  const int bits[] = {d.x, d.y, d.z, d.w};
  int count = 0;
  while (count < 4 && bits[count] != 0) ++count;
  for (int i = 0; i < 4; ++i)
    if (bits[i] != (i < count ? d.x : 0)) return 0;
  return count;
}

/// The kinds ...Normalized8X1 to ...Normalized16X4, three of each.
struct NormalizedKind {
  Kind kind;
  int bits, channels;
};
NormalizedKind normalized_kind(cudaChannelFormatKind f) {
  static constexpr int kChannels[] = {1, 2, 4};
  const int at = f - cudaChannelFormatKindUnsignedNormalized8X1;
  return {at < 6 ? Kind::unsigned_normal : Kind::signed_normal, at / 3 % 2 == 0 ? 8 : 16,
          kChannels[at % 3]};
}

bool is_normalized(cudaChannelFormatKind f) {
  return f >= cudaChannelFormatKindUnsignedNormalized8X1 &&
         f <= cudaChannelFormatKindSignedNormalized16X4;
}

bool is_plain(cudaChannelFormatKind f) {
  return f == cudaChannelFormatKindSigned || f == cudaChannelFormatKindUnsigned ||
         f == cudaChannelFormatKindFloat;
}

}  // namespace

TexelFormat format_of(const cudaChannelFormatDesc& d, const char* function) {
  const std::string what = std::string(function) + ": " + text_of(d);
  if (d.f > cudaChannelFormatKindNone && !is_normalized(d.f) &&
      d.f <= cudaChannelFormatKindUnsignedNormalized1010102)
    throw ApiError(cudaErrorNotSupported,
                   what +
                       ": planar, block-compressed and packed formats are not supported by the "
                       "virtual GPU");
  const int channels = channels_of(d);
  bool known = (channels == 1 || channels == 2 || channels == 4) &&
               (d.x == 8 || d.x == 16 || d.x == 32) && (is_plain(d.f) || is_normalized(d.f));
  Kind kind = d.f == cudaChannelFormatKindSigned     ? Kind::signed_integer
              : d.f == cudaChannelFormatKindUnsigned ? Kind::unsigned_integer
                                                     : Kind::real;
  if (d.f == cudaChannelFormatKindFloat) known = known && d.x != 8;
  if (is_normalized(d.f)) {
    const NormalizedKind asked = normalized_kind(d.f);
    known = known && d.x == asked.bits && channels == asked.channels;
    kind = asked.kind;
  }
  if (!known)
    throw ApiError(cudaErrorInvalidChannelDescriptor,
                   what +
                       ", allowed: 1, 2 or 4 channels alike, of 8, 16 or 32 bits (float: 16 or "
                       "32)");
  return {kind, static_cast<std::uint8_t>(channels), static_cast<std::uint8_t>(d.x)};
}

}  // namespace vgpu::runtime
