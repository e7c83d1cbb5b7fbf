// Counters of small kernels whose counts can be told by hand; full and masked code count alike.
#include "vgpu/observe/counters.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <numeric>

#include "vgpu/machine/test_program.h"

namespace vgpu {
namespace {

using observe::Counters;
using observe::InstructionClass;

/// What kernel_text() puts before the body.
constexpr std::uint64_t kHeadInstructions = 10;

class Counted : public Machine {
 protected:
  void SetUp() override {
    before_ = settings();
    settings().checks.counters = true;
    observe::forget_counted();
  }
  void TearDown() override { settings() = before_; }

  Counters count(const std::string& body, Dim3 grid, Dim3 block, std::size_t ints,
                 const std::string& before = {}) {
    const Aligned in = allocate(ints), out = allocate(ints);
    std::iota(in.get(), in.get() + ints, 0);
    Program(kernel_text(body, before))
        .run(grid, block, in.get(), out.get(), static_cast<int>(ints));
    const auto counted = observe::counted_kernels();
    EXPECT_EQ(counted.size(), 1u);
    observe::forget_counted();
    return counted.front().counters;
  }

 private:
  struct Free {
    void operator()(int* memory) const { std::free(memory); }
  };
  using Aligned = std::unique_ptr<int, Free>;
  /// As cudaMalloc would: sectors begin where it does.
  static Aligned allocate(std::size_t ints) {
    constexpr std::size_t kAlign = 512;
    return Aligned(static_cast<int*>(
        std::aligned_alloc(kAlign, (ints * sizeof(int) + kAlign - 1) / kAlign * kAlign)));
  }
  Settings before_;
};

std::uint64_t warps(const Counters& c, InstructionClass of) {
  return c.warp_instructions[static_cast<std::size_t>(of)];
}

TEST_F(Counted, EveryInstructionOfEveryWarp) {
  const Counters c =
      count("ld.global.u32 %r3, [%at];\nst.global.u32 [%to], %r3;\nret;", {3}, {64}, 192);

  EXPECT_EQ(c.launches, 1u);
  EXPECT_EQ(c.blocks, 3u);
  EXPECT_EQ(c.threads, 192u);
  EXPECT_EQ(c.all_warp_instructions(), 6 * (kHeadInstructions + 3));
  EXPECT_EQ(c.all_thread_instructions(), 32 * c.all_warp_instructions());
  EXPECT_EQ(warps(c, InstructionClass::control), 6u);
  EXPECT_EQ(c.lanes_per_instruction(), 32.0);
}

TEST_F(Counted, LanesOfAPartialWarp) {
  const Counters c = count("ret;", {1}, {40}, 40);

  EXPECT_EQ(c.all_warp_instructions(), 2 * (kHeadInstructions + 1));
  EXPECT_EQ(c.all_thread_instructions(), 40 * (kHeadInstructions + 1));
}

TEST_F(Counted, SectorsOfConsecutiveLanes) {
  const Counters c =
      count("ld.global.u32 %r3, [%at];\nst.global.u32 [%to], %r3;\nret;", {1}, {32}, 32);

  EXPECT_EQ(c.global_load.requests, 1u);
  EXPECT_EQ(c.global_load.bytes, 128u);
  EXPECT_EQ(c.global_load.pieces, 4u);
  EXPECT_EQ(c.global_load.least, 4u);
}

TEST_F(Counted, SectorsOfLanesThatLieApart) {
  // Lane i reads element 8 i: a sector of its own.
  const Counters c = count(
      "mul.lo.u32 %r3, %r2, 32;\ncvt.u64.u32 %rd1, %r3;\nadd.s64 %rd2, %in, %rd1;\n"
      "ld.global.u32 %r4, [%rd2];\nst.global.u32 [%to], %r4;\nret;",
      {1}, {32}, 256);

  EXPECT_EQ(c.global_load.pieces, 32u);
  EXPECT_EQ(c.global_load.least, 4u);
}

TEST_F(Counted, BankConflicts) {
  const std::string shared = ".shared .align 128 .b8 tile[4096];\n";
  // Words 0, 32, 64 ...: all of one bank.
  const Counters c = count(
      "mov.u32 %r3, tile;\nshl.b32 %r4, %r2, 7;\nadd.u32 %r5, %r3, %r4;\n"
      "st.shared.u32 [%r5], %r2;\nld.shared.u32 %r6, [tile];\nst.global.u32 [%to], %r6;\nret;",
      {1}, {32}, 32, shared);

  EXPECT_EQ(c.shared_store.pieces, 32u);
  EXPECT_EQ(c.shared_store.least, 1u);
  EXPECT_EQ(c.shared_load.pieces, 1u);  // one word for all lanes
}

TEST_F(Counted, BranchesThatPart) {
  const Counters c = count(
      "ld.global.u32 %r3, [%at];\nsetp.lt.u32 %p1, %r3, 16;\nmov.u32 %r4, 0;\n@%p1 bra A;\n"
      "add.u32 %r4, %r3, 1;\nadd.u32 %r4, %r4, 1;\nadd.u32 %r4, %r4, 1;\nA: st.global.u32 [%to], "
      "%r4;\nret;",
      {1}, {64}, 64);

  EXPECT_EQ(c.branches, 2u);
  EXPECT_EQ(c.divergent_branches, 1u);  // values 0 to 31 part, 32 to 63 do not
  EXPECT_EQ(c.all_warp_instructions(), 2 * (kHeadInstructions + 4 + 3 + 2));
  EXPECT_EQ(c.all_thread_instructions(), 64 * (kHeadInstructions + 4 + 2) + 48 * 3);
}

TEST_F(Counted, LanesThatAGuardLeavesOut) {
  const Counters c = count(
      "ld.global.u32 %r3, [%at];\nsetp.lt.u32 %p1, %r3, 10;\n@%p1 st.global.u32 [%to], %r3;\nret;",
      {1}, {32}, 32);

  EXPECT_EQ(c.predicated_off, 22u);
  EXPECT_EQ(c.global_store.requests, 1u);
  EXPECT_EQ(c.global_store.bytes, 40u);
}

TEST_F(Counted, AtomicsAndTheirAddresses) {
  const Counters c = count(
      "and.b32 %r3, %r2, 3;\nmul.wide.u32 %rd1, %r3, 4;\nadd.s64 %rd2, %out, %rd1;\n"
      "red.global.add.u32 [%rd2], 1;\nret;",
      {2}, {64}, 64);

  EXPECT_EQ(c.global_atomics.requests, 4u);
  EXPECT_EQ(c.global_atomics.lanes, 128u);
  EXPECT_EQ(c.global_atomics.addresses, 16u);
  EXPECT_EQ(c.global_atomics.most_at_one, 32u);
}

TEST_F(Counted, BarriersOfWarps) {
  const Counters c = count("bar.sync 0;\nbar.sync 0;\nret;", {2}, {96}, 96);
  EXPECT_EQ(c.block_barriers, 2u * 3 * 2);
}

/// Loops with trips by lane, a switch, an early return, guards: what full code cannot do alone.
const char* const kTangled =
    "ld.global.u32 %r3, [%at];\nrem.u32 %r4, %r3, 7;\nsetp.eq.u32 %p2, %r4, 6;\n@%p2 ret;\n"
    "mov.u32 %r5, 0;\nL: setp.ge.u32 %p1, %r5, %r4;\n@%p1 bra M;\nadd.u32 %r5, %r5, 1;\n"
    "@!%p1 mad.lo.u32 %r3, %r3, 3, %r5;\nbra L;\nM: bar.warp.sync -1;\nst.global.u32 [%to], "
    "%r3;\nret;";

TEST_F(Counted, TheSameWithAnyNumberOfThreads) {
  settings().threads = 1;
  const Counters one = count(kTangled, {40}, {80}, 3200);
  settings().threads = 2;
  const Counters two = count(kTangled, {40}, {80}, 3200), again = count(kTangled, {40}, {80}, 3200);

  EXPECT_EQ(one, two);
  EXPECT_EQ(two, again);
}

TEST_F(Counted, TheSameInCodeOfEachEffort) {
  settings().effort = CompileEffort::little;
  const Counters little = count(kTangled, {4}, {80}, 320);
  settings().effort = CompileEffort::medium;
  const Counters medium = count(kTangled, {4}, {80}, 320);
  settings().effort = CompileEffort::full;
  const Counters full = count(kTangled, {4}, {80}, 320);

  EXPECT_EQ(little, medium);
  EXPECT_EQ(medium, full);
}

TEST_F(Counted, TheSameInAnyOrderOfTheBlocks) {
  const Counters forward = count(kTangled, {40}, {80}, 3200);
  settings().order = BlockOrder::reverse;
  EXPECT_EQ(forward, count(kTangled, {40}, {80}, 3200));
}

}  // namespace
}  // namespace vgpu
