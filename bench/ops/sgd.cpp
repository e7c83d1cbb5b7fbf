// sgd - one parameter of 1024 elements times the batch: plain it reads two arrays and writes one,
// with momentum it reads three and writes two.
#include <fmt/format.h>

#include "bench/ops/op_bench.h"

namespace plumb::bench {
namespace {

std::vector<BenchCase> cases(const Sweep& at) {
  const std::int64_t elements = 1024 * at.batch;
  const double count = static_cast<double>(elements);
  const std::string shape = fmt::format("{}/n{}", at.dtype, elements);
  return {{"sgd/step/" + shape + "/lr0.1", 3 * at.element * count, 2 * count},
          {"sgd/step/" + shape + "/lr0.1/mom0.9/nesterov", 5 * at.element * count, 6 * count}};
}

}  // namespace

BenchOp sgd_bench() { return {"sgd", cases}; }

}  // namespace plumb::bench
