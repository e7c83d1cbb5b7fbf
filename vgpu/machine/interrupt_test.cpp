// Launches that are ended from outside: what they say of where each warp stands.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include "vgpu/machine/test_program.h"

namespace vgpu {
namespace {

/// Line of the PTX text that holds `what`.
std::string line_of(const std::string& text, const std::string& what) {
  const auto before = text.substr(0, text.find(what));
  return std::to_string(1 + std::count(before.begin(), before.end(), '\n'));
}

std::string timeout_of(const std::string& text, Dim3 grid, Dim3 block) {
  settings().timeout_seconds = 0.2;
  return fault_of(text, Fault::Kind::timeout, grid, block);
}

TEST_F(Machine, ALoopOfAllLanesThatNeverEndsIsLeftWhereItStands) {
  const std::string text = kernel_text(
      "mov.u32 %r3, 1;\nLOOP: mad.lo.s32 %r3, %r3, 5, %i;\nsetp.ne.s32 %p1, %n, 0;\n"
      "@%p1 bra LOOP;\nst.global.u32 [%to], %r3;\nret;");
  const std::string said = timeout_of(text, {1}, {64});
  EXPECT_NE(said.find("kernel k: did not end within 0.2 s: block (0,0,0): warp 1 at test.ptx:"),
            std::string::npos)
      << said;
  const bool in_loop =
      said.find(":" + line_of(text, "mad.lo.s32 %r3") + ":") != std::string::npos ||
      said.find(":" + line_of(text, "setp.ne.s32") + ":") != std::string::npos ||
      said.find(":" + line_of(text, "@%p1 bra LOOP") + ":") != std::string::npos;
  EXPECT_TRUE(in_loop) << said;
  EXPECT_NE(said.find("warp 0 at test.ptx:"), std::string::npos) << said;
}

TEST_F(Machine, ALoopOfSomeLanesIsLeftToo) {
  const std::string text = kernel_text(
      "mov.u32 %r3, 1;\nsetp.lt.s32 %p1, %r2, 7;\n@%p1 bra LOOP;\nbra END;\n"
      "LOOP: mad.lo.s32 %r3, %r3, %r3, %i;\nor.b32 %r3, %r3, 1;\nsetp.ne.s32 %p2, %r3, 0;\n"
      "@%p2 bra LOOP;\nEND: bar.sync 0;\nst.global.u32 [%to], %r3;\nret;");
  const std::string said = timeout_of(text, {1}, {96});
  EXPECT_NE(said.find("warp 0 at test.ptx:"), std::string::npos) << said;
  const bool in_loop = said.find("'mad.lo.s32 %r3, %r3, %r3, %i'") != std::string::npos ||
                       said.find("'or.b32 %r3, %r3, 1'") != std::string::npos ||
                       said.find("'setp.ne.s32 %p2, %r3, 0'") != std::string::npos ||
                       said.find("'@%p2 bra LOOP'") != std::string::npos;
  EXPECT_TRUE(in_loop) << said;
}

TEST_F(Machine, WarpsThatWaitAtABarrierAreSaidToWait) {
  const std::string text = kernel_text(
      "setp.ge.s32 %p1, %r2, 96;\n@%p1 bra LOOP;\nbar.sync 0;\nret;\n"
      "LOOP: ld.volatile.global.u32 %r3, [%in];\nsetp.eq.s32 %p2, %r3, 0;\n@%p2 bra LOOP;\n"
      "bar.sync 0;\nret;");
  const std::string said = timeout_of(text, {1}, {128});
  EXPECT_NE(said.find("warps 0-2 waits at test.ptx:" + line_of(text, "bar.sync 0")),
            std::string::npos)
      << said;
  EXPECT_NE(said.find("warp 3 at test.ptx:"), std::string::npos) << said;
}

TEST_F(Machine, BlocksThatWaitForEachOtherAreNamed) {
  const std::string text = kernel_text(
      "LOOP: ld.volatile.global.u32 %r3, [%in];\nsetp.eq.s32 %p1, %r3, 0;\n@%p1 bra LOOP;\nret;");
  const std::string said = timeout_of(text, {2}, {32});
  EXPECT_NE(said.find("block (0,0,0): warp 0 at"), std::string::npos) << said;
  EXPECT_NE(said.find("block (1,0,0): warp 0 at"), std::string::npos) << said;
}

TEST_F(Machine, AKernelThatEndsInTimeIsNotTouched) {
  settings().timeout_seconds = 30;
  Program program(kernel_text("st.global.u32 [%to], %i;\nret;"));
  EXPECT_EQ(program.run_ints({4}, {32}, std::vector<int>(128)), ascending(128));
  settings().timeout_seconds = 0;
  EXPECT_EQ(program.run_ints({4}, {32}, std::vector<int>(128)), ascending(128));
}

TEST_F(Machine, CtrlCEndsTheLaunchAndSaysWhere) {
  Program program(kernel_text("st.global.u32 [%to], %i;\nret;"));
  program.run_ints({1}, {32}, std::vector<int>(32));  // from now on Ctrl-C is ours
  std::thread user([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    kill(getpid(), SIGINT);
  });
  const std::string said = fault_of(
      kernel_text("LOOP: add.s32 %r3, %r3, 1;\nsetp.ne.s32 %p1, %n, 0;\n@%p1 bra LOOP;\nret;"),
      Fault::Kind::interrupted);
  user.join();
  EXPECT_NE(said.find("kernel k: interrupted: block (0,0,0): warp 0 at test.ptx:"),
            std::string::npos)
      << said;
}

TEST_F(Machine, CtrlCWhileNothingRunsEndsTheProgram) {
  Program program(kernel_text("st.global.u32 [%to], %i;\nret;"));
  EXPECT_EXIT(
      {
        program.run_ints({1}, {32}, std::vector<int>(32));
        raise(SIGINT);
      },
      testing::KilledBySignal(SIGINT), "");
}

}  // namespace
}  // namespace vgpu
