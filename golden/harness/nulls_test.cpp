// nulls_test.cpp - what kernels that compute nothing return, and when they pass.
#include "golden/harness/nulls.h"

#include <gtest/gtest.h>

#include <limits>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

using Values = std::vector<double>;

Expected expected(Values want) {
  Expected e;
  e.shape = {static_cast<std::int64_t>(want.size())};
  e.want = std::move(want);
  return e;
}
HostArray array(Values values) {
  return {{static_cast<std::int64_t>(values.size())}, Dtype::f32, std::move(values)};
}
Answer answer(Values want) { return {{{"y", expected(std::move(want))}}, {}}; }

TEST(NullOutput, ofZerosIsZerosOfTheOutputsShape) {
  EXPECT_EQ(null_output(NullKernel::zeros, "y", expected({1, 2}), {})->values, (Values{0, 0}));
}

TEST(NullOutput, ofACopyIsTheInputOfTheNameElseOneThatFits) {
  const std::map<std::string, HostArray> inputs = {
      {"a", array({7})}, {"b", array({1, 2})}, {"param", array({3, 4})}};

  EXPECT_EQ(null_output(NullKernel::copy, "param", expected({0, 0}), inputs)->values,
            (Values{3, 4}));
  EXPECT_EQ(null_output(NullKernel::copy, "y", expected({0, 0}), inputs)->values, (Values{1, 2}));
  EXPECT_FALSE(null_output(NullKernel::copy, "y", expected({0, 0, 0}), inputs));
}

TEST(NullOutput, ofTheMeanIsThatOfTheNumbersAlone) {
  const double inf = std::numeric_limits<double>::infinity();

  EXPECT_EQ(null_output(NullKernel::mean, "y", expected({1, inf, 4}), {})->values,
            (Values{2.5, 2.5, 2.5}));
  EXPECT_FALSE(null_output(NullKernel::mean, "y", expected({5}), {}));
  EXPECT_FALSE(null_output(NullKernel::mean, "y", expected({-1, 1}), {}));
}

TEST(NullPasses, whenEveryOutputThatHasElementsPasses) {
  Answer two = answer({0, 0});
  two.outputs["z"] = expected({0, 1});

  EXPECT_TRUE(null_passes(NullKernel::zeros, answer({0, 0}), {}, {}));
  EXPECT_FALSE(null_passes(NullKernel::zeros, two, {}, {}));
  EXPECT_FALSE(null_passes(NullKernel::zeros, answer({}), {}, {}));
  EXPECT_TRUE(null_passes(NullKernel::mean, answer({3, 3}), {}, {}));
  EXPECT_TRUE(null_passes(NullKernel::copy, answer({3, 4}), {{"x", array({3, 4})}}, {}));
}

TEST(NullNames, comeBack) {
  for (const NullKernel null : kNullKernels) EXPECT_EQ(null_from_name(name_of(null)), null);
  EXPECT_THROW(null_from_name("ones"), UsageError);
}

}  // namespace
}  // namespace plumb::golden
