// golden_file_test.cpp - recorded answers come back bit by bit; a file that is not what was
// recorded is refused in one line.
#include "golden/harness/golden_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/core/safetensors.h"

namespace plumb::golden {
namespace {

constexpr const char* kSmall = "relu/forward/f32/n5";
constexpr const char* kLarge = "relu/backward/bf16/n5000";

Expected expected(std::size_t count, Dtype dtype) {
  Expected e;
  e.shape = {static_cast<std::int64_t>(count)};
  e.dtype = dtype;
  for (std::size_t i = 0; i < count; ++i) {
    e.want.push_back(1 / (static_cast<double>(i) + 3));
    e.magnitude.push_back(static_cast<double>(i) + 1.001);
  }
  e.floor = 2e-7, e.own = 0.25, e.f32_recording = 0.5;
  return e;
}

class Golden : public testing::Test {
 protected:
  Golden()
      : folder_(std::filesystem::temp_directory_path() /
                ("plumb_golden_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "relu");
    std::filesystem::create_directories(folder_ / "sgd");
    write({{small(), answer(5, Dtype::f32, "y")}, {large(), answer(5000, Dtype::bf16, "dx")}});
  }
  ~Golden() override { std::filesystem::remove_all(folder_); }

  /// Cases as if rounding could move them, so that magnitudes are kept.
  static Case small() { return inexact(kSmall); }
  static Case large() { return inexact(kLarge); }
  static Case inexact(const std::string& id) {
    Case c = make_case(id);
    c.exact = false;
    return c;
  }
  static Answer answer(std::size_t count, Dtype dtype, const std::string& output) {
    return {{{output, expected(count, dtype)}}, {{"torch", "2.15.0"}}};
  }
  void write(const std::vector<std::pair<Case, Answer>>& answers) const {
    write_golden(folder_.string(), "relu", answers);
  }
  std::string path(const std::string& name) const { return (folder_ / "relu" / name).string(); }
  GoldenFile open() const { return GoldenFile(folder_.string(), "relu"); }

  /// Changes the file's text and, if asked, its checksum with it.
  void replace(const std::string& bytes, bool with_sum) const {
    write_whole(path("answers.safetensors"), bytes);
    if (with_sum) write_whole(path("answers.sha256"), sha256_of(bytes));
  }
  void change(const std::function<void(SafetensorsFile&)>& how) const {
    SafetensorsFile file = read_safetensors(path("answers.safetensors"));
    how(file);
    write_safetensors(path("answers.safetensors"), file);
    replace(read_whole(path("answers.safetensors")), true);
  }
  std::string refusal(const std::string& op = "relu") const {
    try {
      GoldenFile(folder_.string(), op);
    } catch (const FileError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "read";
  }

  std::filesystem::path folder_;
};

TEST_F(Golden, keepsASmallOutputWhole) {
  const GoldenFile file = open();

  const Answer& answer = file.at(small());
  const Expected& got = answer.outputs.at("y");
  const Expected want = expected(5, Dtype::f32);

  EXPECT_EQ(got.want, want.want);
  EXPECT_EQ(got.shape, want.shape);
  EXPECT_EQ(got.dtype, want.dtype);
  EXPECT_EQ(got.floor, 2e-7);
  EXPECT_EQ(got.own, 0.25);
  EXPECT_EQ(got.f32_recording, 0.5);
  EXPECT_TRUE(std::isnan(got.f32_stock));
  EXPECT_EQ(answer.versions.at("torch"), "2.15.0");
}

TEST_F(Golden, keepsASampleOfALargeOutputAtItsPlaces) {
  const Expected got = open().at(large()).outputs.at("dx");
  const Expected want = expected(5000, Dtype::bf16);

  ASSERT_LT(got.want.size(), kMostKept);
  ASSERT_EQ(got.want.size(), got.sample.size());
  EXPECT_EQ(got.sample.front(), 0u);
  EXPECT_EQ(got.sample.back(), 4999u);
  for (std::size_t k = 0; k < got.sample.size(); ++k)
    ASSERT_EQ(got.want[k], want.want[got.sample[k]]);
}

TEST_F(Golden, roundsMagnitudesUpAndByLittle) {
  const Expected got = open().at(large()).outputs.at("dx");
  const Expected want = expected(5000, Dtype::bf16);

  for (std::size_t k = 0; k < got.sample.size(); ++k) {
    ASSERT_GE(got.magnitude[k], want.magnitude[got.sample[k]]);
    ASSERT_LE(got.magnitude[k], want.magnitude[got.sample[k]] * (1 + 0x1p-7));
  }
}

TEST_F(Golden, keepsNoMagnitudesOfAnExactCase) {
  Case exact = small();
  exact.exact = true;
  write({{exact, answer(5, Dtype::f32, "y")}});

  EXPECT_TRUE(open().at(exact).outputs.at("y").magnitude.empty());
}

TEST_F(Golden, namesACaseThatItDoesNotHave) {
  try {
    open().at(make_case("relu/forward/f32/n6"));
    FAIL();
  } catch (const FileError& error) {
    EXPECT_NE(std::string(error.what()).find("no answer to relu/forward/f32/n6"),
              std::string::npos);
  }
}

TEST_F(Golden, refusesAnAnswerToOtherInputs) {
  Case other = small();
  other.inputs[0].seed = 1;
  Case strided = small();
  strided.inputs[0].layout = Layout::strided;

  EXPECT_THROW(open().at(other), FileError);
  EXPECT_NO_THROW(open().at(strided));  // the same numbers
}

TEST_F(Golden, refusesAFileCutAnywhere) {
  const std::string whole = read_whole(path("answers.safetensors"));

  for (std::size_t length = 0; length < whole.size(); length += 97) {
    replace(whole.substr(0, length), false);
    ASSERT_NE(refusal().find("not what was recorded"), std::string::npos) << length;
    replace(whole.substr(0, length), true);
    ASSERT_NE(refusal(), "read") << length;
  }
}

TEST_F(Golden, refusesAFileWithOneBitFlipped) {
  const std::string whole = read_whole(path("answers.safetensors"));

  for (std::size_t at = 0; at < whole.size(); at += 61) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    replace(flipped, false);
    ASSERT_NE(refusal().find("not what was recorded"), std::string::npos) << at;
  }
}

TEST_F(Golden, refusesAnotherSchemaAndAnotherOp) {
  change([](SafetensorsFile& file) { file.metadata["schema"] = "99"; });
  EXPECT_NE(refusal().find("schema '99', this program reads '1'"), std::string::npos);

  change([](SafetensorsFile& file) { file.metadata.erase("schema"); });
  EXPECT_NE(refusal().find("no 'schema'"), std::string::npos);

  write({});
  for (const char* name : {"answers.safetensors", "answers.sha256"})
    std::filesystem::copy(folder_ / "relu" / name, folder_ / "sgd" / name);
  EXPECT_NE(refusal("sgd").find("answers of op 'relu', need 'sgd'"), std::string::npos);
}

TEST_F(Golden, refusesMetadataThatDoNotFitTheTensors) {
  change([](SafetensorsFile& file) { file.metadata["cases"] = "{"; });
  EXPECT_NE(refusal().find("its metadata does not fit"), std::string::npos);

  write({{small(), answer(5, Dtype::f32, "y")}});
  change([](SafetensorsFile& file) { file.tensors.erase("forward/f32/n5#y"); });
  EXPECT_NE(refusal().find("its metadata does not fit"), std::string::npos);

  write({{small(), answer(5, Dtype::f32, "y")}});
  change([](SafetensorsFile& file) {
    file.tensors["forward/f32/n5#y"] = {"F64", {4}, std::vector<std::byte>(32)};
  });
  EXPECT_NE(refusal().find("4 values and 5 magnitudes, need 5"), std::string::npos) << refusal();
}

TEST_F(Golden, saysWhichFileIsMissing) {
  EXPECT_NE(refusal("sgd").find("sgd/answers.s"), std::string::npos);
  EXPECT_NE(refusal("none").find("none/answers.s"), std::string::npos);
}

TEST(Sha256, isThatOfTheStandard) {
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SampleOf, keepsEverythingUpToALimitThenTheEndsAndSomeBetween) {
  EXPECT_TRUE(sample_of("a", "y", kMostKept).empty());

  const std::vector<std::size_t> sample = sample_of("a", "y", 100000);

  EXPECT_TRUE(std::is_sorted(sample.begin(), sample.end()));
  EXPECT_GT(sample.size(), kMostKept / 3);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_TRUE(std::binary_search(sample.begin(), sample.end(), i));
    EXPECT_TRUE(std::binary_search(sample.begin(), sample.end(), 99999 - i));
  }
  EXPECT_NE(sample, sample_of("b", "y", 100000));
}

}  // namespace
}  // namespace plumb::golden
