// The machine on small kernels written in PTX: control flow in every shape, barriers, waiting,
// faults, the cache.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "vgpu/machine/test_program.h"

namespace vgpu {
namespace {

TEST_F(Machine, TailThreadsLeaveMemoryAlone) {
  Program program(
      kernel_text("setp.ge.s32 %p1, %i, %n;\n@%p1 bra DONE;\nld.global.u32 %r3, [%at];\n"
                  "add.s32 %r3, %r3, 7;\nst.global.u32 [%to], %r3;\nDONE: ret;"));
  const std::vector<int> in = ascending(1003);
  std::vector<int> out(1024, -1);

  program.run({8}, {128}, in.data(), out.data(), 1003);

  for (int i = 0; i < 1024; ++i) ASSERT_EQ(out[i], i < 1003 ? i + 7 : -1) << i;
}

TEST_F(Machine, BlocksOfAnyShapeAndSizeSeeTheirThreads) {
  // Writes tid.x + 100 tid.y + 10000 tid.z at the thread's linear place.
  Program program(kernel_text(
      "mov.u32 %r3, %tid.y;\nmov.u32 %r4, %tid.z;\nmov.u32 %r5, %ntid.y;\nmad.lo.s32 %r6, %r4, "
      "%r5, %r3;\n"
      "mad.lo.s32 %r6, %r6, %r1, %r2;\nmul.wide.s32 %rd1, %r6, 4;\nadd.s64 %rd2, %out, %rd1;\n"
      "mad.lo.s32 %r7, %r3, 100, %r2;\nmad.lo.s32 %r7, %r4, 10000, %r7;\nst.global.u32 [%rd2], "
      "%r7;\nret;"));
  for (const Dim3 block : {Dim3{1, 1, 1}, Dim3{33, 1, 1}, Dim3{5, 7, 3}, Dim3{16, 16, 1},
                           Dim3{32, 4, 2}, Dim3{1024, 1, 1}}) {
    std::vector<int> out(block.count(), -1);

    program.run({1}, block, nullptr, out.data(), 0);

    for (std::uint32_t z = 0, at = 0; z < block.z; ++z)
      for (std::uint32_t y = 0; y < block.y; ++y)
        for (std::uint32_t x = 0; x < block.x; ++x, ++at)
          ASSERT_EQ(out[at], static_cast<int>(x + 100 * y + 10000 * z))
              << block.x << "x" << block.y << "x" << block.z;
  }
}

TEST_F(Machine, LoopsWithATripCountOfEachLaneAndABranchInside) {
  // Collatz steps of in[i] + 1.
  Program program(
      kernel_text("ld.global.u32 %r3, [%at];\nadd.s32 %r3, %r3, 1;\nmov.u32 %r4, "
                  "0;\nLOOP:\nsetp.eq.s32 %p1, %r3, 1;\n@%p1 bra DONE;\n"
                  "and.b32 %r5, %r3, 1;\nsetp.eq.s32 %p2, %r5, 0;\n@%p2 bra EVEN;\nmad.lo.s32 %r3, "
                  "%r3, 3, 1;\nbra NEXT;\n"
                  "EVEN: shr.u32 %r3, %r3, 1;\nNEXT: add.s32 %r4, %r4, 1;\nbra LOOP;\nDONE: "
                  "st.global.u32 [%to], %r4;\nret;"));

  const std::vector<int> out = program.run_ints({4}, {256}, ascending(1024));

  for (int i = 0; i < 1024; ++i) {
    int steps = 0;
    for (unsigned v = static_cast<unsigned>(i) + 1; v != 1; v = v & 1 ? 3 * v + 1 : v / 2) ++steps;
    ASSERT_EQ(out[i], steps) << i;
  }
}

TEST_F(Machine, LanesThatReturnEarlyDoNotHoldUpABarrier) {
  Program program(
      kernel_text("and.b32 %r3, %r2, 1;\nsetp.eq.s32 %p1, %r3, 1;\n@%p1 ret;\nbar.sync 0;\n"
                  "st.global.u32 [%to], %i;\nret;"));

  const std::vector<int> out = program.run_ints({1}, {64}, std::vector<int>(64));

  for (int i = 0; i < 64; ++i) ASSERT_EQ(out[i], i % 2 ? -1 : i);
}

TEST_F(Machine, BarriersOrderSharedMemory) {
  // Reverses a block through shared memory.
  Program program(kernel_text(
      "ld.global.u32 %r3, [%at];\nshl.b32 %r4, %r2, 2;\nmov.u32 %r5, buffer;\nadd.s32 %r6, %r5, "
      "%r4;\n"
      "st.shared.u32 [%r6], %r3;\nbar.sync 0;\nsub.s32 %r7, %r1, %r2;\nsub.s32 %r7, %r7, 1;\n"
      "shl.b32 %r7, %r7, 2;\nadd.s32 %r7, %r5, %r7;\nld.shared.u32 %r8, [%r7];\n"
      "st.global.u32 [%to], %r8;\nret;",
      ".extern .shared .align 4 .b8 buffer[];\n"));
  for (const unsigned threads : {32u, 33u, 100u, 1024u}) {
    const std::vector<int> in = ascending(static_cast<int>(threads));

    const std::vector<int> out = program.run_ints({1}, {threads}, in, threads * 4);

    for (unsigned i = 0; i < threads; ++i)
      ASSERT_EQ(out[i], static_cast<int>(threads - 1 - i)) << threads;
  }
}

TEST_F(Machine, BarriersInsideDivergentCodeMeet) {
  // Both sides of a branch reach their own bar.sync 0: all threads of the block do.
  Program program(kernel_text(
      "setp.lt.s32 %p1, %r2, 10;\n@%p1 bra LOW;\nbar.sync 0;\nmov.u32 %r3, 5;\nbra JOIN;\n"
      "LOW: bar.sync 0;\nmov.u32 %r3, 9;\nJOIN: st.global.u32 [%to], %r3;\nret;"));

  const std::vector<int> out = program.run_ints({2}, {96}, std::vector<int>(192));

  for (int i = 0; i < 192; ++i) ASSERT_EQ(out[i], i % 96 < 10 ? 9 : 5) << i;
}

TEST_F(Machine, BarrierReductionsCountAndCombine) {
  Program program(kernel_text(
      "setp.lt.s32 %p1, %r2, 37;\nbar.red.popc.u32 %r3, 0, %p1;\nbar.red.and.pred %p2, 0, %p1;\n"
      "bar.red.or.pred %p3, 0, %p1;\nselp.u32 %r4, 1000, 0, %p2;\nselp.u32 %r5, 2000, 0, %p3;\n"
      "add.s32 %r3, %r3, %r4;\nadd.s32 %r3, %r3, %r5;\nst.global.u32 [%to], %r3;\nret;"));

  for (const int value : program.run_ints({1}, {100}, std::vector<int>(100)))
    ASSERT_EQ(value, 2037);
}

TEST_F(Machine, NamedBarriersPairProducersWithConsumers) {
  // Warp 0 stores and arrives; warp 1 waits for it at barrier 1.
  Program program(kernel_text(
      "mov.u32 %r5, cell;\nsetp.ge.s32 %p1, %r2, 32;\n@%p1 bra CONSUMER;\nst.shared.u32 [%r5], "
      "77;\n"
      "bar.arrive 1, 64;\nbra DONE;\nCONSUMER: bar.sync 1, 64;\nld.shared.u32 %r6, [%r5];\n"
      "st.global.u32 [%to], %r6;\nDONE: ret;",
      ".shared .align 4 .b8 cell[4];\n"));

  const std::vector<int> out = program.run_ints({1}, {64}, std::vector<int>(64));

  for (int i = 0; i < 64; ++i) ASSERT_EQ(out[i], i < 32 ? -1 : 77);
}

TEST_F(Machine, ShufflesInDivergentCodeWaitForTheLanesTheyName) {
  // Odd lanes come late through a loop; all then exchange with their neighbour.
  Program program(kernel_text(
      "and.b32 %r3, %r2, 1;\nmov.u32 %r4, %i;\nsetp.eq.s32 %p1, %r3, 0;\n@%p1 bra MEET;\n"
      "mov.u32 %r5, 0;\nWORK: add.s32 %r5, %r5, 1;\nsetp.lt.s32 %p2, %r5, %r2;\n@%p2 bra WORK;\n"
      "add.s32 %r4, %r4, 100;\nMEET: shfl.sync.bfly.b32 %r6|%p3, %r4, 1, 31, -1;\n"
      "st.global.u32 [%to], %r6;\nret;"));

  const std::vector<int> out = program.run_ints({1}, {64}, std::vector<int>(64));

  for (int i = 0; i < 64; ++i) ASSERT_EQ(out[i], i % 2 ? i - 1 : i + 1 + 100) << i;
}

TEST_F(Machine, WarpBarriersMatchWhereverTheyStand) {
  Program program(kernel_text(
      "mov.u32 %r5, cells;\nshl.b32 %r6, %r2, 2;\nadd.s32 %r7, %r5, %r6;\nand.b32 %r3, %r2, 1;\n"
      "setp.eq.s32 %p1, %r3, 0;\n@%p1 bra EVEN;\nst.shared.u32 [%r7], %r2;\nbar.warp.sync -1;\nbra "
      "DONE;\n"
      "EVEN: bar.warp.sync -1;\nld.shared.u32 %r8, [%r7+4];\nst.global.u32 [%to], %r8;\nDONE: ret;",
      ".shared .align 4 .b8 cells[256];\n"));

  const std::vector<int> out = program.run_ints({1}, {32}, std::vector<int>(32));

  for (int i = 0; i < 32; ++i) ASSERT_EQ(out[i], i % 2 ? -1 : i + 1) << i;
}

TEST_F(Machine, LanesOfAWarpThatWaitForEachOtherGetOn) {
  // A lock that each lane of a warp takes in turn: the lane that holds it must run while the others
  // spin.
  Program program(kernel_text(
      "TRY: atom.global.cas.b32 %r3, [%out], 0, 1;\nsetp.ne.s32 %p1, %r3, 0;\n@%p1 bra TRY;\n"
      "ld.volatile.global.u32 %r4, [%out+4];\nadd.s32 %r4, %r4, 1;\nst.volatile.global.u32 "
      "[%out+4], %r4;\n"
      "membar.gl;\natom.global.exch.b32 %r5, [%out], 0;\nret;"));
  std::vector<int> out(2, 0);

  program.run({4}, {64}, nullptr, out.data(), 0);

  EXPECT_EQ(out[1], 256);
}

TEST_F(Machine, BlocksThatWaitForEachOtherGetOnInAnyOrder) {
  // Block b waits until blocks below it have counted, then counts itself.
  Program program(kernel_text(
      "WAIT: ld.volatile.global.u32 %r3, [%out];\nsetp.ne.s32 %p1, %r3, %r0;\n@%p1 bra WAIT;\n"
      "bar.sync 0;\nsetp.ne.s32 %p2, %r2, 0;\n@%p2 bra DONE;\natom.global.add.u32 %r4, [%out], "
      "1;\nDONE: ret;"));
  for (const BlockOrder order : {BlockOrder::forward, BlockOrder::reverse, BlockOrder::random}) {
    settings().order = order;
    settings().order_seed = 5;
    std::vector<int> out(1, 0);

    program.run({16}, {64}, nullptr, out.data(), 0);

    EXPECT_EQ(out[0], 16);
  }
}

TEST_F(Machine, BlocksThatLoopOverAtomicsEndBeforeOthersStart) {
  // Such a loop may wait for others, but these do not: 4,000 blocks of 40 KiB must not be kept.
  settings().threads = 1;
  Program program(kernel_text(
      "mov.u64 %rd1, room;\nmul.wide.u32 %rd2, %r2, 1280;\nadd.s64 %rd1, %rd1, %rd2;\n"
      "st.shared.u32 [%rd1], %r2;\nmov.u32 %r3, 0;\nLOOP: atom.global.add.u32 %r4, [%out], 1;\n"
      "add.u32 %r3, %r3, 1;\nsetp.lt.u32 %p1, %r3, 3000;\n@%p1 bra LOOP;\nret;",
      ".shared .align 4 .b8 room[40960];\n"));
  std::vector<int> out(1, 0);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);

  program.run({4000}, {32}, nullptr, out.data(), 0);

  getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(out[0], 4000 * 32 * 3000);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 80 << 10) << "KiB";
}

TEST_F(Machine, FunctionsAreCalledWithTheirParameters) {
  const std::string square =
      ".func (.param .b32 result) square(.param .b32 value)\n{\n.reg .b32 %r<3>; .reg .pred "
      "%p;\nld.param.b32 %r0, [value];\n"
      "setp.gt.s32 %p, %r0, 10;\n@%p bra BIG;\nmul.lo.s32 %r1, %r0, %r0;\nst.param.b32 [result], "
      "%r1;\nret;\n"
      "BIG: st.param.b32 [result], %r0;\nret;\n}\n";
  Program program(kernel_text(
      "ld.global.u32 %r3, [%at];\n{\n.param .b32 a;\nst.param.b32 [a], %r3;\n.param .b32 b;\n"
      "call.uni (b), square, (a);\nld.param.b32 %r4, [b];\n}\nst.global.u32 [%to], %r4;\nret;",
      square));

  const std::vector<int> out = program.run_ints({1}, {64}, ascending(64));

  for (int i = 0; i < 64; ++i) ASSERT_EQ(out[i], i > 10 ? i : i * i) << i;
}

TEST_F(Machine, AffineIndicesThatWrapInAWarpKeepTheirMeaning) {
  // in + 4 * sext(i * 0x08000000 + 0x7fffff00...) would wrap: the widened value is taken lane by
  // lane.
  Program program(
      kernel_text("add.s32 %r3, %i, 2147483632;\ncvt.s64.s32 %rd1, %r3;\nshr.s64 %rd1, %rd1, 31;\n"
                  "cvt.u32.u64 %r4, %rd1;\nst.global.u32 [%to], %r4;\nret;"));

  const std::vector<int> out = program.run_ints({1}, {32}, std::vector<int>(32));

  for (int i = 0; i < 32; ++i) ASSERT_EQ(out[i], i < 16 ? 0 : -1) << i;
}

TEST_F(Machine, IndexedBranchesGoEachLanesWay) {
  Program program(kernel_text(
      "ld.global.u32 %r3, [%at];\nrem.u32 %r4, %r3, 3;\nTABLE: .branchtargets A, B, C;\n"
      "brx.idx %r4, TABLE;\nA: mov.u32 %r5, 10;\nbra DONE;\nB: mov.u32 %r5, 20;\nbra DONE;\n"
      "C: mov.u32 %r5, 30;\nDONE: st.global.u32 [%to], %r5;\nret;"));

  const std::vector<int> out = program.run_ints({1}, {64}, ascending(64));

  for (int i = 0; i < 64; ++i) ASSERT_EQ(out[i], 10 * (i % 3 + 1)) << i;
}

TEST_F(Machine, ModuleVariablesKeepTheirInitialValues) {
  Program program(
      kernel_text("and.b32 %r3, %r2, 3;\nmul.wide.u32 %rd1, %r3, 4;\nmov.u64 %rd2, table;\nadd.s64 "
                  "%rd2, %rd2, %rd1;\n"
                  "ld.const.u32 %r4, [%rd2];\nst.global.u32 [%to], %r4;\nret;",
                  ".const .align 4 .u32 table[4] = {3, 1, 4, 15};\n"));

  const std::vector<int> out = program.run_ints({1}, {32}, std::vector<int>(32));

  const int table[] = {3, 1, 4, 15};
  for (int i = 0; i < 32; ++i) ASSERT_EQ(out[i], table[i % 4]);
}

// --- faults: one line each, with the place ---

TEST_F(Machine, UnknownInstructionsStopWithTextKernelAndLine) {
  const std::string message = fault_of(kernel_text("tensormap.replace.foo.b32 %r1, %r2;\nret;"),
                                       Fault::Kind::unsupported_instruction);

  EXPECT_NE(message.find("tensormap.replace.foo.b32 %r1"), std::string::npos) << message;
  EXPECT_NE(message.find("kernel k"), std::string::npos) << message;
  EXPECT_NE(message.find("test.ptx:18"), std::string::npos) << message;
}

TEST_F(Machine, WildAddressesAreFaultsAndTheMachineGoesOn) {
  const std::string bad = kernel_text("st.global.u32 [16], %i;\nret;");

  EXPECT_NE(fault_of(bad, Fault::Kind::illegal_address).find("illegal address 0x10"),
            std::string::npos);
  EXPECT_NE(fault_of(bad, Fault::Kind::illegal_address, {64}).find("block ("), std::string::npos);
  Program good(kernel_text("st.global.u32 [%to], %i;\nret;"));
  EXPECT_EQ(good.run_ints({1}, {32}, std::vector<int>(32)), ascending(32));
}

TEST_F(Machine, BundlesAndAtomicsAtNoMultipleOfTheirSizeAreFaults) {
  const auto fault = [](const std::string& body) {
    return fault_of(
        kernel_text("mul.wide.s32 %rd0, %i, 8;\nadd.s64 %to, %out, %rd0;\n" + body + "\nret;"),
        Fault::Kind::misaligned_address);
  };
  const std::string odd_lane =  // lane 5 alone is four bytes off
      "setp.eq.s32 %p1, %i, 5;\nselp.b64 %rd1, 4, 0, %p1;\nadd.s64 %rd2, %to, %rd1;\n";

  EXPECT_NE(fault("st.global.v2.u32 [%to+4], {%i, %i};").find("is no multiple of 8 in block (0"),
            std::string::npos);
  EXPECT_NE(fault("ld.global.v4.u32 {%r3, %r4, %r5, %r6}, [%to];").find("no multiple of 16"),
            std::string::npos);
  EXPECT_NE(fault(odd_lane + "st.global.v2.u32 [%rd2], {%i, %i};").find("'st.global.v2"),
            std::string::npos);
  EXPECT_NE(fault(odd_lane + "@%p1 ld.global.v2.u32 {%r3, %r4}, [%rd2];").find("no multiple of 8"),
            std::string::npos);
  EXPECT_NE(fault("atom.global.add.u32 %r3, [%out+2], 1;").find("no multiple of 4"),
            std::string::npos);
}

TEST_F(Machine, AddressesOfLanesThatTakeNoPartMayBeAny) {
  Program program(
      kernel_text("setp.eq.s32 %p1, %i, 5;\nselp.b64 %rd1, 4, 0, %p1;\nmul.wide.s32 %rd0, %i, 8;\n"
                  "add.s64 %to, %out, %rd0;\nadd.s64 %rd2, %to, %rd1;\n"
                  "@!%p1 st.global.v2.u32 [%rd2], {%i, %i};\nsetp.lt.s32 %p2, %i, 0;\n"
                  "@%p2 ld.global.v2.u32 {%r3, %r4}, [%to+4];\nret;"));

  const std::vector<int> got = program.run_ints({1}, {32}, std::vector<int>(64));

  for (int i = 0; i < 64; ++i) EXPECT_EQ(got[i], i / 2 == 5 ? -1 : i / 2) << i;
}

TEST_F(Machine, TrapsStopTheLaunch) {
  EXPECT_NE(fault_of(kernel_text("setp.eq.s32 %p1, %i, 5;\n@%p1 trap;\nret;"), Fault::Kind::trap)
                .find("'@%p1 trap'"),
            std::string::npos);
}

TEST_F(Machine, BarriersThatOthersNeverReachAreADeadlock) {
  // Half of a warp waits for a shuffle that the other half, at the block's barrier, never comes to.
  const std::string message = fault_of(
      kernel_text("setp.lt.s32 %p1, %r2, 16;\n@%p1 bra A;\nbar.sync 0;\nret;\n"
                  "A: shfl.sync.idx.b32 %r3|%p2, %r2, 0, 31, -1;\nst.global.u32 [%to], %r3;\nret;"),
      Fault::Kind::deadlock);
  EXPECT_NE(message.find("deadlock in block (0,0,0), warp 0"), std::string::npos) << message;
}

TEST_F(Machine, ImpossibleConfigurationsAreRefused) {
  const std::string text = kernel_text("ret;");

  EXPECT_NE(fault_of(text, Fault::Kind::invalid_configuration, {1}, {1025}).find("allowed"),
            std::string::npos);
  EXPECT_NE(fault_of(text, Fault::Kind::invalid_configuration, {0}).find("allowed"),
            std::string::npos);
  EXPECT_NE(fault_of(text, Fault::Kind::invalid_configuration, {1, 65536}).find("allowed"),
            std::string::npos);
  EXPECT_NE(fault_of(text, Fault::Kind::invalid_configuration, {1}, {1, 1, 65}).find("allowed"),
            std::string::npos);
}

TEST_F(Machine, LaunchesAreCountedWithTheirBlocksAndThreads) {
  Program program(kernel_text("st.global.u32 [%to], %i;\nret;"));
  const LaunchStatistics before = launch_statistics();

  program.run_ints({3}, {40}, std::vector<int>(120));
  program.run_ints({1}, {32}, std::vector<int>(32));

  const LaunchStatistics after = launch_statistics();
  EXPECT_EQ(after.launches - before.launches, 2u);
  EXPECT_EQ(after.blocks - before.blocks, 4u);
  EXPECT_EQ(after.threads - before.threads, 152u);
}

// --- the cache on disk ---

TEST_F(Machine, CompiledCodeComesFromTheCacheAndDamagedFilesAreReplaced) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("vgpu_cache_" + std::to_string(getpid()));
  settings().cache_folder = folder.string();
  const std::string text = kernel_text("st.global.u32 [%to], %i;\nret;");
  const auto run = [&] {
    const auto before = compile_statistics();
    EXPECT_EQ(Program(text).run_ints({1}, {32}, std::vector<int>(32)), ascending(32));
    return compile_statistics().from_cache - before.from_cache;
  };

  EXPECT_EQ(run(), 0);
  EXPECT_EQ(run(), 1);
  for (const auto& file : std::filesystem::directory_iterator(folder))
    std::filesystem::resize_file(file, file.file_size() / 2);
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(run(), 1);
  std::filesystem::remove_all(folder);
}

TEST_F(Machine, ACacheThatCannotBeWrittenIsNoCache) {
  settings().cache_folder = "/proc/nowhere";

  EXPECT_EQ(Program(kernel_text("st.global.u32 [%to], %i;\nret;"))
                .run_ints({1}, {32}, std::vector<int>(32)),
            ascending(32));
}

}  // namespace
}  // namespace vgpu
