// ops.cpp - `plumbline vgpu ops`: the typed opcodes of real programs and whether the virtual GPU
// conforms in them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>

#include "impl/core/error.h"
#include "impl/core/progress_bar.h"
#include "vgpu/command/command.h"
#include "vgpu/conformance/check.h"
#include "vgpu/machine/machine.h"

namespace vgpu::command {
namespace {

using conformance::Check;
using conformance::Coverage;
using nlohmann::ordered_json;

constexpr int kFailed = 1;

struct Arguments {
  std::string filter;
  bool json = false, run = false, census = false, quiet = false;
};

/// One row: what is known of an opcode, and what a run found.
struct Row {
  Coverage coverage;
  std::string state;  // covered, excluded, missing; of a run: conformant, failed
  std::string fault;  // what the first check that failed says
};

std::vector<Row> select(const std::vector<Check>& all, const Arguments& a) {
  std::regex pattern;
  try {
    pattern = std::regex(a.filter);
  } catch (const std::regex_error& error) {
    throw plumb::UsageError("--filter '" + a.filter +
                            "' is no regular expression: " + error.what());
  }
  std::vector<Row> out;
  for (const Coverage& one : conformance::coverage(all))
    if (std::regex_search(one.opcode, pattern) && (one.programs > 0 || !a.census))
      out.push_back({one, name_of(one.state), {}});
  return out;
}

/// Runs each check that the rows need, once.
void run_checks(const std::vector<Check>& all, std::vector<Row>& rows, bool quiet) {
  std::map<std::size_t, std::string> found;
  for (const Row& row : rows)
    for (const std::size_t check : row.coverage.runs) found[check];
  settings().cache_folder.clear();  // thousands of kernels that nobody asks for again
  plumb::ProgressBar bar(quiet);
  std::int64_t done = 0;
  for (auto& [check, mismatch] : found) {
    bar.show(all[check].opcodes.front(), done++, static_cast<std::int64_t>(found.size()));
    mismatch = all[check].mismatches();
  }
  for (Row& row : rows) {
    if (row.coverage.state != Coverage::State::covered) continue;
    row.state = "conformant";
    for (const std::size_t check : row.coverage.runs) {
      if (found[check].empty()) continue;
      row.state = "failed";
      row.fault = found[check];
      break;
    }
  }
}

struct Counts {
  std::map<std::string, int> of_state;
  int all = 0;
};

Counts count(const std::vector<Row>& rows) {
  Counts out;
  for (const Row& row : rows) {
    ++out.of_state[row.state];
    ++out.all;
  }
  return out;
}

void print_json(const std::vector<Row>& rows, const Counts& counts, bool ran) {
  ordered_json list = ordered_json::array();
  for (const Row& row : rows) {
    ordered_json one = {{"opcode", row.coverage.opcode},
                        {"programs", row.coverage.programs},
                        {"state", row.state},
                        {"checks", row.coverage.runs.size()}};
    if (!row.coverage.reason.empty()) one["reason"] = row.coverage.reason;
    if (!row.fault.empty()) one["fault"] = row.fault;
    list.push_back(std::move(one));
  }
  const ordered_json out = {{"schema", 1},
                            {"run", ran},
                            {"opcodes", counts.all},
                            {"counts", counts.of_state},
                            {"list", list}};
  fmt::print("{}\n", out.dump(1));
}

void print_table(const std::vector<Row>& rows, Counts counts, bool ran) {
  fmt::print("{:<64} {:>8} {:<10} {:>6}\n", "typed opcode", "programs", "state", "checks");
  for (const Row& row : rows)
    fmt::print("{:<64} {:>8} {:<10} {:>6}{}\n", row.coverage.opcode, row.coverage.programs,
               row.state, row.coverage.runs.size(),
               row.coverage.reason.empty() ? "" : "  " + row.coverage.reason);
  for (const Row& row : rows)
    if (!row.fault.empty()) fmt::print("\n{} {}", row.coverage.opcode, row.fault);
  const char* good = ran ? "conformant" : "covered";
  fmt::print("{} of {} typed opcodes {}, {} excluded, {} missing", counts.of_state[good],
             counts.all, good, counts.of_state["excluded"], counts.of_state["missing"]);
  fmt::print("{}\n", ran ? fmt::format(", {} failed", counts.of_state["failed"]) : "");
}

int list(const Arguments& a) {
  const std::vector<Check> all = conformance::checks();
  std::vector<Row> rows = select(all, a);
  if (rows.empty()) throw plumb::UsageError("--filter '" + a.filter + "' matches no typed opcode");
  if (a.run) run_checks(all, rows, a.quiet || a.json);
  Counts counts = count(rows);
  a.json ? print_json(rows, counts, a.run) : print_table(rows, counts, a.run);
  return counts.of_state["failed"] + counts.of_state["missing"] > 0 ? kFailed : 0;
}

}  // namespace

void add_ops_command(CLI::App& vgpu_app, const Chosen& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* ops_app = vgpu_app.add_subcommand(
      "ops", "The typed opcodes of real programs, and whether the virtual GPU conforms in them");
  ops_app->add_option("--filter", a->filter, "those that this regular expression finds");
  ops_app->add_flag("--census", a->census, "those of the census alone");
  ops_app->add_flag("--run", a->run, "run every check of them (all: some minutes)");
  ops_app->add_flag("--json", a->json, "print one JSON object");
  ops_app->add_flag("--quiet", a->quiet, "no progress");
  ops_app->footer(
      "programs: how many of 590 programs (HeCBench, llm.c, CUDA samples; compute_80) use it, 0: "
      "beyond the census.\nchecks: kernels that execute the very text, under full, partial and "
      "single-lane masks, against a computation of the\nhost that shares no method with the "
      "translator. covered: the test suite runs them; conformant, failed: --run did.\nExit: 0 "
      "good, 1 an opcode failed or is missing, 64 usage.\nExample: plumbline vgpu ops --run "
      "--filter '^shfl'");
  ops_app->callback([a, chosen] { chosen([a] { return list(*a); }); });
}

}  // namespace vgpu::command
