// sgd - parameters of 1024 elements each, as many as the batch: with momentum it reads three arrays
// and writes two.
#include "bench/ops/op_bench.h"

#include <fmt/format.h>

namespace plumb::bench {

std::vector<BenchCase> sgd_bench(std::int64_t batch) {
  const std::int64_t elements = 1024 * batch;
  const double count = static_cast<double>(elements);
  const std::string shape = fmt::format("f32/n{}", elements);
  return {{"sgd/step/" + shape + "/lr0.1", 12 * count, 2 * count},
          {"sgd/step/" + shape + "/lr0.1/mom0.9/nesterov", 20 * count, 7 * count}};
}

}  // namespace plumb::bench
