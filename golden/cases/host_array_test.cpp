// host_array_test.cpp - rounding, bytes and the comparison of arrays, against the hardware's own.
#include "golden/cases/host_array.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr Dtype kFloating[] = {Dtype::f64, Dtype::f32, Dtype::f16, Dtype::bf16};

HostArray array(std::vector<double> values, Dtype dtype = Dtype::f32) {
  return {{static_cast<std::int64_t>(values.size())}, dtype, std::move(values)};
}

TEST(RoundTo, agreesWithTheProcessorOnEveryBitPatternOfTheExponent) {
  std::mt19937_64 random(1);

  for (int i = 0; i < 200000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (std::isnan(value)) continue;
    const double small = std::ldexp(value, -std::ilogb(value) - static_cast<int>(random() % 200));
    for (const double v : {value, small}) {
      ASSERT_EQ(round_to(Dtype::f32, v), static_cast<float>(v)) << v;
      ASSERT_EQ(round_to(Dtype::f16, v), static_cast<double>(static_cast<_Float16>(v))) << v;
      ASSERT_EQ(round_to(Dtype::f64, v), v);
    }
  }
}

TEST(RoundTo, takesTiesToEvenAndOverflowsPastHalfAUnit) {
  EXPECT_EQ(round_to(Dtype::bf16, 1 + 0x1p-8), 1);
  EXPECT_EQ(round_to(Dtype::bf16, 1 + 3 * 0x1p-8), 1 + 0x1p-6);
  EXPECT_EQ(round_to(Dtype::bf16, 1 + 0x1p-8 + 0x1p-40), 1 + 0x1p-7);
  EXPECT_EQ(round_to(Dtype::f16, 65519.999), 65504);
  EXPECT_EQ(round_to(Dtype::f16, 65520), kInf);
  EXPECT_EQ(round_to(Dtype::f16, -65520), -kInf);
  EXPECT_EQ(round_to(Dtype::bf16, 0x1.ffp127), kInf);
}

TEST(RoundTo, keepsSubnormalsTheSignOfZeroAndNaN) {
  EXPECT_EQ(round_to(Dtype::f16, 0x1p-24), 0x1p-24);
  EXPECT_EQ(round_to(Dtype::f16, 0x1p-25), 0);  // a tie: to even
  EXPECT_EQ(round_to(Dtype::bf16, 3 * 0x1p-134), 0x1p-132);
  for (const Dtype dtype : kFloating) {
    EXPECT_TRUE(std::signbit(round_to(dtype, -0.0L)));
    EXPECT_TRUE(std::isnan(round_to(dtype, kNaN)));
    EXPECT_EQ(round_to(dtype, -kInf), -kInf);
  }
}

TEST(HostArrayBytes, comeBackAsTheyWereInEveryDtype) {
  for (const Dtype dtype : kAllDtypes) {
    std::vector<double> values = {0, 1, 0, 1};
    if (is_floating(dtype)) values = {-0.0, 1.5, kInf, -kInf, kNaN, -0.375};
    if (dtype == Dtype::i64 || dtype == Dtype::i32) values = {-100, 0, 2147483647};
    const HostArray want = array(values, dtype);

    const HostArray got = array_of_bytes(want.shape, dtype, bytes_of_array(want));
    const HostArray filed = from_host_tensor(to_host_tensor(want));

    EXPECT_EQ(difference(got, want), "") << name_of(dtype);
    EXPECT_EQ(difference(filed, want), "") << name_of(dtype);
  }
}

TEST(HostArrayBytes, ofAnUnknownDtypeAreRefused) {
  EXPECT_THROW(from_host_tensor({"F8_E4M3", {1}, std::vector<std::byte>(1)}), UsageError);
}

TEST(Difference, isEmptyForTheSameBitsAlone) {
  EXPECT_EQ(difference(array({1, kNaN, -kInf}), array({1, -kNaN, -kInf})), "");
  EXPECT_EQ(difference(array({}), array({})), "");
  EXPECT_NE(difference(array({-0.0}), array({0.0})), "");
  EXPECT_NE(difference(array({kInf}), array({-kInf})), "");
  EXPECT_NE(difference(array({1}), array({kNaN})), "");
  EXPECT_NE(difference(array({0x1p-149}), array({0})), "");
}

TEST(Difference, saysHowManyAndWhichIsFirst) {
  const HostArray want{{2, 3}, Dtype::f32, {1, 2, 3, 4, 5, 6}};
  HostArray got = want;
  got.values[3] = 7, got.values[5] = kNaN;

  EXPECT_EQ(difference(got, want), "2 of 6 elements differ, first [1,0]: got 7, want 4");
}

TEST(Difference, ofShapesAndDtypesNamesBoth) {
  const std::string shape = difference({{2, 1}, Dtype::f32, {1, 2}}, array({1, 2}));
  const std::string dtype = difference(array({1}, Dtype::f64), array({1}));

  EXPECT_EQ(shape, "got f32 [2, 1], want f32 [2]");
  EXPECT_EQ(dtype, "got f64 [1], want f32 [1]");
}

TEST(DifferenceBeyond, allowsTheBoundAndNoNaN) {
  const auto beyond = [](double got, double want, double allowed) {
    return !difference_beyond(array({got}), array({want}), [&](std::size_t) {
              return allowed;
            }).empty();
  };

  EXPECT_FALSE(beyond(1.5, 1, 0.5));
  EXPECT_TRUE(beyond(1.5, 1, 0.499));
  EXPECT_TRUE(beyond(1, 1.5, kNaN));
  EXPECT_TRUE(beyond(kNaN, 1, kInf));
  EXPECT_TRUE(beyond(1, kNaN, kInf));
  EXPECT_TRUE(beyond(kInf, 1e38, kInf));
  EXPECT_FALSE(beyond(kInf, kInf, 0));
}

TEST(PlaceOf, countsTheLastDimensionFastest) {
  EXPECT_EQ(place_of({2, 3, 4}, 0), "[0,0,0]");
  EXPECT_EQ(place_of({2, 3, 4}, 23), "[1,2,3]");
  EXPECT_EQ(place_of({}, 0), "[]");
}

}  // namespace
}  // namespace plumb::golden
