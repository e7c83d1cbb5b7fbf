// lost_device_test.cu - a kernel that faults fails its case, and the process says that it can judge
// no other.
#include <gtest/gtest.h>

#include "golden/harness/verdict.h"
#include "impl/core/cuda_error.h"
#include "impl/core/launch.cuh"

namespace plumb::golden {
namespace {

__global__ void wild_kernel(float* out) { out[1] = 1; }

Outputs run_wild(const Case&, const Inputs& inputs) {
  launch("relu/wild", wild_kernel, {1, 1}, Stream{}, nullptr);
  return {{"y", inputs.at("x")}};
}

TEST(LostDevice, isToldAfterAFaultAndTheCaseFails) {
  Op wild = find_op("relu");
  wild.run = run_wild;
  const Case c = make_case("relu/forward/f32/n5");
  Answer answer;
  answer.outputs["y"].shape = {5};
  answer.outputs["y"].want.assign(5, 0);
  const bool lost_before = device_is_lost();

  replace_op("relu", &wild);
  testing::internal::CaptureStderr();
  const int reported_before = reported_cuda_errors();
  const CaseVerdict verdict = judge(c, answer);
  const int reported = reported_cuda_errors() - reported_before;
  const std::string told = testing::internal::GetCapturedStderr();
  replace_op("relu", nullptr);
  const bool lost_after = device_is_lost();
  cudaDeviceReset();

  EXPECT_FALSE(lost_before);
  EXPECT_EQ(verdict.outcome, Outcome::fail);
  EXPECT_NE(verdict.reason.find("cudaErrorIllegalAddress"), std::string::npos) << verdict.reason;
  EXPECT_EQ(verdict.reason.find('\n'), std::string::npos) << verdict.reason;
  EXPECT_TRUE(lost_after);
  EXPECT_GT(reported, 1) << "the release of each array fails";
  const std::size_t first = told.find("allocator.cpp");
  EXPECT_NE(first, std::string::npos) << told;
  EXPECT_EQ(told.find("allocator.cpp", first + 1), std::string::npos) << told;
}

}  // namespace
}  // namespace plumb::golden
