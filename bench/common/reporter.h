// reporter.h - Google Benchmark's run, and its JSON with our facts in it.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

namespace plumb::bench {

/// Runs what is registered and matches the regular expression when RunSpecifiedBenchmarks comes:
/// Google Benchmark takes its settings as a command line only.
void start_benchmark(const std::string& filter);

/// A display reporter for benchmark::RunSpecifiedBenchmarks that prints nothing itself.
class Reporter : public benchmark::BenchmarkReporter {
 public:
  /// What is known of a benchmark besides its times; null: nothing.
  using Facts = std::function<nlohmann::json(const std::string& name)>;
  /// `done` is called with the name of each benchmark that has run.
  Reporter(Facts facts, std::function<void(const std::string& name)> done);
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

  /// Google Benchmark's object, context first, without the names of host and program; each of
  /// "benchmarks" has its facts as "row". After Finalize().
  nlohmann::ordered_json json() const;

 private:
  Facts facts_;
  std::function<void(const std::string&)> done_;
  std::ostringstream text_;
  benchmark::JSONReporter inner_;
};

}  // namespace plumb::bench
