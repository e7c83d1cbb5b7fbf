#include "impl/core/safetensors.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb {
namespace {

class Safetensors : public testing::Test {
 protected:
  Safetensors()
      : folder_(std::filesystem::temp_directory_path() / ("plumb_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~Safetensors() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  static SafetensorsFile sample() {
    SafetensorsFile file;
    file.tensors["weight"] = {"F32", {2, 1}, std::vector<std::byte>(8, std::byte{1})};
    file.tensors["none"] = {"BF16", {0, 3}, {}};
    file.tensors["scalar"] = {"I64", {}, std::vector<std::byte>(8, std::byte{2})};
    file.metadata["made_by"] = "a test";
    return file;
  }

  std::filesystem::path folder_;
};

std::string refusal(const std::string& path) {
  try {
    read_safetensors(path);
  } catch (const FileError& error) {
    return error.what();
  }
  return "read";
}

TEST_F(Safetensors, ReadsBackWhatItWrote) {
  write_safetensors(path("a"), sample());

  const SafetensorsFile got = read_safetensors(path("a"));

  ASSERT_EQ(got.tensors.size(), 3u);
  EXPECT_EQ(got.tensors.at("weight").shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(got.tensors.at("weight").bytes, sample().tensors["weight"].bytes);
  EXPECT_EQ(got.tensors.at("none").shape, (std::vector<std::int64_t>{0, 3}));
  EXPECT_TRUE(got.tensors.at("scalar").shape.empty());
  EXPECT_EQ(got.metadata.at("made_by"), "a test");
}

TEST_F(Safetensors, RefusesAFileCutAnywhere) {
  write_safetensors(path("whole"), sample());
  const std::string bytes = read_whole(path("whole"));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    write_whole(path("cut"), std::span(bytes.data(), length));
    const std::string text = refusal(path("cut"));
    ASSERT_NE(text.find(path("cut")), std::string::npos) << length << ": " << text;
    ASSERT_EQ(text.find('\n'), std::string::npos);
  }
}

TEST_F(Safetensors, RefusesHeadersThatLie) {
  const auto with_header = [&](const std::string& header, std::size_t data) {
    const std::uint64_t length = header.size();
    std::string bytes(reinterpret_cast<const char*>(&length), 8);
    bytes += header + std::string(data, 'x');
    write_whole(path("lie"), bytes);
    return refusal(path("lie"));
  };
  EXPECT_NE(with_header("[1]", 0).find("no JSON object"), std::string::npos);
  EXPECT_NE(with_header(R"({"a":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}})", 1)
                .find("dtype 'F8'; allowed"),
            std::string::npos);
  EXPECT_NE(with_header(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}})", 1)
                .find("range does not fit"),
            std::string::npos);
  EXPECT_NE(with_header(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                        R"("b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                        1)
                .find("expected to begin at 1"),
            std::string::npos);
  EXPECT_NE(with_header(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 2)
                .find("describes 1 bytes"),
            std::string::npos);
  EXPECT_NE(
      with_header(R"({"a":{"dtype":"U8","shape":[4611686018427387904,8],"data_offsets":[0,1]}})", 1)
          .find("in a shape"),
      std::string::npos);
  EXPECT_NE(with_header(R"({"a":{"dtype":"U8"}})", 0).find("malformed"), std::string::npos);
}

TEST_F(Safetensors, AFailedWriteLeavesTheOldFileAndNoOther) {
  write_whole(path("kept"), std::string("old"));
  struct rlimit before {};
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit tight { 100, before.rlim_max };
  setrlimit(RLIMIT_FSIZE, &tight);

  EXPECT_THROW(write_whole(path("kept"), std::string(1000, 'n')), FileError);

  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(read_whole(path("kept")), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
  EXPECT_THROW(read_whole(path("absent")), FileError);
  EXPECT_THROW(write_whole("/proc/none/file", std::string("x")), FileError);
}

}  // namespace
}  // namespace plumb
