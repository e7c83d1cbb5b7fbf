// relu - 4096 features: reads and writes each element once.
#include "bench/ops/op_bench.h"

#include <fmt/format.h>

namespace plumb::bench {

std::vector<BenchCase> relu_bench(std::int64_t batch) {
  const double count = 4096 * static_cast<double>(batch);
  const std::string shape = fmt::format("f32/n{}_c4096", batch);
  return {{"relu/forward/" + shape, 8 * count, count},
          {"relu/backward/" + shape, 12 * count, count}};
}

}  // namespace plumb::bench
