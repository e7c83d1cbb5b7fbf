// A case whose kernels do what a check finds fails, and says what; one that hangs on the order of
// blocks gives two results.
#include <gtest/gtest.h>

#include <algorithm>

#include "golden/harness/device_arrays.h"
#include "golden/verify/checked_case.h"
#include "impl/core/cuda_error.h"
#include "impl/core/launch.cuh"
#include "vgpu/machine/machine.h"

namespace plumb::golden {
namespace {

constexpr int kCount = 5;

/// `beyond`: the last thread also reads what follows x, and makes nothing of it.
__global__ void relu_kernel(const float* x, float* y, bool beyond) {
  const int i = blockIdx.x;
  const float next = beyond && i == kCount - 1 ? x[i + 1] : 0.f;
  y[i] = (x[i] > 0.f ? x[i] : 0.f) + (next == 12345.f ? 1.f : 0.f);
}

/// Whoever comes first leaves its number.
__global__ void first_kernel(int* ticket, float* y) {
  y[atomicAdd(ticket, 1)] = static_cast<float>(blockIdx.x);
}

Outputs run_relu(const Inputs& inputs, bool beyond) {
  Tensor y = Tensor::empty({kCount}, Dtype::f32);
  launch("relu/own", relu_kernel, {kCount, 1}, Stream{}, inputs.at("x").data_as<float>(),
         y.data_as<float>(), beyond);
  return {{"y", y}};
}

class CheckedCase : public testing::Test {
 protected:
  void SetUp() override {
    vgpu::observe::set_checks(vgpu::settings().checks, "the test", "all");
    prepare_checks();
  }
  void TearDown() override { replace_op("relu", nullptr); }

  CaseVerdict verdict_of(Outputs (*run)(const Case&, const Inputs&)) {
    Op op = find_op("relu");
    op.run = run;
    replace_op("relu", &op);
    const Case c = make_case("relu/forward/f32/n5");
    Answer answer;
    answer.outputs["y"].shape = {kCount};
    const InputSet inputs(c);
    for (const double x : inputs.array("x").values)
      answer.outputs["y"].want.push_back(std::max(x, 0.0));
    CaseVerdict verdict = judge(c, answer);
    add_findings(verdict);
    return verdict;
  }
};

TEST_F(CheckedCase, isAsItWasWithoutAFinding) {
  const CaseVerdict verdict =
      verdict_of([](const Case&, const Inputs& inputs) { return run_relu(inputs, false); });

  EXPECT_NE(verdict.outcome, Outcome::fail) << verdict.reason << verdict.text;
  EXPECT_TRUE(verdict.checks.empty()) << verdict.checks;
}

TEST_F(CheckedCase, failsByAFindingAlthoughItsResultIsRight) {
  const CaseVerdict verdict =
      verdict_of([](const Case&, const Inputs& inputs) { return run_relu(inputs, true); });

  EXPECT_EQ(verdict.outcome, Outcome::fail);
  EXPECT_EQ(verdict.reason,
            "1 finding of the checks: error: out-of-bounds: read of 4 bytes in global memory");
  ASSERT_EQ(verdict.checks.size(), 1u);
  EXPECT_EQ(verdict.checks[0].at("kind"), "out-of-bounds");
  EXPECT_EQ(verdict.checks[0].at("count"), 2) << "once in each of the two runs";
  EXPECT_EQ(verdict.text.substr(0, verdict.text.find('\n')), verdict.reason);
}

TEST_F(CheckedCase, failsWhereTheOrderOfBlocksDecides) {
  const CaseVerdict verdict = verdict_of([](const Case&, const Inputs&) {
    Tensor ticket = Tensor::zeros({1}, Dtype::i32), y = Tensor::empty({kCount}, Dtype::f32);
    launch("relu/first", first_kernel, {kCount, 1}, Stream{}, ticket.data_as<std::int32_t>(),
           y.data_as<float>());
    return Outputs{{"y", y}};
  });

  EXPECT_EQ(verdict.outcome, Outcome::fail);
  EXPECT_NE(verdict.reason.find("two runs of the same inputs differ"), std::string::npos)
      << verdict.reason;
}

}  // namespace
}  // namespace plumb::golden
