// relu - 1024 features: reads and writes each element once.
#include "impl/ops/relu.h"

#include <fmt/format.h>

#include "bench/ops/op_bench.h"

namespace plumb::bench {
namespace {

std::vector<BenchCase> cases(const Sweep& at) {
  const double count = 1024 * static_cast<double>(at.batch);
  const std::string shape = fmt::format("{}/n{}_c1024", at.dtype, at.batch);
  return {{"relu/forward/" + shape, 2 * at.element * count, count},
          {"relu/backward/" + shape, 3 * at.element * count, count}};
}

Call backward(const golden::Case&, const golden::Inputs& in) {
  return [&dy = in.at("dy"), y = relu_forward(in.at("x"), {})] {
    return golden::Outputs{{"dx", relu_backward(dy, y, {})}};
  };
}

}  // namespace

BenchOp relu_bench() { return {"relu", cases, backward}; }

}  // namespace plumb::bench
