// gelu - 1024 features: reads and writes each element once; some 20 operations each, most of them
// in erf or tanh.
#include <fmt/format.h>

#include "bench/ops/op_bench.h"

namespace plumb::bench {
namespace {

std::vector<BenchCase> cases(const Sweep& at) {
  const double count = 1024 * static_cast<double>(at.batch);
  std::vector<BenchCase> out;
  for (const char* approximate : {"", "/tanh"}) {
    const std::string rest = fmt::format("{}/n{}_c1024{}", at.dtype, at.batch, approximate);
    out.push_back({"gelu/forward/" + rest, 2 * at.element * count, 20 * count});
    out.push_back({"gelu/backward/" + rest, 3 * at.element * count, 30 * count});
  }
  return out;
}

}  // namespace

BenchOp gelu_bench() { return {"gelu", cases}; }

}  // namespace plumb::bench
