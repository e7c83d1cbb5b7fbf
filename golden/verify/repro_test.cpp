// repro_test.cpp - a repro line runs when it is pasted into a shell.
#include "golden/verify/repro.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace plumb::golden {
namespace {

/// What a shell makes of a line's words.
std::string by_a_shell(const std::string& line) {
  std::FILE* pipe = popen(("printf '[%s]' " + line).c_str(), "r");
  char buffer[500] = {};
  const std::size_t n = std::fread(buffer, 1, sizeof buffer - 1, pipe);
  pclose(pipe);
  return std::string(buffer, n);
}

TEST(ShellLine, isReadByAShellAsTheWordsItWasMadeOf) {
  EXPECT_EQ(by_a_shell(shell_line({"a b", "it's", "$HOME", "", "*", "x;y", "n4_c5/x-2.5e+3"})),
            "[a b][it's][$HOME][][*][x;y][n4_c5/x-2.5e+3]");
  EXPECT_EQ(shell_line({"bin/plumbline", "--device", "vgpu:0"}), "bin/plumbline --device vgpu:0");
}

TEST(ReproCommand, namesTheProgramFromTheCurrentFolder) {
  const auto here = std::filesystem::current_path();

  EXPECT_EQ(repro_command((here / "build/bin/p").string(), "vgpu:0", ""),
            "build/bin/p verify --device vgpu:0");
  EXPECT_EQ(repro_command((here / "p").string(), "vgpu:0", ""), "./p verify --device vgpu:0");
  EXPECT_EQ(repro_command("/elsewhere/p", "cuda:0", "my cases.json"),
            "/elsewhere/p verify --device cuda:0 --live 'my cases.json'");
}

TEST(ReproCommand, repeatsTheEnvironmentThatChoosesTheAnswers) {
  setenv("PLUMBLINE_GOLDEN", "/my goldens", 1);
  const std::string line = repro_command("/p", "vgpu:0", "");
  unsetenv("PLUMBLINE_GOLDEN");

  EXPECT_EQ(line, "PLUMBLINE_GOLDEN='/my goldens' /p verify --device vgpu:0");
}

}  // namespace
}  // namespace plumb::golden
