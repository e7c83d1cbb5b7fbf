// The container's format from outside: bytes written here by hand, whole and damaged.
#include "vgpu/runtime/fatbin.h"

#include <gtest/gtest.h>

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
};

Bytes container(const std::vector<Entry>& entries) {
  Bytes body;
  for (const Entry& e : entries) {
    const std::size_t at = body.size();
    put<std::uint16_t>(body, at, e.kind);
    put<std::uint32_t>(body, at + 4, e.header_bytes);
    put<std::uint64_t>(body, at + 8, e.text.size());
    put<std::uint32_t>(body, at + 28, e.architecture);
    put<std::uint64_t>(body, at + 40, e.flags);
    body.resize(at + e.header_bytes);
    body.insert(body.end(), e.text.begin(), e.text.end());
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
    read_fat_binary(bytes.data(), bytes.size());
  } catch (const FatBinaryError& error) {
    return error.what();
  }
  return "";
}

TEST(FatBinary, PtxOfEveryArchitectureIsFound) {
  const std::string padded("text 80\0\0\0", 10);
  const auto bytes =
      container({{1, 75, "text 75"}, {2, 90, "machine code"}, {1, 80, padded, 0, 80}});

  const auto images = read_fat_binary(bytes.data(), bytes.size());

  ASSERT_EQ(images.size(), 2u);
  EXPECT_EQ(images[0].architecture, 75);
  EXPECT_EQ(images[0].text, "text 75");
  EXPECT_EQ(images[1].architecture, 80);
  EXPECT_EQ(images[1].text, "text 80");
}

TEST(FatBinary, SizeOfTheBufferMayBeUnknown) {
  const auto bytes = container({{1, 80, "text"}});
  EXPECT_EQ(read_fat_binary(bytes.data()).size(), 1u);
}

TEST(FatBinary, WithoutEntriesHasNoPtx) { EXPECT_EQ(refusal(container({})), ""); }

TEST(FatBinary, CompressedPtxIsRefusedWithItsCure) {
  for (std::uint64_t flag : {0x8000, 0x2000}) {
    const std::string message = refusal(container({{1, 80, "zzzz", flag}}));
    EXPECT_NE(message.find("--no-compress"), std::string::npos) << message;
  }
  EXPECT_EQ(refusal(container({{2, 80, "zzzz", 0x8000}})), "") << "machine code is not read";
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
  EXPECT_EQ(unwrap_fat_binary(wrapper.data()), bytes.data());
}

}  // namespace
}  // namespace vgpu::runtime
