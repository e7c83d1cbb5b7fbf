// libtorch_test.cpp - a LibTorch that is missing, old, dead, silent or talks nonsense: one line
// each, in time. A shell script plays its part.
#include "golden/harness/libtorch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "impl/core/safetensors.h"

namespace plumb::golden {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVersions = R"("versions":{"torch":")" PLUMB_TORCH R"(+cpu"})";

class FakeLibTorch : public testing::Test {
 protected:
  FakeLibTorch()
      : folder_(fs::temp_directory_path() / ("plumb_libtorch_" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
  }
  ~FakeLibTorch() override {
    unsetenv("PLUMBLINE_REFERENCE_PROGRAM");
    fs::remove_all(folder_);
  }

  /// A script that answers the request for versions, then does `rest` with the next line in $line.
  void play(const std::string& rest, const std::string& versions = kVersions) const {
    const std::string path = (folder_ / "fake").string();
    std::ofstream(path) << "#!/bin/sh\nread line\necho '{\"ok\":true," << versions << "}'\n"
                        << "read line\n"
                        << rest << "\n";
    fs::permissions(path, fs::perms::owner_all);
    setenv("PLUMBLINE_REFERENCE_PROGRAM", path.c_str(), 1);
  }
  /// Answers with outputs.json's text, its tensors where the request wants them.
  void play_answer(const std::string& outputs, const SafetensorsFile& tensors) const {
    write_safetensors((folder_ / "tensors").string(), tensors);
    play(
        "path=$(echo \"$line\" | sed 's/.*\"path\":\"\\([^\"]*\\)\".*/\\1/')\n"
        "cp " +
        (folder_ / "tensors").string() + " \"$path\"\n" +
        "echo '{\"ok\":true,\"outputs\":" + outputs + "," + kVersions + "}'");
  }
  static Answer ask(double timeout = 20) {
    LibTorch libtorch("stock", timeout);
    return libtorch.answer(make_case("relu/forward/f32/n2"));
  }
  template <class Kind = client::Error>
  static std::string refusal(double timeout = 20) {
    try {
      ask(timeout);
    } catch (const Kind& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "answered";
  }

  fs::path folder_;
};

HostTensor doubles(const std::vector<double>& values) {
  return to_host_tensor({{static_cast<std::int64_t>(values.size())}, Dtype::f64, values});
}

TEST_F(FakeLibTorch, answersACase) {
  play_answer(R"({"y":{"dtype":"f32","own":0.5,"f32":0.25,"floor":2e-7}})",
              {{{"y", doubles({1, 2})}, {"y.magnitude", doubles({3, 4})}}, {}});

  const Answer answer = ask();
  const Expected& y = answer.outputs.at("y");

  EXPECT_EQ(y.want, (std::vector<double>{1, 2}));
  EXPECT_EQ(y.magnitude, (std::vector<double>{3, 4}));
  EXPECT_EQ(y.f32_stock, 0.25);
  EXPECT_EQ(y.dtype, Dtype::f32);
  EXPECT_EQ(answer.versions.at("torch"), PLUMB_TORCH "+cpu");
}

TEST_F(FakeLibTorch, thatIsMissingIsToldWithItsPath) {
  setenv("PLUMBLINE_REFERENCE_PROGRAM", "/nowhere/libtorch", 1);
  EXPECT_EQ(refusal(),
            "plumbline-reference: cannot start /nowhere/libtorch: No such file or directory");
}

TEST_F(FakeLibTorch, ofAnotherVersionIsToldWithTheOneThatIsNeeded) {
  play("", R"("versions":{"torch":"1.13.0"})");
  EXPECT_EQ(refusal(), "plumbline-reference: LibTorch 1.13.0, need " PLUMB_TORCH
                       ": run ci/setup, then ci/build");
  play("", R"("versions":{})");
  EXPECT_NE(refusal().find("LibTorch unknown, need"), std::string::npos);
}

TEST_F(FakeLibTorch, killedInTheMiddleOfAnAnswerIsToldWithTheSignal) {
  play("printf '{\"ok\":true,\"outp'; kill -9 $$");
  EXPECT_EQ(refusal(), "plumbline-reference: it ended without an answer: Killed");
}

TEST_F(FakeLibTorch, thatEndsIsToldWithItsExitCode) {
  play("exit 7");
  EXPECT_EQ(refusal(), "plumbline-reference: it ended without an answer: exit code 7");
}

TEST_F(FakeLibTorch, thatIsSilentIsGivenUp) {
  play("exec sleep 100");
  EXPECT_EQ(refusal(0.5), "plumbline-reference: no answer within 0.5 s");
}

TEST_F(FakeLibTorch, thatIsSilentFromTheStartIsGivenUp) {
  play("");
  std::ofstream(folder_ / "fake") << "#!/bin/sh\nexec sleep 100\n";
  EXPECT_EQ(refusal(0.5), "plumbline-reference: no answer within 0.5 s");
}

TEST_F(FakeLibTorch, refusesACaseInItsOwnWords) {
  play(R"(echo '{"ok":false,"error":"mat1 and mat2 cannot be multiplied"}')");
  EXPECT_EQ(refusal<client::Refused>(),
            "plumbline-reference: op.answer: mat1 and mat2 cannot be multiplied");
}

TEST_F(FakeLibTorch, thatTalksNonsenseGaveNoAnswer) {
  play("echo hello");
  EXPECT_NE(refusal().find("is no JSON object"), std::string::npos);
  play(std::string("echo '{\"ok\":true,") + kVersions + "}'");
  EXPECT_NE(refusal().find("it gave no answer: "), std::string::npos);
}

TEST_F(FakeLibTorch, whoseTensorsDoNotFitGaveNoAnswer) {
  const std::string y = R"({"y":{"dtype":"f32","own":null}})";
  play_answer(y, {{{"z", doubles({1, 2})}}, {}});
  EXPECT_NE(refusal().find("it gave no answer: "), std::string::npos);
  play_answer(y, {{{"y", doubles({1, 2})}, {"y.magnitude", doubles({1})}}, {}});
  EXPECT_NE(refusal().find("y has magnitudes of another shape"), std::string::npos);
  play(std::string("echo '{\"ok\":true,\"outputs\":") + y + "," + kVersions + "}'");  // no file
  EXPECT_NE(refusal().find("it gave no answer: "), std::string::npos);
}

}  // namespace
}  // namespace plumb::golden
