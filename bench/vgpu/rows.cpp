#include "bench/vgpu/rows.h"

namespace plumb::bench {
namespace {

std::string benchmark_name(const Row& row) {
  return row.id + "/threads_on_vgpu:" + std::to_string(row.threads);
}

}  // namespace

void Rows::add(Row row, Body body) {
  rows_.push_back(std::move(row));
  Row& kept = rows_.back();
  const auto run = [&kept, body = std::move(body)](benchmark::State& state) {
    const DeviceThreads threads(kept.threads);
    body(state, kept);
    state.SetLabel("vgpu:0 (emulated)");
  };
  benchmark::RegisterBenchmark(benchmark_name(kept).c_str(), run)
      ->UseManualTime()
      ->Iterations(rounds_)
      ->Unit(benchmark::kMillisecond);
}

std::vector<Row> Rows::measured() const {
  std::vector<Row> out;
  for (const Row& row : rows_)
    if (row.figure) out.push_back(row);
  return out;
}

const Row* Rows::find(const std::string& name) const {
  for (const Row& row : rows_) {
    const std::string own = benchmark_name(row);
    if (name == own || name.rfind(own + "/", 0) == 0) return &row;
  }
  return nullptr;
}

}  // namespace plumb::bench
