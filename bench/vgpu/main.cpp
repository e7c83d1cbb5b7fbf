// main.cpp - the speed goals of the virtual GPU, each beside its peer in the same alternating run.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/common/provenance.h"
#include "bench/common/reporter.h"
#include "bench/vgpu/rows.h"
#include "impl/core/file.h"
#include "vgpu/machine/machine.h"
#include "vgpu/runtime/device.h"

namespace plumb::bench {
namespace {

constexpr int kWrong = 2, kNothing = 4, kUsage = 64;

struct Options {
  int rounds = 30;
  std::string filter = ".", json, first_launch;
};

/// The row of a benchmark as JSON; null for one that is none of ours.
nlohmann::json facts_of(const Rows& rows, const std::string& name) {
  const Row* row = rows.find(name);
  return row == nullptr ? nlohmann::json() : to_json(*row);
}

void print_line(const Rows& rows, const std::string& name) {
  const Row* row = rows.find(name);
  if (row == nullptr || !row->figure) return;
  std::fprintf(stderr, "%-48s %d thread%s  %10.4g %s: %s\n", row->id.c_str(), row->threads,
               row->threads > 1 ? "s" : " ", row->figure->median, row->unit.c_str(),
               verdict_of(*row).c_str());
}

int measure_all(const Options& options) {
  if (!vgpu::runtime::device_choice().is_virtual)
    throw std::invalid_argument(
        "PLUMBLINE_DEVICE names a GPU; this measures the virtual one: allowed vgpu:0, "
        "vgpu:0:PROFILE");
  Rows rows(options.rounds);
  add_adam_rows(rows);
  add_matmul_rows(rows);
  add_control_rows(rows);
  add_mlp_rows(rows);
  add_first_launch_rows(rows);
  start_benchmark(options.filter);
  LibTorch& peer = LibTorch::get();
  const std::string machine = machine_text(), command = command_text();
  const std::string peer_text = peer.available() ? peer.name() : "no peer: " + peer.reason();
  benchmark::AddCustomContext("machine", machine);
  benchmark::AddCustomContext("device", "vgpu:0 (emulated)");
  benchmark::AddCustomContext("command", command);
  benchmark::AddCustomContext("peer", peer_text);
  Reporter reporter([&](const std::string& name) { return facts_of(rows, name); },
                    [&](const std::string& name) { print_line(rows, name); });
  benchmark::RunSpecifiedBenchmarks(&reporter);
  const std::vector<Row> measured = rows.measured();
  if (measured.empty()) {
    std::fprintf(stderr, "plumb.bench.vgpu: --filter '%s' names no row\n", options.filter.c_str());
    return kNothing;
  }
  if (!options.json.empty()) {
    const std::string text = reporter.json().dump(1) + "\n";
    write_whole(options.json, text);
  }
  std::printf(
      "machine  %s\ndevice   vgpu:0 (emulated): no figure is a GPU's\npeer     %s\ncommand  "
      "%s\n\n%s",
      machine.c_str(), peer_text.c_str(), command.c_str(), table_of(measured).c_str());
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Times the virtual GPU against its speed goals, each row in turn with its peer.\n"
      "Example: plumb.bench.vgpu --filter linear --json linear.json\n"
      "Exit: 0 measured, 1 it could not, 2 a wrong result (not timed), 4 nothing to measure, 64 "
      "usage");
  app.add_option("--rounds", options.rounds, "alternating rounds of each row")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--filter", options.filter,
                 "measure the rows whose name matches this regular expression")
      ->capture_default_str();
  app.add_option("--json", options.json, "write every figure to this file");
  app.add_option("--first-launch", options.first_launch)->group("");  // what a child is asked
  try {
    app.parse(argc, argv);
    if (!options.first_launch.empty())
      return answer_first_launch(options.first_launch, options.json), 0;
    vgpu::begin_with_best_effort();  // not in the children, whose first launches are measured
    return measure_all(options);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "plumb.bench.vgpu: %s\n", error.what());
    return kUsage;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "plumb.bench.vgpu: %s\n", error.what());
    return kUsage;
  } catch (const WrongResult& error) {
    std::fprintf(stderr, "plumb.bench.vgpu: wrong result: %s\n", error.what());
    return kWrong;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "plumb.bench.vgpu: %s\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace plumb::bench

int main(int argc, char** argv) { return plumb::bench::run(argc, argv); }
