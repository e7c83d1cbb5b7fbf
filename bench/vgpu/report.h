// report.h - one line a row while it runs, and Google Benchmark's JSON with our rows in it.
#pragma once

#include <benchmark/benchmark.h>

#include <sstream>

#include "bench/vgpu/rows.h"

namespace plumb::bench {

/// A display reporter for benchmark::RunSpecifiedBenchmarks.
class Reporter : public benchmark::BenchmarkReporter {
 public:
  explicit Reporter(const Rows& rows);
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  /// Google Benchmark's object; each of "benchmarks" has the row's facts as "row". After
  /// Finalize().
  nlohmann::json json() const;

 private:
  const Rows& rows_;
  std::ostringstream text_;
  benchmark::JSONReporter inner_;
};

/// What a figure is worth nothing without: "AMD EPYC, 2 cores, AVX-512".
std::string machine_text();

}  // namespace plumb::bench
