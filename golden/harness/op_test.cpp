// op_test.cpp - what ids mean; what they do not mean is refused in one line that says what is.
#include "golden/harness/op.h"

#include <gtest/gtest.h>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

std::string refusal(const std::string& id) {
  try {
    make_case(id);
  } catch (const UsageError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "accepted";
}

bool refused(const std::string& id, const std::string& text) {
  const std::string got = refusal(id);
  EXPECT_NE(got.find(text), std::string::npos) << got;
  return got != "accepted";
}

TEST(MakeCase, readsSizesFillScaleSeedAndLayout) {
  const Case c =
      make_case("linear/backward/bf16/n4_in5_out3/nobias/normal/x2/pow-3/at1.5/seed7/strided");

  ASSERT_EQ(c.inputs.size(), 3u);
  const Recipe& dy = *c.find("dy");
  EXPECT_EQ(dy.shape, (Shape{4, 3}));
  EXPECT_EQ(dy.dtype, Dtype::bf16);
  EXPECT_EQ(dy.fill, Fill::normal);
  EXPECT_EQ(dy.scale, 0.25);
  EXPECT_EQ(dy.offset, 1.5);
  EXPECT_EQ(dy.seed, 7u);
  EXPECT_EQ(dy.layout, Layout::strided);
  EXPECT_EQ(c.find("bias"), nullptr);
  EXPECT_FALSE(c.exact);
}

TEST(MakeCase, refusesWhatDoesNotExistAndSaysWhatDoes) {
  EXPECT_TRUE(refused("linar/forward/f32/n1_in1_out1", "nearest: 'linear'"));
  EXPECT_TRUE(refused("sgd/forward/f32/n1", "sgd has no direction 'forward'; it has: step"));
  EXPECT_TRUE(refused("relu/forward/i64/n1", "relu does not take i64"));
  EXPECT_TRUE(refused("relu/forward/fp8/n1", "allowed: f64, f32"));
  EXPECT_TRUE(refused("linear/forward/f32/n4_in5_out3/nobais", "option 'nobais' is unknown"));
  EXPECT_TRUE(refused("linear/forward/f32/n4_in5_out3/nobais", "linear forward has: exact"));
  EXPECT_TRUE(refused("linear/forward/f32/n4_in5_out3_k2", "size 'k' is none of linear"));
  EXPECT_TRUE(refused("linear/forward/f32/n4_in5", "0 sizes 'out', need one"));
  EXPECT_TRUE(refused("linear/forward/f32/n4_n4_in5_out3", "2 sizes 'n', need one"));
}

TEST(MakeCase, refusesSizesThatAreNoneOrTooLarge) {
  EXPECT_TRUE(refused("relu/forward/f32/n-4", "no size as n64"));
  EXPECT_TRUE(refused("relu/forward/f32/n", "no size as n64"));
  EXPECT_TRUE(refused("relu/forward/f32/n4.5", "no size as n64"));
  EXPECT_TRUE(refused("relu/forward/f32/n99999999999999999999", "no size as n64"));
  EXPECT_TRUE(refused("relu/forward/f32/n4294967296", "at most 2^31 elements"));
  EXPECT_TRUE(refused("relu/forward/f32/n65536_c65536", "at most 2^31 elements"));
}

TEST(MakeCase, refusesOptionsGivenTwiceOrOfNoSense) {
  EXPECT_TRUE(refused("relu/forward/f32/n4/exact/wide", "exact, wide; only one of them"));
  EXPECT_TRUE(refused("relu/forward/f32/n4/seed1/seed1", "'seed1' twice"));
  EXPECT_TRUE(refused("relu/forward/f32/n4/seed1/seed2", "option 'seed' twice"));
  EXPECT_TRUE(refused("relu/forward/f32/n4/seed1.5", "is no integer"));
  EXPECT_TRUE(refused("relu/forward/f32/n4/seed-1", "'seed'"));
  EXPECT_TRUE(refused("relu/forward/f32/n4/x1e999", "option 'x1e999' is unknown"));
  EXPECT_TRUE(refused("relu/forward/f32/n4/xinf", "option 'xinf' is unknown"));
  EXPECT_TRUE(refused("relu/forward/f32/n4/pow5000", "scale inf"));
}

TEST(FindOp, knowsEveryOpOfTheListAndNamesTheNearest) {
  ASSERT_FALSE(ops().empty());
  for (const Op& op : ops()) EXPECT_EQ(&find_op(op.name), &op);
  EXPECT_THROW(find_op("softmacks"), UsageError);
}

TEST(ReplaceOp, putsAMutantInAnOpsPlaceUntilItIsTakenBack) {
  Op mutant = find_op("relu");
  mutant.roundings = 99;

  replace_op("relu", &mutant);
  EXPECT_EQ(find_op("relu").roundings, 99);
  replace_op("relu", nullptr);

  EXPECT_EQ(find_op("relu").roundings, 1);
}

}  // namespace
}  // namespace plumb::golden
