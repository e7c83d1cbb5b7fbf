// The sheet's parts: names, ptxas's words, NVIDIA's occupancy, the model, pinned counts.
#include <gtest/gtest.h>

#include "bench/kernels/sheet.h"
#include "impl/core/file.h"

namespace plumb::bench {
namespace {

TEST(KernelNames, LoseNamespacesAndParameters) {
  EXPECT_EQ(short_name("_ZN5plumb12_GLOBAL__N_111relu_kernelIfEEvPKT_PS2_l"), "relu_kernel<float>");
  EXPECT_EQ(short_name("plain"), "plain");
}

TEST(MachineCode, IsReadFromWhatPtxasPrints) {
  const auto codes = read_ptxas(
      "ptxas info    : 0 bytes gmem\n"
      "ptxas info    : Compiling entry function '_Z1kPf' for 'sm_90'\n"
      "ptxas info    : Function properties for _Z1kPf\n"
      "    16 bytes stack frame, 12 bytes spill stores, 24 bytes spill loads\n"
      "ptxas info    : Used 40 registers, used 1 barriers, 2048 bytes smem, 380 bytes cmem[0]\n");

  ASSERT_EQ(codes.size(), 1u);
  const MachineCode& code = codes.at("_Z1kPf");
  EXPECT_EQ(code.registers, 40);
  EXPECT_EQ(code.barriers, 1);
  EXPECT_EQ(code.stack_bytes, 16);
  EXPECT_EQ(code.spill_store_bytes, 12);
  EXPECT_EQ(code.spill_load_bytes, 24);
  EXPECT_EQ(code.shared_bytes, 2048);
}

TEST(OccupancyOfKernels, IsLimitedByWhatRunsOut) {
  const vgpu::Profile& device = vgpu::profile("a100");
  // 65536 registers / (64 * 256 threads) = 4 blocks of 8 warps, of 64.
  const Occupancy registers = occupancy(device, {.registers = 64}, 256, 0);
  EXPECT_EQ(registers.blocks_per_sm, 4);
  EXPECT_EQ(registers.warps_share, 0.5);
  EXPECT_EQ(registers.limits, "registers");
  // 164 KiB / (32 + 1 KiB reserved) = 4.
  const Occupancy shared = occupancy(device, {.registers = 16, .shared_bytes = 32768}, 64, 0);
  EXPECT_EQ(shared.blocks_per_sm, 4);
  EXPECT_EQ(shared.limits, "shared memory");
  EXPECT_EQ(occupancy(device, {.registers = 16}, 1024, 0).limits, "warps");
}

TEST(Model, NamesTheBusiestUnit) {
  const vgpu::Profile& device = vgpu::profile("a100");
  vgpu::observe::Counters c;
  c.launches = 1;
  c.blocks = 1000;
  c.buffers["x"].distinct_read = 1'555'200'000;  // a millisecond of its memory
  EXPECT_EQ(modelled_time(device, c).bound, "dram");
  EXPECT_NEAR(modelled_time(device, c).seconds, 1e-3, 1e-6);
  c.shared_load.pieces = 1'000'000'000;
  EXPECT_EQ(modelled_time(device, c).bound, "shared");
}

TEST(PinnedCounts, DifferencesNameCallKernelAndCount) {
  const std::string head = "call,kernel\n",
                    counts = ",1,2,3,0,0,0,0,4,5,6,7,8,9,0,0,0,0,0,0,0,10,11\n";
  const std::string pinned = head + "relu/forward/f32/n1,\"relu_kernel<float>\",1,256,0" + counts;
  std::string now = pinned;
  EXPECT_TRUE(differences(pinned, now).empty());
  now.replace(now.find(",5,6"), 4, ",9,6");
  ASSERT_EQ(differences(pinned, now).size(), 1u);
  EXPECT_EQ(differences(pinned, now)[0],
            "relu/forward/f32/n1,\"relu_kernel<float>\",1,256,0: global_load_sectors 9, pinned 5");
  EXPECT_EQ(differences(pinned, head).size(), 1u);
  EXPECT_EQ(differences(head, pinned).size(), 1u);
}

}  // namespace
}  // namespace plumb::bench
