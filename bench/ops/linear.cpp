// linear - the layers of an MLP 784-256-10.
#include "bench/ops/op_bench.h"

#include <fmt/format.h>

namespace plumb::bench {

std::vector<BenchCase> linear_bench(std::int64_t batch) {
  std::vector<BenchCase> out;
  const double n = static_cast<double>(batch);
  for (const auto& [in, out_features] : {std::pair{784, 256}, std::pair{256, 10}}) {
    const double i = in, o = out_features;
    const std::string shape = fmt::format("f32/n{}_in{}_out{}", batch, in, out_features);
    out.push_back({"linear/forward/" + shape, 4 * (n * i + o * i + o + n * o), 2 * n * i * o});
    out.push_back({"linear/backward/" + shape, 4 * (n * o + 2 * n * i + 2 * o * i + o),
                   4 * n * i * o + n * o});
  }
  return out;
}

}  // namespace plumb::bench
