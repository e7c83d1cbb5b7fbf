// What the checks take for ordered, piece by piece.
#include "vgpu/observe/order.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "vgpu/observe/access.h"
#include "vgpu/observe/byte_set.h"
#include "vgpu/observe/checks.h"
#include "vgpu/observe/race.h"

namespace vgpu::observe {
namespace {

constexpr int kLane5 = 5, kLane9 = 9, kOtherWarp = 40;

TEST(Order, ThreadsOfNoSyncAreNotOrdered) {
  const Order order(2);
  EXPECT_TRUE(order.before(order.now(), kLane5, kLane5));
  EXPECT_FALSE(order.before(order.now(), kLane5, kLane9));
  EXPECT_FALSE(order.before(order.now(), kLane5, kOtherWarp));
}

TEST(Order, ABarrierOrdersAll) {
  Order order(2);
  const Time then = order.now();
  order.block_barrier();
  EXPECT_TRUE(order.before(then, kLane5, kOtherWarp));
  EXPECT_FALSE(order.before(order.now(), kLane5, kOtherWarp));
}

TEST(Order, ASyncOfAWarpOrdersItsLanesAlone) {
  Order order(2);
  const Time then = order.now();
  order.lanes_sync(0, kAllLanes);
  EXPECT_TRUE(order.before(then, kLane5, kLane9));
  EXPECT_FALSE(order.before(then, kLane5, kOtherWarp));
}

TEST(Order, ASyncOrdersTheLanesThatItNames) {
  Order order(1);
  const Time then = order.now();
  order.lanes_sync(0, 1u << kLane5 | 1u << 7);
  EXPECT_TRUE(order.before(then, kLane5, 7));
  EXPECT_FALSE(order.before(then, kLane5, kLane9));
}

TEST(Order, SyncsChain) {
  Order order(1);
  const Time then = order.now();
  order.lanes_sync(0, 1u << kLane5 | 1u << 7);
  order.lanes_sync(0, 1u << 7 | 1u << kLane9);
  EXPECT_TRUE(order.before(then, kLane5, kLane9));
}

TEST(Order, SyncsDoNotChainBackwards) {
  Order order(1);
  const Time then = order.now();
  order.lanes_sync(0, 1u << 7 | 1u << kLane9);
  order.lanes_sync(0, 1u << kLane5 | 1u << 7);
  EXPECT_FALSE(order.before(then, kLane5, kLane9));
}

TEST(Order, WhoeverArrivesIsBeforeWhoeverWaits) {
  Order order(3);
  const Time then = order.now();
  order.warps_barrier(0b011, 0b010);  // warp 0 arrives, warp 1 waits
  EXPECT_TRUE(order.before(then, kLane5, kOtherWarp));
  EXPECT_FALSE(order.before(then, kOtherWarp, kLane5));
  EXPECT_FALSE(order.before(then, kLane5, 64));
}

struct NoOrder : BlockOrder {
  bool before(std::uint64_t, Time, int, std::uint64_t, int) const override { return false; }
};

class Races : public testing::Test {
 protected:
  std::optional<Conflict> note(int thread, bool writes, std::uint64_t at = 0,
                               std::uint64_t bytes = 4, bool strong = false,
                               std::uint64_t block = 0) {
    return races_.note(at, bytes, {event(thread, writes, strong, block), 1, order_, blocks_});
  }
  Event event(int thread, bool writes, bool strong, std::uint64_t block) {
    return {block,   order_.now(), thread / kWarpSize, 1u << thread % kWarpSize, index_++, writes,
            !writes, strong};
  }
  bool read(int thread, std::uint64_t at = 0, std::uint64_t bytes = 4) {
    return note(thread, false, at, bytes).has_value();
  }
  bool write(int thread, std::uint64_t at = 0, std::uint64_t bytes = 4) {
    return note(thread, true, at, bytes).has_value();
  }

  Order order_{2};
  NoOrder blocks_;
  RaceMap races_{64};
  int index_ = 0;
};

TEST_F(Races, ReadersDoNotRace) {
  EXPECT_FALSE(read(1));
  EXPECT_FALSE(read(2));
  EXPECT_FALSE(read(kOtherWarp));
}

TEST_F(Races, EachHazardHasItsName) {
  EXPECT_FALSE(write(1));
  EXPECT_EQ(note(2, false)->hazard, Hazard::read_after_write);
  EXPECT_EQ(note(3, true)->hazard, Hazard::write_after_write);
  order_.block_barrier();
  EXPECT_FALSE(read(1));
  EXPECT_EQ(note(2, true)->hazard, Hazard::write_after_read);
}

TEST_F(Races, AWriterThatReadLastHidesNoOtherReader) {
  EXPECT_FALSE(read(1));
  EXPECT_FALSE(read(2));
  EXPECT_TRUE(write(2));  // a single slot for the last reader would miss it
}

TEST_F(Races, ALaterReaderTakesThePlaceOfThoseBefore) {
  EXPECT_FALSE(read(1));
  order_.lanes_sync(0, kAllLanes);
  EXPECT_FALSE(read(2));
  EXPECT_FALSE(write(2));
}

TEST_F(Races, ReadersOfTwoWarpsNeedABarrierOfBoth) {
  EXPECT_FALSE(read(1));
  EXPECT_FALSE(read(kOtherWarp));
  order_.lanes_sync(0, kAllLanes);
  EXPECT_TRUE(write(2));
}

TEST_F(Races, LanesThatReadTogetherAreOneSet) {
  const Event together{0, order_.now(), 0, 0xff, 0, false, true, false};
  EXPECT_FALSE(races_.note(0, 4, {together, 1, order_, blocks_}));
  const auto conflict = note(3, true);
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->thread, -1);
  EXPECT_EQ(conflict->own_thread, 3);
}

TEST_F(Races, OfLanesThatReadTogetherTheOneThatRacesIsTold) {
  EXPECT_FALSE(write(2));
  const Event together{0, order_.now(), 0, 0b1100, 0, false, true, false};
  const auto conflict = races_.note(0, 4, {together, 1, order_, blocks_});
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->own_thread, 3);  // lane 2 wrote itself
}

TEST_F(Races, NeighbouringBytesAreApart) {
  EXPECT_FALSE(write(1, 0, 1));
  EXPECT_FALSE(write(2, 1, 1));
  EXPECT_TRUE(read(3, 0, 4));
}

TEST_F(Races, WordsThatWereTouchedBeforeBytesKeepTheirRecords) {
  EXPECT_FALSE(write(1, 8, 4));
  EXPECT_FALSE(write(2, 0, 1));
  EXPECT_TRUE(read(3, 10, 1));
}

TEST_F(Races, StrongAccessesMeetEachOtherAlone) {
  EXPECT_FALSE(note(1, true, 0, 4, true));
  EXPECT_FALSE(note(2, true, 0, 4, true));
  EXPECT_TRUE(note(3, false));                      // plain read after atomics
  EXPECT_TRUE(note(kOtherWarp, true, 0, 4, true));  // atomic after the plain read
}

TEST_F(Races, AnOlderAtomicIsNotForgottenForTheLast) {
  EXPECT_FALSE(note(1, true, 0, 4, true));
  EXPECT_FALSE(note(2, true, 0, 4, true));
  EXPECT_TRUE(note(2, false));  // its own atomic was the last; thread 1's races
}

TEST_F(Races, BlocksRaceWhateverTheirBarriers) {
  EXPECT_FALSE(note(1, true, 0, 4, false, 0));
  order_.block_barrier();
  EXPECT_TRUE(note(1, false, 0, 4, false, 1));
}

TEST_F(Races, AnotherLaunchBeginsAnew) {
  EXPECT_FALSE(write(1));
  EXPECT_FALSE(races_.note(0, 4, {event(2, false, false, 0), 2, order_, blocks_}));
}

TEST(ByteSet, HoldsWhatWasAddedAcrossWords) {
  ByteSet bytes(200);
  bytes.add(60, 70);
  EXPECT_TRUE(bytes.has_all(60, 64));
  EXPECT_TRUE(bytes.has_all(114, 16));
  EXPECT_FALSE(bytes.has_all(59, 2));
  EXPECT_FALSE(bytes.has_all(129, 2));
  bytes.remove(64, 64);
  EXPECT_TRUE(bytes.has_all(60, 4));
  EXPECT_FALSE(bytes.has_all(63, 2));
  EXPECT_TRUE(bytes.has_all(128, 2));
}

ptx::Instruction instruction(const std::string& text) {
  const ptx::Module module = ptx::parse(
      ".version 8.0\n.target sm_90\n.address_size 64\n.visible .entry k()\n{\n.reg .pred %p;.reg "
      ".b32 "
      "%r<9>;.reg .b64 %rd<9>;.reg .f32 %f<9>;\n" +
          text + "\n}\n",
      "test.ptx");
  return module.functions[0].body[0];
}

TEST(Accesses, HaveTheBytesOfAllElements) {
  const auto all = accesses_of(instruction("ld.global.nc.v4.f32 {%f1,%f2,%f3,%f4}, [%rd1];"));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].bytes, 16);
  EXPECT_EQ(all[0].space, ptx::Space::global);
  EXPECT_FALSE(all[0].strong);
}

TEST(Accesses, OfAnAsynchronousCopyAreTwo) {
  const auto all = accesses_of(instruction("cp.async.ca.shared.global [%r1], [%rd1], 16;"));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].effect, Effect::read);
  EXPECT_EQ(all[1].effect, Effect::write);
  EXPECT_EQ(all[1].bytes, 16);
}

TEST(Accesses, OfAnAtomicAreStrong) {
  const auto all = accesses_of(instruction("atom.global.add.u32 %r1, [%rd1], %r2;"));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].strong && all[0].reads() && all[0].writes());
}

TEST(Ranges, AreMergedWhereTheyTouch) {
  Ranges all;
  for (const Range range : {Range{0, 4}, {8, 12}, {20, 24}, {12, 16}, {4, 8}, {30, 30}})
    add(all, range);
  EXPECT_EQ(all, (Ranges{{0, 16}, {20, 24}}));
  add(all, {10, 21});
  EXPECT_EQ(all, (Ranges{{0, 24}}));
  EXPECT_EQ(bytes_of(all), 24u);
}

TEST(Ranges, KnowWhatTwoOfThemHold) {
  const Ranges a{{0, 10}, {20, 30}}, b{{5, 21}, {29, 40}};
  EXPECT_EQ(both(a, b), (Ranges{{5, 10}, {20, 21}, {29, 30}}));
  EXPECT_TRUE(both(a, {{10, 20}}).empty());
  EXPECT_TRUE(covers(a, {{0, 3}, {4, 10}, {25, 30}}));
  EXPECT_TRUE(covers(a, {}));
  EXPECT_FALSE(covers(a, {{9, 11}}));
  EXPECT_FALSE(covers(a, {{30, 31}}));
}

TEST(ByteSet, GivesItsStretchesAndItsCount) {
  ByteSet set(300);
  set.add(3, 61);
  set.add(64, 64);
  set.add(200, 1);
  EXPECT_EQ(set.ranges(300), (Ranges{{3, 128}, {200, 201}}));
  ByteSet other(300);
  other.add(100, 150);
  other.add_all(set, 300);
  EXPECT_EQ(other.ranges(300), (Ranges{{3, 250}}));
  EXPECT_EQ(set.take_count(300), 126u);
  EXPECT_TRUE(set.ranges(300).empty());
}

TEST(Checks, AreReadByTheirWords) {
  Checks checks;
  set_checks(checks, "--check", "memory,race");
  EXPECT_TRUE(checks.memory && checks.race && !checks.init && !checks.sync);
  EXPECT_EQ(name_of(checks), "memory,race");
  set_checks(checks, "--check", "all");
  EXPECT_EQ(name_of(checks), "memory,init,race,sync,stream");
}

TEST(Checks, RefuseAnotherWordInOneLine) {
  Checks checks;
  try {
    set_checks(checks, "--check", "memroy");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(
        error.what(),
        "--check is 'memroy', allowed: memory, init, race, sync, stream, leak, unused, all "
        "(the first five), off, with commas between");
  }
  EXPECT_THROW(set_checks(checks, "--check", ""), std::invalid_argument);
}

}  // namespace
}  // namespace vgpu::observe
