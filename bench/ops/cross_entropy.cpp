// cross_entropy - 1000 classes, labels: reads the logits once, writes a number; the gradient reads
// and writes them once.
#include "bench/ops/op_bench.h"

#include <fmt/format.h>

namespace plumb::bench {

std::vector<BenchCase> cross_entropy_bench(std::int64_t batch) {
  const double logits = 1000 * static_cast<double>(batch), rows = static_cast<double>(batch);
  const std::string shape = fmt::format("f32/n{}_c1000", batch);
  return {{"cross_entropy/forward/" + shape, 4 * logits + 8 * rows, 4 * logits},
          {"cross_entropy/backward/" + shape, 8 * logits + 16 * rows, 4 * logits}};
}

}  // namespace plumb::bench
