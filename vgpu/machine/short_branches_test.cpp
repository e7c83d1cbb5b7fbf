// Branches over a few instructions that become guards (translate/if_conversion.h), and those that
// must not.
#include <gtest/gtest.h>

#include <algorithm>

#include "vgpu/machine/test_program.h"
#include "vgpu/translate/program.h"

namespace vgpu {
namespace {

constexpr int kThreads = 96;

/// %p1 of a number from memory, so that it differs from lane to lane; the result is %r4.
std::string data_kernel(const std::string& body) {
  return kernel_text("ld.global.u32 %r3, [%at];\nsetp.gt.s32 %p1, %r3, 50;\nmov.u32 %r4, 7;\n" +
                     body + "\nst.global.u32 [%to], %r4;\nret;");
}

std::vector<int> data() {
  std::vector<int> out;
  for (int i = 0; i < kThreads; ++i) out.push_back(i * 37 % 101);
  return out;
}

int branches_of(const std::string& text) {
  const ptx::Module module = ptx::parse(text, "test.ptx");
  const auto prepared = translate::prepare_kernel(module, module.functions[0]);
  return static_cast<int>(
      std::count_if(prepared.function.body.begin(), prepared.function.body.end(),
                    [](const ptx::Instruction& ins) { return ins.opcode == "bra"; }));
}

template <class Want>
void expect(const std::string& text, int branches, Want want) {
  EXPECT_EQ(branches_of(text), branches);
  const std::vector<int> in = data(), out = Program(text).run_ints({3}, {32}, in);
  for (int i = 0; i < kThreads; ++i) ASSERT_EQ(out[i], want(in[i], i)) << "thread " << i;
}

class ShortBranches : public Machine {};

TEST_F(ShortBranches, OverTwoInstructionsBecomeGuards) {
  expect(data_kernel("@%p1 bra L;\nadd.u32 %r4, %r4, %r3;\nshl.b32 %r4, %r4, 1;\nL:"), 0,
         [](int value, int) { return value > 50 ? 7 : (7 + value) * 2; });
}

TEST_F(ShortBranches, NegatedOnes) {
  expect(data_kernel("@!%p1 bra L;\nadd.u32 %r4, %r4, %r3;\nL:"), 0,
         [](int value, int) { return value > 50 ? 7 + value : 7; });
}

TEST_F(ShortBranches, BothWays) {
  expect(data_kernel("@%p1 bra E;\nadd.u32 %r4, %r4, %r3;\nbra L;\n"
                     "E: sub.u32 %r4, %r4, %r3;\nxor.b32 %r4, %r4, 5;\nL:"),
         0, [](int value, int) { return value > 50 ? (7 - value) ^ 5 : 7 + value; });
}

TEST_F(ShortBranches, OneWayEmpty) {
  expect(data_kernel("@%p1 bra E;\nbra L;\nE: add.u32 %r4, %r4, %r3;\nL:"), 0,
         [](int value, int) { return value > 50 ? 7 + value : 7; });
}

TEST_F(ShortBranches, InALoopWhoseTargetsMove) {
  expect(data_kernel("mov.u32 %r5, 0;\nLOOP:\nand.b32 %r6, %r3, 1;\nsetp.eq.u32 %p2, %r6, 0;\n"
                     "@%p2 bra EVEN;\nadd.u32 %r4, %r4, %r5;\nEVEN: shr.u32 %r3, %r3, 1;\n"
                     "add.u32 %r5, %r5, 1;\nsetp.lt.u32 %p3, %r5, 7;\n@%p3 bra LOOP;"),
         1, [](int value, int) {
           int sum = 7;
           for (int bit = 0; bit < 7; ++bit) sum += (value >> bit & 1) * bit;
           return sum;
         });
}

TEST_F(ShortBranches, BesideATableOfBranches) {
  expect(data_kernel("and.b32 %r5, %r3, 1;\n@%p1 bra L;\nadd.u32 %r4, %r4, 1;\nL:\n"
                     "TABLE: .branchtargets ZERO, ONE;\nbrx.idx %r5, TABLE;\n"
                     "ZERO: add.u32 %r4, %r4, 100;\nbra DONE;\nONE: add.u32 %r4, %r4, 200;\nDONE:"),
         1, [](int value, int) { return (value > 50 ? 7 : 8) + (value % 2 == 0 ? 100 : 200); });
}

TEST_F(ShortBranches, OnAPredicateOfBothKinds) {
  expect(data_kernel("setp.lt.s32 %p2, %i, 40;\nand.pred %p3, %p1, %p2;\n@%p3 bra L;\n"
                     "add.u32 %r4, %r4, 1;\nL:"),
         0, [](int value, int thread) { return value > 50 && thread < 40 ? 7 : 8; });
}

/// What stays a branch, and why.
struct Kept {
  const char *why, *body;
  int branches;
};

class KeptBranches : public Machine, public testing::WithParamInterface<Kept> {};

TEST_P(KeptBranches, Stay) {
  const std::string text = data_kernel(GetParam().body);
  EXPECT_EQ(branches_of(text), GetParam().branches);
  const std::vector<int> in = data();
  Program(text).run_ints({3}, {32}, in);  // and it runs
}

INSTANTIATE_TEST_SUITE_P(
    Each, KeptBranches,
    testing::Values(
        Kept{"UniformPredicate",
             "setp.eq.s32 %p2, %n, 5;\n@%p2 bra L;\nadd.u32 %r4, %r4, 1;\nL:", 1},
        Kept{"AffineComparison",
             "setp.ge.s32 %p2, %i, %n;\n@%p2 bra L;\nadd.u32 %r4, %r4, 1;\nL:", 1},
        Kept{"BothOfThem",
             "setp.ge.s32 %p2, %i, %n;\nsetp.ne.s32 %p3, %n, 9;\nor.pred %p4, %p2, %p3;\n"
             "@%p4 bra L;\nadd.u32 %r4, %r4, 1;\nL:",
             1},
        Kept{"Memory", "@%p1 bra L;\nld.global.u32 %r4, [%at];\nL:", 1},
        Kept{"NineInstructions",
             "@%p1 bra L;\nadd.u32 %r4, %r4, 1;\nadd.u32 %r4, %r4, 1;\nadd.u32 %r4, %r4, 1;\n"
             "add.u32 %r4, %r4, 1;\nadd.u32 %r4, %r4, 1;\nadd.u32 %r4, %r4, 1;\n"
             "add.u32 %r4, %r4, 1;\nadd.u32 %r4, %r4, 1;\nadd.u32 %r4, %r4, 1;\nL:",
             1},
        Kept{"ItsPredicateIsWritten",
             "@%p1 bra L;\nsetp.gt.s32 %p1, %r3, 20;\nselp.u32 %r4, 1, 2, %p1;\nL:", 1},
        Kept{"EnteredFromElsewhere",
             "setp.gt.s32 %p2, %r3, 80;\n@%p2 bra M;\nadd.u32 %r4, %r4, 9;\n@%p1 bra L;\n"
             "add.u32 %r4, %r4, 1;\nM: add.u32 %r4, %r4, 2;\nL:",
             2},
        Kept{"AWarpsExchange", "@%p1 bra L;\nactivemask.b32 %r4;\nL:", 1},
        Kept{"ADivision", "@%p1 bra L;\ndiv.u32 %r4, %r4, 3;\nL:", 1},
        Kept{"AGuardedInstruction",
             "setp.gt.s32 %p2, %r3, 20;\n@%p1 bra L;\n@%p2 add.u32 %r4, %r4, 1;\nL:", 1}),
    [](const auto& given) { return std::string(given.param.why); });

}  // namespace
}  // namespace vgpu
