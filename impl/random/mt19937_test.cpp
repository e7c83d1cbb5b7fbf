// Expected values: torch 2.15.0, torch.manual_seed(...) and the calls that the tests name.
#include "impl/random/mt19937.h"

#include <gtest/gtest.h>

#include <numeric>

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

TEST(Mt19937, PermutesAsRandperm) {
  EXPECT_EQ(Mt19937(7).permutation(12),
            (std::vector<std::int64_t>{3, 4, 0, 5, 7, 9, 11, 6, 8, 1, 10, 2}));
  EXPECT_TRUE(Mt19937(7).permutation(0).empty());
  EXPECT_THROW(Mt19937(7).permutation(-1), ValueError);
  const auto many = Mt19937(7).permutation(200000);
  std::int64_t checksum = 0;  // (torch.randperm(200000) * torch.arange(200000)).sum()
  for (std::size_t i = 0; i < many.size(); ++i) checksum += many[i] * static_cast<std::int64_t>(i);
  EXPECT_EQ(checksum, 2000568651157524);
}

TEST(Mt19937, DrawsUniformNumbersInBothForms) {
  float fused[4], plain[4];
  Mt19937(3).uniform(fused, 4, -0.2236, 0.2236,
                     true);  // torch's AVX-512 kernel; then ATEN_CPU_CAPABILITY=default
  Mt19937(3).uniform(plain, 4, -0.2236, 0.2236, false);
  const float expected[] = {-0x1.c6072ap-3f, -0x1.693ed6p-3f, -0x1.88476ep-4f, -0x1.b13eecp-3f};
  const float expected_plain[] = {-0x1.c6072ap-3f, -0x1.693ed6p-3f, -0x1.88476cp-4f,
                                  -0x1.b13eecp-3f};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(fused[i], expected[i]);
    EXPECT_EQ(plain[i], expected_plain[i]);
  }
  std::vector<float> many(400);
  Mt19937(3).uniform(many.data(), many.size(), -0.2236, 0.2236, true);
  EXPECT_EQ(std::accumulate(many.begin(), many.end(), 0.0), -0x1.8e0c5cdacp+1);
  Mt19937(3).uniform(many.data(), many.size(), -0.2236, 0.2236, false);
  EXPECT_EQ(std::accumulate(many.begin(), many.end(), 0.0), -0x1.8e0c5e6p+1);
  double wide[3];
  Mt19937(3).uniform(wide, 3, -1, 2, true);
  EXPECT_EQ(wide[0], -0x1.cb9c1c9aeec38p-1);
  EXPECT_EQ(wide[1], -0x1.1e449ebad31dcp-3);
  EXPECT_EQ(wide[2], 0x1.519942e9715acp+0);
}

TEST(Mt19937, GoesOnFromASavedState) {
  Mt19937 a(9);
  a.permutation(1000);
  Mt19937 b(1);

  b.set_state(a.state());

  EXPECT_EQ(a.random64(), b.random64());
  EXPECT_EQ(b.initial_seed(), 9u);
  EXPECT_THROW(b.set_state("nonsense"), ValueError);
}

}  // namespace
}  // namespace plumb
