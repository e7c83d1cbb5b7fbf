#include "golden/audit/judge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace plumb::audit {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN(),
                kInf = std::numeric_limits<float>::infinity();

TensorVerdict one(float got, double want, double bound) {
  return judge("t", {got}, {want}, {bound});
}

TEST(Judge, PassesWithinTheBoundAndFailsBeyondIt) {
  EXPECT_TRUE(one(1.5f, 1.0, 0.5).passed());
  EXPECT_FALSE(one(1.5f, 1.0, 0.499).passed());
  EXPECT_EQ(one(1.25f, 1.0, 0.5).share, 0.5);
}

TEST(Judge, NaNPassesForNaNAlone) {
  EXPECT_FALSE(one(kNaN, 1.0, 1e30).passed());
  EXPECT_FALSE(one(1.0f, kNaN, 1e30).passed());
  EXPECT_TRUE(one(kNaN, -std::numeric_limits<double>::quiet_NaN(), 0).passed());
  EXPECT_FALSE(one(1.0f, 1.5, kNaN).passed());
}

TEST(Judge, InfinitiesMustAgreeInSign) {
  EXPECT_TRUE(one(kInf, kInf, 0).passed());
  EXPECT_FALSE(one(-kInf, kInf, kInf).passed());
  EXPECT_FALSE(one(kInf, 1e38, 1e39).passed());
  EXPECT_FALSE(one(1.0f, 2.0, kInf).passed());
}

TEST(Judge, ZerosAndSubnormalsAreNumbers) {
  EXPECT_TRUE(one(-0.0f, 0.0, 0).passed());
  EXPECT_FALSE(one(0x1p-149f, 0.0, 0).passed());
  EXPECT_TRUE(one(0x1p-149f, 0.0, 0x1p-149).passed());
  EXPECT_FALSE(one(1.0f, 1.0 + 1e-9, -1).passed());
}

TEST(Judge, NamesTheWorstElementAndCountsAllBeyond) {
  const TensorVerdict v = judge("w", {1, 2, 3}, {1, 2.5, 4}, {0.1, 0.1, 0.1});
  EXPECT_EQ(v.beyond, 2);
  EXPECT_EQ(v.worst, 2);
  EXPECT_NE(v.describe().find("w[2]: got 3, want 4, bound 0.1"), std::string::npos) << v.describe();
}

TEST(Judge, EmptyTensorsAndWrongSizesDoNotPass) {
  EXPECT_FALSE(judge("t", {}, {}, {}).passed());
  EXPECT_THROW(judge("t", {1}, {1, 2}, {1, 2}), std::invalid_argument);
}

TEST(Judge, SaysWhenZerosWouldPassToo) {
  EXPECT_TRUE(judge("t", {1e-9f}, {1e-9}, {1e-8}).vacuous);
  EXPECT_FALSE(judge("t", {1e-9f, 1}, {1e-9, 1}, {1e-8, 1e-8}).vacuous);
}

TEST(RelativeDistance, IsInfiniteForWhatIsNotFinite) {
  EXPECT_EQ(relative_distance({1, 2}, {1, 2}), 0);
  EXPECT_NEAR(relative_distance({3, 4.5}, {3, 4}), 0.1, 1e-15);
  EXPECT_TRUE(std::isinf(relative_distance({kNaN}, {1})));
  EXPECT_TRUE(std::isinf(relative_distance({1}, {1, 2})));
}

}  // namespace
}  // namespace plumb::audit
