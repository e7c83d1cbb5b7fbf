// The container's format from outside: bytes written here by hand, whole and damaged.
#include "vgpu/runtime/fatbin.h"

#include <gtest/gtest.h>
#include <lz4.h>
#include <zstd.h>

#include <cstdint>
#include <cstring>

namespace vgpu::runtime {
namespace {

using Bytes = std::vector<std::uint8_t>;

template <class T>
void put(Bytes& out, std::size_t offset, T value) {
  if (out.size() < offset + sizeof value) out.resize(offset + sizeof value);
  std::memcpy(out.data() + offset, &value, sizeof value);
}

struct Entry {
  std::uint16_t kind = 1;  // PTX
  std::uint32_t architecture = 80;
  std::string text;
  std::uint64_t flags = 0;
  std::uint32_t header_bytes = 64;
  std::uint64_t unpacked_bytes = 0;
};

constexpr std::uint64_t kZstd = 0x8000, kLz4 = 0x2000;
const std::string kText = [] {
  std::string text = ".version 9.2\n.target sm_80\n";
  for (int i = 0; i < 200; ++i) text += "add.s32 %r" + std::to_string(i) + ", %r1, %r2;\n";
  return text;
}();

/// As nvcc packs an entry: its bytes, then NULs up to a multiple of 8.
Entry packed(std::uint64_t flag, const std::string& text) {
  std::string out(2 * text.size() + 100, '\0');
  const auto bytes =
      flag == kZstd ? ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3)
                    : static_cast<std::size_t>(LZ4_compress_default(text.data(), out.data(),
                                                                    static_cast<int>(text.size()),
                                                                    static_cast<int>(out.size())));
  out.resize(bytes);
  return {1, 80, out, flag | 0x11, 80, text.size()};
}

Bytes container(const std::vector<Entry>& entries) {
  Bytes body;
  for (const Entry& e : entries) {
    const std::size_t at = body.size();
    put<std::uint16_t>(body, at, e.kind);
    put<std::uint32_t>(body, at + 4, e.header_bytes);
    const std::size_t padded = e.unpacked_bytes ? (e.text.size() + 7) / 8 * 8 : e.text.size();
    put<std::uint64_t>(body, at + 8, padded);
    put<std::uint32_t>(body, at + 16, static_cast<std::uint32_t>(e.text.size()));
    put<std::uint32_t>(body, at + 28, e.architecture);
    put<std::uint64_t>(body, at + 40, e.flags);
    if (e.unpacked_bytes) put<std::uint64_t>(body, at + 56, e.unpacked_bytes);
    body.resize(at + e.header_bytes);
    body.insert(body.end(), e.text.begin(), e.text.end());
    body.resize(at + e.header_bytes + padded);
  }
  Bytes out;
  put<std::uint32_t>(out, 0, 0xba55ed50);
  put<std::uint16_t>(out, 4, 1);
  put<std::uint16_t>(out, 6, 16);
  put<std::uint64_t>(out, 8, body.size());
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::string refusal(const Bytes& bytes) {
  try {
    for (const PtxImage& image : read_fat_binary(bytes.data(), bytes.size()).ptx) text_of(image);
  } catch (const FatBinaryError& error) {
    return error.what();
  }
  return "";
}

TEST(FatBinary, PtxOfEveryArchitectureIsFound) {
  const std::string padded("text 80\0\0\0", 10);
  const auto bytes =
      container({{1, 75, "text 75"}, {2, 90, "machine code"}, {1, 80, padded, 0, 80}});

  const auto binary = read_fat_binary(bytes.data(), bytes.size());

  ASSERT_EQ(binary.ptx.size(), 2u);
  EXPECT_EQ(binary.ptx[0].architecture, 75);
  EXPECT_EQ(text_of(binary.ptx[0]), "text 75");
  EXPECT_EQ(binary.ptx[1].architecture, 80);
  EXPECT_EQ(text_of(binary.ptx[1]), "text 80");
  EXPECT_EQ(binary.machine_code, std::vector<int>{90});
}

TEST(FatBinary, SizeOfTheBufferMayBeUnknown) {
  const auto bytes = container({{1, 80, "text"}});
  EXPECT_EQ(read_fat_binary(bytes.data()).ptx.size(), 1u);
}

TEST(FatBinary, WithoutEntriesHasNoPtx) { EXPECT_EQ(refusal(container({})), ""); }

TEST(FatBinary, CompressedPtxIsUnpacked) {
  for (std::uint64_t flag : {kZstd, kLz4}) {
    const auto bytes = container({{1, 75, "text 75"}, packed(flag, kText)});

    const auto binary = read_fat_binary(bytes.data(), bytes.size());

    ASSERT_EQ(binary.ptx.size(), 2u);
    EXPECT_LT(binary.ptx[1].payload.size(), kText.size());
    EXPECT_EQ(text_of(binary.ptx[1]), kText) << flag;
  }
}

TEST(FatBinary, DamagedCompressedPtxIsRefusedInOneLine) {
  for (std::uint64_t flag : {kZstd, kLz4}) {
    const Entry whole = packed(flag, kText);
    for (std::size_t kept = 0; kept < whole.text.size(); kept += 7) {
      Entry cut = whole;
      cut.text.resize(kept);
      EXPECT_EQ(refusal(container({cut})),
                "fat binary: its PTX for compute_80 is compressed and damaged")
          << flag << " " << kept;
    }
    for (const std::uint64_t bytes : {kText.size() - 1, kText.size() + 1, std::size_t{0}}) {
      Entry other = whole;
      other.unpacked_bytes = bytes ? bytes : 1;
      EXPECT_NE(refusal(container({other})), "") << flag << " " << bytes;
    }
  }
}

TEST(FatBinary, GarbledCompressedPtxNeitherCrashesNorGrows) {
  for (std::uint64_t flag : {kZstd, kLz4}) {
    const Entry whole = packed(flag, kText);
    for (std::size_t at = 0; at < whole.text.size(); at += 3) {
      Entry garbled = whole;
      garbled.text[at] = static_cast<char>(garbled.text[at] ^ 0x55);
      const std::string message = refusal(container({garbled}));
      EXPECT_TRUE(message.empty() || message.find("damaged") != std::string::npos) << message;
    }
  }
}

TEST(FatBinary, UnpackedSizesBeyondReasonAreRefused) {
  Entry huge = packed(kZstd, kText);
  huge.unpacked_bytes = std::uint64_t{1} << 60;
  EXPECT_EQ(refusal(container({huge})),
            "fat binary: PTX of 1152921504606846976 bytes, allowed: 1073741824");
}

TEST(FatBinary, PackedBytesMustFitIntoThePayload) {
  auto bytes = container({packed(kLz4, kText)});
  put<std::uint32_t>(bytes, 16 + 16, 1 << 20);
  EXPECT_NE(refusal(bytes).find("does not fit"), std::string::npos) << refusal(bytes);
  EXPECT_NE(refusal(container({{1, 80, "zzzz", kZstd, 48}})).find("ends in its header"),
            std::string::npos);
}

TEST(FatBinary, CompressedMachineCodeIsNotRead) {
  EXPECT_EQ(refusal(container({{2, 80, "zzzz", kZstd}})), "");
}

TEST(FatBinary, WrongMagicIsRefused) {
  auto bytes = container({{1, 80, "text"}});
  bytes[0] ^= 1;
  EXPECT_EQ(refusal(bytes), "fat binary: wrong magic");
  EXPECT_THROW(unwrap_fat_binary(bytes.data()), FatBinaryError);
}

TEST(FatBinary, CutAnywhereIsRefused) {
  const auto whole = container({{1, 75, "seventy-five"}, {1, 80, "eighty"}});
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes)
    EXPECT_NE(refusal(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes))), "")
        << bytes;
}

TEST(FatBinary, SizesThatDoNotFitAreRefused) {
  const auto whole = container({{1, 80, "text"}});
  for (const auto& [offset, value] : {std::pair<std::size_t, std::uint64_t>{8, 1 << 20},
                                      {8, ~std::uint64_t{0}},
                                      {16 + 8, 1 << 20},
                                      {16 + 8, ~std::uint64_t{0} - 30}}) {
    auto bytes = whole;
    put<std::uint64_t>(bytes, offset, value);
    EXPECT_NE(refusal(bytes).find("does not fit"), std::string::npos) << offset << " " << value;
  }
  for (std::uint32_t header : {0u, 8u, 47u, 1u << 30}) {
    auto bytes = whole;
    put<std::uint32_t>(bytes, 16 + 4, header);
    EXPECT_NE(refusal(bytes).find("does not fit"), std::string::npos) << header;
  }
}

TEST(FatBinary, WrapperPointsToTheContainer) {
  const auto bytes = container({});
  Bytes wrapper;
  put<std::uint32_t>(wrapper, 0, 0x466243b1);
  put<std::uint32_t>(wrapper, 4, 1);
  put<const void*>(wrapper, 8, bytes.data());
  put<const void*>(wrapper, 16, nullptr);
  EXPECT_EQ(unwrap_fat_binary(wrapper.data()).container, bytes.data());
  EXPECT_TRUE(unwrap_fat_binary(wrapper.data()).objects.empty());
}

TEST(FatBinary, WrapperOfLinkedObjectsListsThem) {
  const auto bytes = container({}), first = container({}), second = container({});
  const void* objects[] = {first.data(), second.data(), nullptr};
  Bytes wrapper;
  put<std::uint32_t>(wrapper, 0, 0x466243b1);
  put<std::uint32_t>(wrapper, 4, 2);
  put<const void*>(wrapper, 8, bytes.data());
  put<const void*>(wrapper, 16, objects);

  const auto all = unwrap_fat_binary(wrapper.data());

  EXPECT_EQ(all.container, bytes.data());
  EXPECT_EQ(all.objects, (std::vector<const void*>{first.data(), second.data()}));
}

}  // namespace
}  // namespace vgpu::runtime
