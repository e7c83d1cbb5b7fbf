// Code that is made with little effort first, and anew once it has run for long.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "vgpu/machine/test_program.h"

namespace vgpu {
namespace {

/// Every lane takes a number of trips of its own, then waits for the others:
/// both codes run, and warps change from one to the other.
const std::string kBothCodes = kernel_text(
    "mov.u32 %r3, 1;\nand.b32 %r4, %r2, 7;\nadd.u32 %r4, %r4, 200;\n"
    "LOOP: mad.lo.u32 %r3, %r3, 1664525, %i;\nsub.u32 %r4, %r4, 1;\nsetp.ne.u32 %p1, %r4, 0;\n"
    "@%p1 bra LOOP;\nbar.sync 0;\nadd.u32 %r3, %r3, 1;\nst.global.u32 [%to], %r3;\nret;");

int expected(int thread) {
  std::uint32_t value = 1;
  for (int trip = 200 + (thread & 7); trip > 0; --trip)
    value = value * 1664525u + static_cast<std::uint32_t>(thread);
  return static_cast<int>(value + 1);
}

int compiled_by_launches(Program& program, int launches) {
  const int before = compile_statistics().compiled;
  for (int i = 0; i < launches; ++i) {
    const std::vector<int> out = program.run_ints({8}, {64}, std::vector<int>(512));
    for (int thread = 0; thread < 512; ++thread) EXPECT_EQ(out[thread], expected(thread));
    if (testing::Test::HasFailure()) break;
  }
  return compile_statistics().compiled - before;
}

TEST_F(Machine, CodeThatRunsForLongIsMadeAnewAndGoesOnWhereItStands) {
  settings().effort = CompileEffort::adaptive;
  Program program(kBothCodes);
  EXPECT_EQ(compiled_by_launches(program, 1), 2) << "the full and the masked code";
  int anew = 0, launches = 0;
  for (; anew < 2 && launches < 20000; launches += 100) anew += compiled_by_launches(program, 100);
  EXPECT_EQ(anew, 2) << "after " << launches << " launches";
  EXPECT_EQ(compiled_by_launches(program, 1000), 0) << "and not once more";
}

constexpr int kManyTrips = 8000000;  // far longer than making their code takes

/// What `body` leaves in %r3 of 32 threads, where "TRIPS" counts %r4 down to 0 and turns %r3.
std::vector<int> long_loops(std::string body) {
  const std::string trips =
      ": mad.lo.u32 %r3, %r3, 1664525, %i;\nsub.u32 %r4, %r4, 1;\nsetp.ne.u32 %p1, %r4, 0;\n@%p1 "
      "bra ";
  for (std::size_t at; (at = body.find("TRIPS ")) != std::string::npos;) {
    const std::string label = body.substr(at + 6, body.find(';', at) - at - 6);
    body.replace(at, 6 + label.size(), label + trips + label);
  }
  return Program(kernel_text("mov.u32 %r3, 1;\nmov.u32 %r4, " + std::to_string(kManyTrips) + ";\n" +
                             body + "\nst.global.u32 [%to], %r3;\nret;"))
      .run_ints({1}, {32}, std::vector<int>(32));
}

int turned(int thread, int times) {
  std::uint32_t value = 1;
  for (int trip = 0; trip < times * kManyTrips; ++trip)
    value = value * 1664525u + static_cast<std::uint32_t>(thread);
  return static_cast<int>(value);
}

TEST_F(Machine, OneWarpGoesOnInBetterCodeInTheMidstOfItsLoop) {
  settings().effort = CompileEffort::adaptive;
  const int before = compile_statistics().compiled;
  const std::vector<int> out = long_loops("TRIPS LOOP;");
  EXPECT_EQ(compile_statistics().compiled - before, 2);
  for (int thread = 0; thread < 32; ++thread) EXPECT_EQ(out[thread], turned(thread, 1));
}

TEST_F(Machine, LanesThatPartedGoOnInBetterCodeInTheMidstOfTheirLoops) {
  settings().effort = CompileEffort::adaptive;
  const int before = compile_statistics().compiled;
  const std::vector<int> out = long_loops(
      "and.b32 %r5, %r2, 1;\nsetp.ne.u32 %p2, %r5, 0;\n@%p2 bra ODD;\nTRIPS EVEN;\nbra JOIN;\n"
      "ODD: add.u32 %r4, %r4, %r4;\nTRIPS TWICE;\nJOIN:");
  EXPECT_EQ(compile_statistics().compiled - before, 3) << "full with little, masked with both";
  for (int thread = 0; thread < 32; ++thread)
    EXPECT_EQ(out[thread], turned(thread, thread % 2 + 1));
}

TEST_F(Machine, AFixedEffortCompilesOnce) {
  for (const CompileEffort effort : {CompileEffort::little, CompileEffort::full}) {
    settings().effort = effort;
    Program program(kBothCodes);
    EXPECT_EQ(compiled_by_launches(program, 1), 2);
    EXPECT_EQ(compiled_by_launches(program, 2000), 0);
  }
}

TEST_F(Machine, TheBetterCodeIsTakenOutOfTheCache) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("vgpu_effort_" + std::to_string(getpid()));
  settings().cache_folder = folder.string();
  settings().effort = CompileEffort::full;
  Program full(kBothCodes);
  EXPECT_EQ(compiled_by_launches(full, 1), 2);
  settings().effort = CompileEffort::adaptive;
  Program program(kBothCodes);
  const int before = compile_statistics().from_cache;
  EXPECT_EQ(compiled_by_launches(program, 2000), 0);
  EXPECT_EQ(compile_statistics().from_cache - before, 2);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace vgpu
