// main.cpp - plumb.mutants: puts an op's planted bugs in its place, one after the other, and tells
// which case or property sees each.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <thread>

#include "golden/harness/op.h"
#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/core/nearest.h"
#include "property_tests/mutants/hunt.h"
#include "property_tests/mutants/mutant.h"
#include "property_tests/mutants/tally.h"
#include "property_tests/mutants/worker.h"
#include "vgpu/machine/machine.h"

namespace {

using namespace plumb;
using namespace plumb::mutants;

constexpr int kUsage = 64;
constexpr const char* kDevice = "vgpu:0";  // mutants are built as PTX alone

struct Arguments {
  std::vector<std::string> ops, names;
  Folders folders{PLUMB_MUTANT_LISTS, PLUMB_MUTANT_LIBRARIES};
  std::string json_path;
  int jobs = 0;
  double timeout = 300;
  bool all = false, list = false, worker = false;
};

/// The mutants that the arguments ask for. Throws UsageError for a name that no op asked for has.
std::vector<Mutant> selected(const Arguments& a) {
  std::vector<std::string> ops = a.ops;
  if (ops.empty())
    for (const golden::Op& op : golden::ops()) ops.push_back(op.name);
  std::vector<Mutant> every, out;
  std::vector<std::string> known;
  for (const std::string& op : ops)
    for (const Mutant& mutant : read_mutants(a.folders.lists, golden::find_op(op).name)) {
      every.push_back(mutant);
      known.push_back(mutant.name);
    }
  if (a.names.empty()) return every;
  for (const std::string& name : a.names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError(
          fmt::format("mutant '{}' is unknown; nearest: '{}'", name, nearest(name, known)));
  std::copy_if(every.begin(), every.end(), std::back_inserter(out), [&](const Mutant& mutant) {
    return std::find(a.names.begin(), a.names.end(), mutant.name) != a.names.end();
  });
  return out;
}

int list(const std::vector<Mutant>& mutants) {
  for (const Mutant& mutant : mutants)
    fmt::print("{:<34} {:<11} {}\n", mutant.label(), mutant.kind, mutant.what);
  return 0;
}

int hunt_all(const Arguments& a, const std::vector<Mutant>& mutants) {
  HuntOptions options;
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  options.jobs = std::min(a.jobs > 0 ? a.jobs : cores, static_cast<int>(mutants.size()));
  options.all = a.all;
  options.timeout_seconds = a.timeout;
  options.arguments = {"--worker", "--lists", a.folders.lists, "--libraries", a.folders.libraries};
  Tally tally;
  hunt(options, mutants, [&](const Trial& trial) {
    tally.add(trial);
    fmt::print("{}\n", describe(trial));
    if (a.all)
      for (const Killer& killer : trial.killers) fmt::print("    {}: {}\n", killer.id, killer.text);
    std::fflush(stdout);
  });
  fmt::print("{}", tally.table());
  if (!a.json_path.empty()) write_whole(a.json_path, tally.json(kDevice).dump(1) + "\n");
  return tally.exit_code();
}

int run(const Arguments& a) {
  if (a.worker) {
    vgpu::settings().threads = 1;
    serve(a.folders);
    return 0;
  }
  // The properties' cases are the same in every run, unless somebody asks for others.
  setenv("RC_PARAMS", "seed=1 max_success=40", 0);
  const std::vector<Mutant> mutants = selected(a);
  return a.list ? list(mutants) : hunt_all(a, mutants);
}

void add_options(CLI::App& app, Arguments& a) {
  app.add_option("--op", a.ops, "mutants of this op alone (may be repeated)");
  app.add_option("--mutant", a.names, "this mutant alone (may be repeated); control: no change");
  app.add_flag("--all", a.all, "go on after the first killer, and print what each of them says");
  app.add_flag("--list", a.list, "print the selected mutants and what each does");
  app.add_option("--json", a.json_path, "write every mutant's fate there");
  app.add_option("--jobs", a.jobs, "processes at a time; 0: one a core")
      ->check(CLI::Range(0, 1024));
  app.add_option("--timeout", a.timeout, "seconds that one case or property may take")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  app.add_option("--lists", a.folders.lists, "where <op>.json are")->capture_default_str();
  app.add_option("--libraries", a.folders.libraries, "where <op>/<mutant>.so are")
      ->capture_default_str();
  app.add_flag("--worker", a.worker)->group("");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Plants each bug of property_tests/mutants/ and tells which case or property sees it.");
  app.footer(
      "Exit: 0 good, 1 a library is missing or a check proves nothing, 2 less than 95 % of an op's "
      "mutants are killed, or its control is, 64 usage.\nExample: plumb.mutants --op relu --all");
  Arguments a;
  add_options(app, a);
  try {
    app.parse(argc, argv);
    return run(a);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const UsageError& error) {
    fmt::print(stderr, "plumb.mutants: {}\n", error.what());
    return kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "plumb.mutants: {}\n", error.what());
    return 1;
  }
}
