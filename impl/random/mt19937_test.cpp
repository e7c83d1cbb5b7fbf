// Expected values: torch 2.15.0, torch.manual_seed(...) and the calls that the tests name.
#include "impl/random/mt19937.h"

#include <gtest/gtest.h>

#include <cstring>

#include "impl/core/error.h"

namespace plumb {
namespace {

TEST(Mt19937, DrawsLibTorchsWords) {
  Mt19937 generator(42);
  EXPECT_EQ(generator.random_int64(),
            0x5fe1dc66cbea3db3);  // torch.empty((), dtype=torch.int64).random_()
  EXPECT_EQ(generator.random_int64(), 0x7362035c2ef5950e);
}

TEST(Mt19937, TakesTheSeedsLowWordOnly) {
  EXPECT_EQ(Mt19937((std::uint64_t{1} << 32) + 5).random_int64(), 0x38d48b630e2048ce);
  EXPECT_EQ(Mt19937(5).random_int64(), 0x38d48b630e2048ce);
}

TEST(Mt19937, GoesOnFromASavedState) {
  Mt19937 a(9);
  for (int i = 0; i < 1000; ++i) a.random();
  const double first = a.normal();  // its second one is kept
  Mt19937 b(1);

  b.set_state(a.state());

  EXPECT_EQ(b, a);
  EXPECT_NE(a.normal(), first);
  b.normal();
  EXPECT_EQ(a.random64(), b.random64());
  EXPECT_EQ(b.initial_seed(), 9u);
  EXPECT_THROW(b.set_state("nonsense"), ValueError);
  EXPECT_THROW(b.set_state(a.state().substr(0, 4000)), ValueError);
}

/// torch.Generator().manual_seed(5).get_state(), and after torch.empty(3).normal_(generator=g).
TEST(Mt19937, HasLibTorchsState) {
  Mt19937 g(5);
  const auto number_at = [&](std::size_t place, auto number) {
    std::memcpy(&number, g.libtorch_state().data() + place, sizeof number);
    return number;
  };
  EXPECT_EQ(g.libtorch_state().size(), 5056u);
  EXPECT_EQ(number_at(0, std::uint64_t{}), 5u);
  EXPECT_EQ(number_at(8, std::int32_t{}), 1);
  EXPECT_EQ(number_at(16, std::uint64_t{}), 0u);
  EXPECT_EQ(number_at(24, std::uint64_t{}), 5u);

  for (int i = 0; i < 3; ++i) g.normal();

  EXPECT_EQ(number_at(8, std::int32_t{}), 0x269);
  EXPECT_EQ(number_at(16, std::uint64_t{}), 8u);
  EXPECT_EQ(number_at(5024, std::uint64_t{}), 0x3fe55c5bec8c072cu);
  EXPECT_EQ(number_at(5040, std::int32_t{}), 1);
}

TEST(Mt19937, TakesLibTorchsState) {
  Mt19937 a(77), b;
  for (int i = 0; i < 700; ++i) a.random();
  a.normal();

  b.set_libtorch_state(a.libtorch_state());

  EXPECT_EQ(b, a);
  std::vector<std::byte> bytes = a.libtorch_state();
  bytes[16] = std::byte{200};
  EXPECT_THROW(b.set_libtorch_state(bytes), ValueError);  // left and next disagree
  bytes.resize(100);
  EXPECT_THROW(b.set_libtorch_state(bytes), ValueError);
  EXPECT_EQ(b, a);
}

}  // namespace
}  // namespace plumb
