// plan.h - which calls a run times, in which order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/ops/op_bench.h"

namespace plumb::bench {

inline constexpr std::int64_t kMostBatch = 16384;

/// Filters; an empty list lets everything pass.
struct Wanted {
  std::vector<std::string> ops, directions, dtypes;
  std::vector<std::int64_t> batches;
};

struct Planned {
  BenchCase bench;
  std::int64_t batch;

  /// "relu/forward/f32/n8_c4096/batch:8".
  std::string name() const { return bench.id + "/batch:" + std::to_string(batch); }
};

/// By op, dtype and call, the batches ascending and each once. Throws UsageError for an op,
/// direction or dtype that does not exist, and for a batch whose call make_case refuses.
std::vector<Planned> plan(const Wanted& wanted);

}  // namespace plumb::bench
