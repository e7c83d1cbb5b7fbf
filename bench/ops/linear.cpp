// linear - the first and the last layer of an MLP 784-256-10.
#include <fmt/format.h>

#include "bench/ops/op_bench.h"

namespace plumb::bench {
namespace {

std::vector<BenchCase> cases(const Sweep& at) {
  std::vector<BenchCase> out;
  const double n = static_cast<double>(at.batch), element = at.element;
  for (const auto& [in, features] : {std::pair{784, 256}, std::pair{256, 10}}) {
    const double i = in, o = features;
    const std::string shape = fmt::format("{}/n{}_in{}_out{}", at.dtype, at.batch, in, features);
    out.push_back(
        {"linear/forward/" + shape, element * (n * i + o * i + o + n * o), 2 * n * i * o + n * o});
    // Reads dy, x, weight; writes dx, dweight, dbias.
    out.push_back({"linear/backward/" + shape, element * (n * o + 2 * n * i + 2 * o * i + o),
                   4 * n * i * o + n * o});
  }
  return out;
}

}  // namespace

BenchOp linear_bench() { return {"linear", cases}; }

}  // namespace plumb::bench
