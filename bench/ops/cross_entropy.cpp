// cross_entropy - 1000 classes and labels, the mean: reads the logits once; the gradient reads and
// writes them once.
#include "impl/ops/cross_entropy.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/ops/op_bench.h"

namespace plumb::bench {
namespace {

std::vector<BenchCase> cases(const Sweep& at) {
  const double rows = static_cast<double>(at.batch), logits = 1000 * rows;
  const double label = 8, statistic = std::max(4.0, at.element);  // a row keeps its maximum and sum
  const std::string shape = fmt::format("{}/n{}_c1000", at.dtype, at.batch);
  return {// Largest, difference, exp, sum.
          {"cross_entropy/forward/" + shape, at.element * logits + (label + 2 * statistic) * rows,
           4 * logits},
          // Difference, exp, the label's 1, factor.
          {"cross_entropy/backward/" + shape,
           2 * at.element * logits + (label + 2 * statistic) * rows, 4 * logits}};
}

Call backward(const golden::Case&, const golden::Inputs& in) {
  const Tensor &x = in.at("input"), &target = in.at("target"), &dy = in.at("dy");
  return [&x, &target, &dy, kept = cross_entropy_forward(x, target, nullptr, {}, {})] {
    return golden::Outputs{
        {"dinput", cross_entropy_backward(dy, x, target, nullptr, {}, kept, {true, false}).dinput}};
  };
}

}  // namespace

BenchOp cross_entropy_bench() { return {"cross_entropy", cases, backward}; }

}  // namespace plumb::bench
