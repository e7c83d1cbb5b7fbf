// rows.h - every row of the table; each file brings its own.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "bench/vgpu/measure.h"

namespace plumb::bench {

/// Rows in the order of the table. A row is registered with Google Benchmark under
/// "<id>/threads_on_vgpu:<threads>".
class Rows {
 public:
  explicit Rows(int rounds) : rounds_(rounds) {}

  using Body = std::function<void(benchmark::State&, Row&)>;
  /// `body` verifies what it times, then calls measure() once; it runs with row.threads threads.
  void add(Row row, Body body);
  /// Those that were measured.
  std::vector<Row> measured() const;
  /// The row of a benchmark's name, or null.
  const Row* find(const std::string& benchmark_name) const;

 private:
  int rounds_;
  std::deque<Row> rows_;  // benchmarks point into it
};

void add_adam_rows(Rows& rows);
void add_matmul_rows(Rows& rows);
void add_control_rows(Rows& rows);
void add_mlp_rows(Rows& rows);
void add_first_launch_rows(Rows& rows);

/// In a process of its own: launches `kernel` ("linear" or "tile16") once, as this process's first,
/// and writes what that took to `path` as JSON: seconds, translate_seconds, compile_seconds,
/// load_seconds. Throws WrongResult, and std::invalid_argument for another name.
void answer_first_launch(const std::string& kernel, const std::string& path);

}  // namespace plumb::bench
