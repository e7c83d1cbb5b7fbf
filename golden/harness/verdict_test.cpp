// verdict_test.cpp - kernels with a planted fault in an op's place: each comes out as what it is.
#include "golden/harness/verdict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden/cases/elements.h"
#include "golden/harness/device_arrays.h"
#include "impl/core/cuda_error.h"

namespace plumb::golden {
namespace {

constexpr const char* kId = "relu/forward/f32/n700/normal";

using RunOp = Outputs (*)(const Case& c, const Inputs& inputs);

/// relu replaced for as long as it lives.
class Planted {
 public:
  explicit Planted(RunOp run) : op_(find_op("relu")) {
    op_.run = run;
    replace_op("relu", &op_);
  }
  ~Planted() { replace_op("relu", nullptr); }
  Planted(const Planted&) = delete;

 private:
  Op op_;
};

Answer answer_to(const Case& c) {
  Expected e;
  const HostArray x = make(c.inputs.front());
  e.shape = x.shape;
  e.dtype = x.dtype;
  for (const double value : x.values) e.want.push_back(value < 0 ? 0 : value);
  return {{{"y", e}}, {}};
}

CaseVerdict verdict_of(RunOp run, const std::string& id = kId) {
  const Planted planted(run);
  const Case c = make_case(id);
  return judge(c, answer_to(c));
}

/// The op itself, from here on the right answer.
Tensor right(const Inputs& in) {
  const HostArray x = download(in.at("x"));
  return upload(make_array(x.shape, x.dtype,
                           [&](std::size_t i) { return x.values[i] < 0 ? 0 : x.values[i]; }));
}

void expect_fail(const CaseVerdict& v, const std::string& reason) {
  EXPECT_EQ(v.outcome, Outcome::fail);
  EXPECT_NE(v.reason.find(reason), std::string::npos) << v.reason;
  EXPECT_EQ(v.reason.find('\n'), std::string::npos) << v.reason;
}

// --- what is right ---

TEST(Verdict, passesTheOpItselfAndARightStandIn) {
  const Case c = make_case(kId);

  EXPECT_EQ(judge(c, answer_to(c)).outcome, Outcome::pass);
  EXPECT_EQ(verdict_of([](const Case&, const Inputs& in) -> Outputs {
              return {{"y", right(in)}};
            }).outcome,
            Outcome::pass);
}

// --- what is wrong whatever the numbers are ---

TEST(Verdict, failsAnExceptionInItsOwnWords) {
  expect_fail(verdict_of([](const Case&, const Inputs&) -> Outputs {
                throw ValueError("no kernel for this");
              }),
              "no kernel for this");
}

TEST(Verdict, failsAnOutputThatIsMissingOrUnexpected) {
  expect_fail(verdict_of([](const Case&, const Inputs&) -> Outputs { return {}; }),
              "output y is missing");
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                return {{"y", right(in)}, {"z", right(in)}};
              }),
              "output z has no golden");
}

TEST(Verdict, failsAnotherShapeOrDtype) {
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                return {{"y", right(in).view({7, 100})}};
              }),
              "y: is f32 [7, 100], want f32 [700]");
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                return {{"y", right(in).to(Dtype::f64)}};
              }),
              "y: is f64 [700], want f32 [700]");
}

TEST(Verdict, failsMemoryThatNobodyWrote) {
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                return {{"y", Tensor::empty(in.at("x").shape(), Dtype::f32)}};
              }),
              "output y: 700 of 700 elements were not written, first [0]");
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                const Tensor y = Tensor::empty({700}, Dtype::f32);
                y.narrow(0, 0, 699).copy_(right(in).narrow(0, 0, 699));
                return {{"y", y}};
              }),
              "output y: 1 of 700 elements were not written, first [699]");
}

TEST(Verdict, failsStaleMemoryEvenWhereTheAnswerIsNaN) {
  Case c = make_case("relu/forward/f32/n5");
  Answer answer = answer_to(c);
  std::fill(answer.outputs["y"].want.begin(), answer.outputs["y"].want.end(), std::nan(""));
  const Planted planted([](const Case&, const Inputs&) -> Outputs {
    return {{"y", Tensor::empty({5}, Dtype::f32)}};
  });

  expect_fail(judge(c, answer), "5 of 5 elements were not written");
}

TEST(Verdict, failsAWritePastTheEndOfAnOutput) {
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                const Tensor y = right(in);
                PLUMB_CUDA(cudaMemset(static_cast<char*>(y.data()) + y.bytes(), 0, 1));
                return {{"y", y}};
              }),
              "2800 bytes was written past its end: guard word 0 of 16");
}

TEST(Verdict, failsAWritePastTheEndOfMemoryThatIsGoneAgain) {
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                const Tensor scratch = Tensor::empty({3}, Dtype::f64);
                PLUMB_CUDA(cudaMemset(static_cast<char*>(scratch.data()) + 28, 1, 4));
                return {{"y", right(in)}};
              }),
              "24 bytes was written past its end: guard word 1 of 16");
}

TEST(Verdict, failsAWriteIntoAnInput) {
  const RunOp writes = [](const Case&, const Inputs& in) -> Outputs {
    const Tensor y = right(in);
    PLUMB_CUDA(cudaMemset(in.at("x").data(), 0, 4));
    return {{"y", y}};
  };
  expect_fail(verdict_of(writes), "input x was written");
  expect_fail(verdict_of(writes, "relu/forward/f32/n700/misaligned"), "input x was written");
}

TEST(Verdict, failsAWriteBetweenTheElementsOfAStridedInput) {
  expect_fail(verdict_of(
                  [](const Case&, const Inputs& in) -> Outputs {
                    const Tensor y = right(in);
                    PLUMB_CUDA(cudaMemset(in.at("x").data_as<float>() + 1, 0, 4));
                    return {{"y", y}};
                  },
                  "relu/forward/f32/n700/strided"),
              "input x was written");
}

TEST(Verdict, failsTwoRunsThatDiffer) {
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                static int runs = 0;
                const Tensor y = right(in);
                if (++runs % 2 == 0) y.narrow(0, 3, 1).fill_(0.125);
                return {{"y", y}};
              }),
              "two runs of the same inputs differ: y: 1 of 700 elements differ, first [3]");
}

TEST(Verdict, doesNotBlameACaseForWhatTheOneBeforeLeft) {
  verdict_of([](const Case&, const Inputs&) -> Outputs {
    const Tensor scratch = Tensor::empty({3}, Dtype::f64);
    PLUMB_CUDA(cudaMemset(static_cast<char*>(scratch.data()) + 24, 1, 4));
    throw ValueError("after a write past the end");
  });

  EXPECT_EQ(verdict_of([](const Case&, const Inputs& in) -> Outputs {
              return {{"y", right(in)}};
            }).outcome,
            Outcome::pass);
}

TEST(Verdict, failsAWrongElementAndShowsIt) {
  const CaseVerdict v = verdict_of([](const Case&, const Inputs& in) -> Outputs {
    const Tensor y = right(in);
    y.narrow(0, 42, 1).fill_(-5);
    return {{"y", y}};
  });

  expect_fail(v, "y: 1 of 700 elements have other bits");
  EXPECT_NE(v.text.find("first y[42]  got -5"), std::string::npos) << v.text;
}

// --- null kernels ---

TEST(NullKernels, failAnOrdinaryCase) {
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                return {{"y", Tensor::zeros(in.at("x").shape(), Dtype::f32)}};
              }),
              "y: ");
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                return {{"y", in.at("x").clone()}};
              }),
              "y: ");
  expect_fail(verdict_of([](const Case&, const Inputs& in) -> Outputs {
                const HostArray y = download(right(in));
                double sum = 0;
                for (const double value : y.values) sum += value;
                return {{"y", Tensor::full({700}, sum / 700, Dtype::f32)}};
              }),
              "y: ");
}

TEST(NullKernels, thatReturnTheOutputBeforeFail) {
  const RunOp previous = [](const Case&, const Inputs& in) -> Outputs {
    static HostArray kept = {{700}, Dtype::f32, std::vector<double>(700)};
    const Tensor out = upload(kept);
    kept = download(right(in));
    return {{"y", out}};
  };
  verdict_of(previous, "relu/forward/f32/n700/normal/seed1");

  EXPECT_EQ(verdict_of(previous).outcome, Outcome::fail);
}

TEST(NullKernels, thatPassMakeACaseMistrustedUntilAReasonIsDeclared) {
  Case zeros = make_case("relu/forward/f32/n90/uniform/at-2");
  Case copy = make_case("relu/forward/f32/n90/uniform/at2");

  const CaseVerdict z = judge(zeros, answer_to(zeros)), c = judge(copy, answer_to(copy));
  zeros.nulls["zeros"] = "every x is below 0";
  copy.nulls["copy"] = "every x is above 0";

  EXPECT_EQ(z.outcome, Outcome::mistrusted);
  EXPECT_EQ(z.reason, "a kernel that returns zeros would pass");
  EXPECT_EQ(c.reason, "a kernel that returns a copy of an input would pass");
  EXPECT_EQ(judge(zeros, answer_to(zeros)).outcome, Outcome::pass);
  EXPECT_EQ(judge(copy, answer_to(copy)).outcome, Outcome::pass);
}

TEST(NullKernels, thatAreDeclaredToPassAndDoNotMakeACaseMistrusted) {
  Case c = make_case(kId);
  c.nulls["mean"] = "it was constant once";

  const CaseVerdict v = judge(c, answer_to(c));

  EXPECT_EQ(v.outcome, Outcome::mistrusted);
  EXPECT_EQ(v.reason, "a kernel that returns the mean everywhere is declared to pass and does not");
}

// --- goldens that LibTorch gets wrong ---

/// A case and an answer as of an op that rounds, of which LibTorch's f32 runs are this far off.
CaseVerdict verdict_beside(double stock, double recording, RunOp run) {
  const Planted planted(run);
  Case c = make_case(kId);
  c.exact = false;
  Answer answer = answer_to(c);
  Expected& y = answer.outputs["y"];
  y.magnitude.assign(y.want.size(), 1e4);
  y.floor = 2e-7, y.f32_stock = stock, y.f32_recording = recording;
  return judge(c, answer);
}

TEST(DegradedGolden, isToldWhenLibTorchsOwnF32IsFarOff) {
  const RunOp op = find_op("relu").run;

  const CaseVerdict v = verdict_beside(0.3, 0.02, op);

  EXPECT_EQ(v.outcome, Outcome::golden_degraded);
  EXPECT_EQ(v.reason, "y: LibTorch's own f32 run is 0.02 off, ours 0");
  EXPECT_EQ(verdict_beside(0.3, 1e-7, op).outcome, Outcome::pass);
}

TEST(DegradedGolden, excusesNoWrongAnswer) {
  const RunOp off = [](const Case&, const Inputs& in) -> Outputs {
    HostArray y = download(right(in));
    for (double& value : y.values) value *= 1.0001;
    return {{"y", upload(rounded(y, Dtype::f32))}};
  };

  expect_fail(verdict_beside(0.3, 0.02, off), "y: relative L2 distance 0.0001, allowed 4e-07");
}

// --- refusals ---

CaseVerdict refusal_of(RunOp run) {
  const Planted planted(run);
  return judge_refusal(make_case(kId), "has 3 features");
}

TEST(RefusalVerdict, passesTheErrorThatIsDueAndKeepsIt) {
  const CaseVerdict v = refusal_of(
      [](const Case&, const Inputs&) -> Outputs { throw ShapeError("x has 3 features, need 4"); });

  EXPECT_EQ(v.outcome, Outcome::pass);
  EXPECT_EQ(v.refused_with, "x has 3 features, need 4");
}

TEST(RefusalVerdict, failsACallThatIsAcceptedOrRefusedOtherwise) {
  expect_fail(refusal_of([](const Case&, const Inputs&) -> Outputs { return {}; }),
              "was accepted; a refusal was due: has 3 features");
  expect_fail(
      refusal_of([](const Case&, const Inputs&) -> Outputs { throw ShapeError("bad shape"); }),
      "refused with 'bad shape', want 'has 3 features'");
  const CaseVerdict lines = refusal_of(
      [](const Case&, const Inputs&) -> Outputs { throw ShapeError("has 3 features\nand more"); });
  EXPECT_EQ(lines.outcome, Outcome::fail);
}

TEST(RefusalVerdict, failsARefusalThatWroteSomethingFirst) {
  expect_fail(refusal_of([](const Case&, const Inputs& in) -> Outputs {
                Tensor(in.at("x")).zero_();
                throw ShapeError("has 3 features");
              }),
              "input x was written");
}

TEST(RefusalVerdict, letsNoRefusalWriteWhatTheOpMayWrite) {
  Op op = find_op("sgd");
  op.run = [](const Case&, const Inputs& in) -> Outputs {
    Tensor(in.at("param0")).zero_();
    throw ValueError("lr is -1");
  };
  replace_op("sgd", &op);
  const CaseVerdict v = judge_refusal(make_case("sgd/step/f32/n5"), "lr is -1");
  replace_op("sgd", nullptr);

  expect_fail(v, "input param0 was written");
}

// --- outcomes ---

TEST(Outcomes, haveTheirExitCodes) {
  EXPECT_EQ(exit_code_of(Outcome::pass), 0);
  EXPECT_EQ(exit_code_of(Outcome::skip), 0);
  EXPECT_EQ(exit_code_of(Outcome::golden_degraded), 0);
  EXPECT_EQ(exit_code_of(Outcome::fail), 2);
  EXPECT_EQ(exit_code_of(Outcome::untested), 2);
  EXPECT_EQ(exit_code_of(Outcome::mistrusted), 3);
}

}  // namespace
}  // namespace plumb::golden
