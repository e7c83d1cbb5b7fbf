#include "impl/data/sampler.h"

#include <numeric>

#include "impl/core/error.h"
#include "impl/random/distributions.h"

namespace plumb {

std::vector<std::int64_t> sequential_order(std::int64_t count) {
  PLUMB_CHECK(ValueError, count >= 0, "a dataset of {} samples", count);
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::vector<std::int64_t> shuffled_order(Mt19937& generator, std::int64_t count) {
  PLUMB_CHECK(ValueError, count > 0,
              "num_samples should be a positive integer value, but got num_samples={}", count);
  generator.random_int64();
  Mt19937 own(static_cast<std::uint64_t>(generator.random_int64()));
  return random::randperm(own, count);
}

std::vector<std::int64_t> unshuffled_order(Mt19937& generator, std::int64_t count) {
  generator.random_int64();
  return sequential_order(count);
}

std::vector<std::vector<std::int64_t>> batches_of(const std::vector<std::int64_t>& order,
                                                  std::int64_t batch_size, bool drop_last) {
  PLUMB_CHECK(ValueError, batch_size > 0,
              "batch_size should be a positive integer value, but got batch_size={}", batch_size);
  const auto each = static_cast<std::size_t>(batch_size);
  std::vector<std::vector<std::int64_t>> out;
  for (std::size_t at = 0; at < order.size(); at += each) {
    const std::size_t end = std::min(order.size(), at + each);
    if (drop_last && end - at < each) break;
    out.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(at),
                     order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return out;
}

}  // namespace plumb
