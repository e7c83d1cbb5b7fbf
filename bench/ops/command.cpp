// command.cpp - `plumbline bench`: every planned call found right, then timed in turn with
// LibTorch.
#include "bench/ops/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <thread>

#include "bench/common/peer.h"
#include "bench/common/provenance.h"
#include "bench/common/reporter.h"
#include "bench/ops/op_timing.h"
#include "bench/ops/plan.h"
#include "impl/core/file.h"
#include "impl/core/progress_bar.h"

namespace plumb::bench {
namespace {

using nlohmann::ordered_json;

constexpr int kWrong = 2, kNothing = 4;

struct Arguments {
  Wanted wanted{{}, {}, {"f32"}, {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}};
  int rounds = 20;
  std::string peer = "libtorch", json, csv;
  bool list = false, quiet = false;
};

int list_calls(const std::vector<Planned>& planned) {
  for (const Planned& p : planned)
    fmt::print("{}  {:.0f} bytes  {:.0f} operations\n", p.bench.id, p.bench.bytes, p.bench.flops);
  return 0;
}

/// Rows by the benchmark's name, filled while Google Benchmark runs.
using Rows = std::map<std::string, OpRow>;

void register_calls(const std::vector<Planned>& planned, const OpRun& run, int rounds, Rows& rows) {
  benchmark::ClearRegisteredBenchmarks();
  for (const Planned& p : planned) {
    const auto body = [&run, &rows, p](benchmark::State& state) {
      rows[p.name()] = time_case(p.bench, p.batch, run, state);
    };
    benchmark::RegisterBenchmark(p.name().c_str(), body)
        ->UseManualTime()
        ->Iterations(rounds)
        ->Unit(benchmark::kMicrosecond);
  }
}

/// Google Benchmark writes its settings behind the name.
nlohmann::json facts_of(const Rows& rows, const std::string& name) {
  const auto found = rows.find(name.substr(0, name.find("/iterations:")));
  return found == rows.end() ? nlohmann::json() : nlohmann::json(to_json(found->second));
}

/// Why LibTorch is not timed; "" when it is.
std::string no_peer(const Arguments& a, bool emulated) {
  if (a.peer == "none") return "--peer none";
  if (!emulated) return "LibTorch of this build runs on processors alone";
  return LibTorch::get().available() ? "" : LibTorch::get().reason();
}

ordered_json provenance_of(const OpRun& run, const std::string& why_no_peer) {
  ordered_json out = provenance();
  out["device"] = run.device;
  out["kind"] = run.emulated ? "virtual GPU" : "GPU";
  out["device_threads"] = run.threads;
  out["libtorch"] = run.with_peer ? LibTorch::get().name() : "not timed: " + why_no_peer;
  return out;
}

void write_files(const Arguments& a, const ordered_json& origin, const OpRun& run,
                 const std::vector<OpRow>& rows, const ordered_json& measured) {
  if (!a.json.empty()) {
    ordered_json out = {{"schema", 1}, {"run", origin}, {"limits", to_json(run.limits)}};
    out.update(measured);
    const std::string text = out.dump(1) + "\n";
    write_whole(a.json, text);
  }
  if (!a.csv.empty()) {
    const std::string text = csv_of(rows, origin);
    write_whole(a.csv, text);
  }
}

/// "5.1 of 2 cores ...": threads that wait for each other are the first to suffer.
std::string load_text(const ordered_json& origin) {
  const double load = origin.at("load"), cores = origin.at("cores");
  return fmt::format("{:.1f} of {:.0f} cores before{}", load, cores,
                     load > cores / 2 ? ": times are long and spread, on several threads most of "
                                        "all; '--threads 1' is fairer"
                                      : "");
}

std::string device_text(const OpRun& run) {
  return run.emulated ? fmt::format("{} (virtual GPU, {} thread{}): no figure is a GPU's",
                                    run.device, run.threads, run.threads == 1 ? "" : "s")
                      : run.device;
}

std::string limits_text(const DeviceLimits& limits) {
  const auto copied = [&](double bytes) { return bytes / limits.move.seconds(bytes) / 1e9; };
  return fmt::format(
      "copy {:.3g} GB/s of 64 KiB and {:.3g} of 256 MiB, fma {:.3g} GFLOP/s in f32, a launch "
      "{:.3g} us",
      copied(0x1p16), copied(0x1p28), limits.gflops_f32, 1e6 * limits.launch_seconds);
}

void print(const ordered_json& origin, const OpRun& run, const std::vector<OpRow>& rows) {
  const std::pair<const char*, std::string> head[] = {
      {"machine", origin.at("machine")},   {"load", load_text(origin)},
      {"device", device_text(run)},        {"limits", limits_text(run.limits)},
      {"libtorch", origin.at("libtorch")}, {"revision", origin.at("revision")},
      {"date", origin.at("date")},         {"command", origin.at("command")}};
  for (const auto& [name, text] : head) fmt::print("{:<9} {}\n", name, text);
  fmt::print("\n{}", table_of(rows));
}

/// Of the virtual GPU.
int device_threads() {
  const int set = vgpu::settings().threads;
  return set > 0 ? set : static_cast<int>(std::thread::hardware_concurrency());
}

int bench(const Arguments& a, const std::string& device) {
  const std::vector<Planned> planned = plan(a.wanted);
  if (planned.empty()) {
    fmt::print(stderr, "plumbline bench: no call of {} has the direction {}\n",
               fmt::join(a.wanted.ops, ", "), fmt::join(a.wanted.directions, ", "));
    return kNothing;
  }
  if (a.list) return list_calls(planned);
  vgpu::begin_with_best_effort();
  golden::LibTorch libtorch("stock");
  const bool emulated = device.rfind("cuda", 0) != 0;
  const int threads = device_threads();
  const std::string why_no_peer = no_peer(a, emulated);
  const OpRun run{
      device, emulated, threads, why_no_peer.empty(), libtorch, measure_limits(emulated, threads)};
  const ordered_json origin = provenance_of(run, why_no_peer);
  Rows found;
  register_calls(planned, run, a.rounds, found);
  start_benchmark(".");
  ProgressBar bar(a.quiet);
  Reporter reporter([&](const std::string& name) { return facts_of(found, name); },
                    [&](const std::string& name) {
                      bar.show(name.substr(0, 18), static_cast<std::int64_t>(found.size()),
                               static_cast<std::int64_t>(planned.size()));
                    });
  benchmark::RunSpecifiedBenchmarks(&reporter);
  bar.clear();
  std::vector<OpRow> rows;
  for (const Planned& p : planned) rows.push_back(found.at(p.name()));
  print(origin, run, rows);
  write_files(a, origin, run, rows, reporter.json());
  return 0;
}

int bench_or_refuse(const Arguments& a, const std::string& device) try {
  return bench(a, device);
} catch (const WrongResult& error) {
  fmt::print(stderr, "plumbline bench: wrong result: {}\n", error.what());
  return kWrong;
}

}  // namespace

void add_call_options(CLI::App& app, Wanted& wanted) {
  app.add_option("--op", wanted.ops, "this op alone (may be repeated)");
  app.add_option("--direction", wanted.directions, "forward, backward, step ...");
  app.add_option("--dtype", wanted.dtypes, "f64, f32, f16, bf16")->capture_default_str();
}

void add_bench_command(CLI::App& app, const Chosen& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* bench_app = app.add_subcommand(
      "bench", "Time every op over the batch, each call found right first, beside LibTorch");
  add_call_options(*bench_app, a->wanted);
  bench_app->add_option("--batch", a->wanted.batches, "batches, as 1,8,64")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{1}, kMostBatch))
      ->capture_default_str();
  bench_app->add_option("--rounds", a->rounds, "alternating rounds of each call")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  bench_app->add_option("--peer", a->peer, "what is timed in turn with ours")
      ->check(CLI::IsMember({"libtorch", "none"}))
      ->capture_default_str();
  bench_app->add_option("--json", a->json, "write every figure there");
  bench_app->add_option("--csv", a->csv, "write a line a call there");
  bench_app->add_flag("--list", a->list, "print the calls with their bytes and operations");
  bench_app->add_flag("--quiet", a->quiet, "no progress");
  bench_app->footer(
      "A round is some milliseconds of ours and of LibTorch's, in alternating order, on as many "
      "cores, on the same\narrays again and again: what fits into a cache stays there. The share "
      "is of what this machine was measured\nto do in the same run: copy as many bytes, multiply "
      "and add as often, launch as many empty kernels; the slowest\nof these is the limit.\n"
      "Exit: 0 measured, 1 it could not be, 2 a wrong result (not timed), 4 nothing to measure, 64 "
      "usage.\nExample: plumbline bench --op linear --batch 1,32,1024 --json linear.json");
  bench_app->callback([a, chosen] {
    chosen([a](const std::string& device) { return bench_or_refuse(*a, device); });
  });
}

}  // namespace plumb::bench
