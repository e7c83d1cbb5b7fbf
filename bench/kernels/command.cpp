// command.cpp - `plumbline kernels`: the static sheet of every kernel, and its exact counts.
#include "bench/kernels/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "bench/kernels/sheet.h"
#include "bench/ops/command.h"
#include "impl/core/error.h"
#include "impl/core/file.h"

namespace plumb::bench {
namespace {

constexpr int kDiffers = 1, kNothing = 4;

struct Arguments {
  std::string gpu = "h100", json, csv, expected;
  Wanted wanted{{}, {}, {"f32", "f16"}, {256}};
  std::int64_t batch = 256;
  bool counters_only = false;
};

int compare(const Arguments& a, const std::string& now) {
  const auto lines = differences(read_whole(a.expected), now);
  for (const std::string& line : lines) fmt::print("{}\n", line);
  if (lines.empty()) fmt::print("every count is as {} pins it\n", a.expected);
  return lines.empty() ? 0 : kDiffers;
}

int show(const Arguments& a) {
  Wanted wanted = a.wanted;
  wanted.batches = {a.batch};
  const auto planned = plan(wanted);
  if (planned.empty()) {
    fmt::print(stderr, "plumbline kernels: no call has this op, direction and dtype\n");
    return kNothing;
  }
  const vgpu::Profile& device = vgpu::profile(a.gpu);
  const bool counters_only = a.counters_only || !a.expected.empty();
  const auto rows = kernel_rows(planned, device, counters_only);
  const std::string csv = counters_csv(rows);
  if (!a.expected.empty()) return compare(a, csv);
  fmt::print("{}", sheet_of(rows, device));
  if (!a.json.empty()) write_whole(a.json, to_json(rows, device).dump(1) + "\n");
  if (!a.csv.empty()) write_whole(a.csv, csv);
  return 0;
}

}  // namespace

void add_kernels_command(CLI::App& app, const ChosenGpu& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* kernels_app = app.add_subcommand(
      "kernels", "Every kernel on one page: registers, occupancy, exact counts, modelled time");
  kernels_app->add_option("--gpu", a->gpu, "t4, a100, h100, h200, b200")->capture_default_str();
  add_call_options(*kernels_app, a->wanted);
  kernels_app->add_option("--batch", a->batch, "of the representative calls")
      ->check(CLI::Range(std::int64_t{1}, kMostBatch))
      ->capture_default_str();
  kernels_app->add_flag("--counters-only", a->counters_only, "do not ask ptxas");
  kernels_app->add_option("--json", a->json, "write every figure there");
  kernels_app->add_option("--csv", a->csv, "write the exact counts there, as bench/expected.csv");
  kernels_app->add_option("--expected", a->expected, "compare the counts with this file");
  kernels_app->footer(
      "regs, spill (bytes a thread), shared: of ptxas for this GPU; occ: warps resident of those "
      "possible, and what limits them;\nlanes: active in an instruction; moved: bytes of global "
      "memory in whole sectors over those that the kernel needs,\neach once; conflict: wavefronts "
      "of shared memory beyond the least; F/B: operations over bytes of the whole call;\nmodel: "
      "the least time by the slowest unit, without launch and latency. Counts are exact and the "
      "same on every\nmachine.\nExit: 0 good, 1 a count is not as pinned, 4 no call matches, 64 "
      "usage.\nExample: plumbline kernels --gpu a100 --op linear");
  kernels_app->callback([a, chosen] { chosen(a->gpu, [a] { return show(*a); }); });
}

}  // namespace plumb::bench
