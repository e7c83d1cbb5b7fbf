// op_row.h - one line of the table: a call of an op at one batch, what it took, what holds it, and
// LibTorch beside it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bench/common/spread.h"
#include "bench/ops/device_limits.h"
#include "bench/ops/op_bench.h"
#include "vgpu/machine/machine.h"

namespace plumb::bench {

struct OpRow {
  // what it is
  golden::CaseId id;
  std::int64_t batch = 0;
  std::string device;     // "vgpu:0", "cuda:0"
  bool emulated = false;  // a virtual GPU: no figure is a GPU's
  double bytes = 0, flops = 0;
  // what was found
  std::string verdict;  // of the very call that was timed: PASS, GOLDEN_DEGRADED
  int rounds = 0;
  Spread seconds;                                 // of one call, over the rounds
  std::optional<Spread> libtorch_seconds, ratio;  // ratio: our time over LibTorch's, by round
  Floors floors;
  std::optional<vgpu::LaunchStatistics> counts;  // of one call; none on a GPU
  std::size_t peak_bytes = 0;  // live on the device during a call: inputs, outputs, temporaries

  double gb_per_s() const { return bytes / seconds.median / 1e9; }
  double gflops() const { return flops / seconds.median / 1e9; }
  /// Of the limit that holds it most: 1 is at the limit.
  double share() const { return floors.seconds() / seconds.median; }
};

/// Every field is there in every row; null: not measured.
nlohmann::ordered_json to_json(const OpRow& row);

/// Markdown that reads well on a terminal.
std::string table_of(const std::vector<OpRow>& rows);

/// The fields of to_json, a head and a line a row (RFC 4180). The fields of `provenance` repeat in
/// the last columns, so that the lines of several files can stand together.
std::string csv_of(const std::vector<OpRow>& rows, const nlohmann::ordered_json& provenance);

}  // namespace plumb::bench
