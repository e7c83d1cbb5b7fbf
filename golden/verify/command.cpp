// command.cpp - `plumbline verify`: every selected case judged, over warm workers.
#include "golden/verify/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <thread>

#include "golden/verify/case_judge.h"
#include "golden/verify/null_table.h"
#include "golden/verify/pool.h"
#include "golden/verify/repro.h"
#include "golden/verify/results.h"
#include "impl/core/cuda_error.h"
#include "impl/core/error.h"
#include "impl/core/file.h"
#include "impl/core/progress_bar.h"
#include "vgpu/machine/machine.h"

namespace plumb::golden {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr int kInterrupted = 130, kNothing = 4;
volatile std::sig_atomic_t interrupted = 0;

struct Arguments {
  Selection selection;
  std::string engine = "native", json_path, junit_path;
  int jobs = 0;
  double timeout = 120;
  bool nulls = false, list = false, worker = false, verbose = false, quiet = false;

  bool live() const { return !selection.live.empty(); }
};

int list_cases(const Selected& selected) {
  for (const Case& c : selected.cases) fmt::print("{}  {}\n", c.text, c.hunts);
  for (const Refusal& r : selected.refusals) fmt::print("{}  {}\n", r.c.text, r.c.hunts);
  return 0;
}

std::vector<Task> tasks_of(const Selected& selected) {
  std::vector<Task> out;
  for (const Case& c : selected.cases)
    out.push_back({c.text, c.id.op + "/" + c.id.direction + "/" + c.id.dtype});
  for (const Refusal& r : selected.refusals) out.push_back({r.c.text, r.c.id.op + "/refusal"});
  std::stable_sort(out.begin(), out.end(),
                   [](const Task& a, const Task& b) { return a.group < b.group; });
  return out;
}

/// The words that make this program a worker for the same selection.
std::vector<std::string> worker_words(const Arguments& a, const std::string& device) {
  std::vector<std::string> out = {"--device",  device,
                                  "--threads", "1",
                                  "--check",   vgpu::observe::name_of(vgpu::settings().checks),
                                  "verify",    "--worker"};
  const auto add = [&](const char* flag, const std::vector<std::string>& values) {
    for (const std::string& value : values) out.insert(out.end(), {flag, value});
  };
  add("--op", a.selection.ops);
  add("--case", a.selection.cases);
  add("--direction", a.selection.directions);
  add("--dtype", a.selection.dtypes);
  if (a.live()) add("--live", {a.selection.live});
  if (a.nulls) out.push_back("--nulls");
  add("--timeout", {fmt::format("{}", a.timeout)});
  return out;
}

int serve_cases(const Selected& selected, const Arguments& a) {
  CaseJudge judge(selected, a.live(), a.timeout);
  const auto answer = [&](const std::string& id) {
    if (a.nulls) return judge.judge_nulls(id);
    json verdict = judge.judge(id).json();
    verdict["versions"] = judge.versions();
    return verdict;
  };
  serve(answer, device_is_lost);
  return 0;
}

/// The vendor's libraries serve some ops, on a real GPU alone.
std::string vendor_reason(const std::string& device) {
  return device.rfind("cuda", 0) == 0
             ? "no vendor engine is built for this op"
             : "the vendor's libraries need a GPU; the device is " + device;
}

Results skip_all(const Selected& selected, const std::string& reason) {
  Results results;
  for (const Case& c : selected.cases) results.add(without_run(c, Outcome::skip, reason).json());
  for (const Refusal& r : selected.refusals)
    results.add(without_run(r.c, Outcome::skip, reason).json());
  return results;
}

/// One line and an end at once when LibTorch cannot be asked at all.
void require_libtorch(const Selected& selected, const Arguments& a) {
  if (needs_libtorch(selected, a.live())) LibTorch("stock", a.timeout);
}

int jobs_of(const Arguments& a, const std::string& device, std::size_t tasks) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int wanted = a.jobs > 0 ? a.jobs : device.rfind("cuda", 0) == 0 ? 1 : cores;
  return std::min(wanted, static_cast<int>(tasks));
}

/// Every selected case through workers; `done` gets what they say.
void over_workers(const Selected& selected, const Arguments& a, const std::string& device,
                  const std::function<void(const json&, ProgressBar&)>& done) {
  const std::vector<Task> tasks = tasks_of(selected);
  // LibTorch's start and its answer may take as long as our runs.
  const double timeout = needs_libtorch(selected, a.live()) ? 3 * a.timeout : a.timeout;
  ProgressBar bar(a.quiet);
  std::int64_t count = 0;
  run_pool({jobs_of(a, device, tasks.size()), timeout, worker_words(a, device)}, tasks,
           [&](const json& verdict) {
             done(verdict, bar);
             bar.show(verdict.at("id").get<std::string>().substr(0, 18), ++count,
                      static_cast<std::int64_t>(tasks.size()));
             return interrupted == 0;
           });
}

void print_verdict(const json& verdict) {
  double share = 0;
  for (const json& o : verdict.at("outputs"))
    if (o.at("share_of_bound").is_number())
      share = std::max(share, o.at("share_of_bound").get<double>());
  fmt::print("{:<15} {}  {:.0f} % of the bound\n", verdict.at("outcome").get<std::string>(),
             verdict.at("id").get<std::string>(), 100 * share);
}

Results judge_all(const Selected& selected, const Arguments& a, const std::string& device,
                  json& versions) {
  require_libtorch(selected, a);
  Results results;
  over_workers(selected, a, device, [&](const json& verdict, ProgressBar& bar) {
    json kept = verdict;
    if (const auto found = kept.find("versions"); found != kept.end()) {
      if (!found->empty()) versions = *found;
      kept.erase("versions");
    }
    results.add(kept);
    if (!a.verbose) return;
    bar.clear();
    print_verdict(kept);
  });
  return results;
}

int verify_nulls(const Selected& selected, const Arguments& a, const std::string& device) {
  require_libtorch(selected, a);
  NullTable table;
  over_workers(selected, a, device, [&](const json& verdict, ProgressBar&) { table.add(verdict); });
  fmt::print("{}", table.text());
  if (!a.json_path.empty()) {
    json file = table.json();
    file["schema"] = 1;
    file["device"] = device;
    write_whole(a.json_path, file.dump(1) + "\n");
  }
  return interrupted ? kInterrupted : table.exit_code();
}

void print_findings(const Results& results) {
  const auto& checks = vgpu::settings().checks;
  if (!checks.finds()) return;
  fmt::print("check {}: {} finding{}\n", vgpu::observe::name_of(checks), results.findings(),
             results.findings() == 1 ? "" : "s");
  for (const std::string& unused : results.unused_allowances())
    fmt::print("{}: nothing was found\n", unused);
}

int verify_selected(const Selected& selected, const Arguments& a, const std::string& device) {
  const auto start = Clock::now();
  json versions = json::object();
  const Results results = a.engine == "vendor" ? skip_all(selected, vendor_reason(device))
                                               : judge_all(selected, a, device, versions);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const std::string repro =
      repro_command(own_program(), device, a.selection.live,
                    vgpu::settings().checks.finds() ? name_of(vgpu::settings().checks) : "");
  fmt::print("{}{}", results.details(repro), results.table());
  fmt::print("{} {} on {} in {:.2f} s: {:.0f} a second\n", results.count(),
             results.count() == 1 ? "case" : "cases", device, seconds,
             static_cast<double>(results.count()) / seconds);
  print_findings(results);
  if (a.engine == "vendor") fmt::print("skipped: {}\n", vendor_reason(device));
  const Header header{device, a.engine, repro, versions,
                      selected.cases.size() + selected.refusals.size()};
  if (!a.json_path.empty()) write_whole(a.json_path, results.json_lines(header));
  if (!a.junit_path.empty()) write_whole(a.junit_path, results.junit(header));
  return interrupted ? kInterrupted : results.exit_code();
}

int verify(const Arguments& a, const std::string& device) try {
  const Selected selected = select(a.selection);
  if (a.worker) return serve_cases(selected, a);
  if (a.list) return list_cases(selected);
  std::signal(SIGINT, [](int) { interrupted = 1; });
  return a.nulls ? verify_nulls(selected, a, device) : verify_selected(selected, a, device);
} catch (const NoCase& error) {
  fmt::print(stderr, "plumbline verify: {}\n", error.what());
  return kNothing;
}

}  // namespace

void add_verify_command(CLI::App& app, const Chosen& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* verify_app = app.add_subcommand(
      "verify", "Hold every op to LibTorch's answers, case by case, by the gates of the policy");
  verify_app->add_option("--op", a->selection.ops, "cases of this op alone (may be repeated)");
  verify_app->add_option("--case", a->selection.cases,
                         "this case; * and ? match. An id that is none of the project's is judged "
                         "against a LibTorch asked on the spot");
  verify_app->add_option("--direction", a->selection.directions, "forward, backward, step ...");
  verify_app->add_option("--dtype", a->selection.dtypes, "f64, f32, f16, bf16");
  verify_app->add_option("--engine", a->engine, "native: our kernels; vendor: cuBLAS, cuDNN")
      ->check(CLI::IsMember({"native", "vendor"}))
      ->capture_default_str();
  verify_app->add_option("--live", a->selection.live,
                         "judge the cases of this JSON file against a LibTorch asked on the spot");
  verify_app->add_option("--json", a->json_path,
                         "write a line a case there, with every figure; with --nulls the table");
  CLI::Option* junit = verify_app->add_option("--junit", a->junit_path, "write JUnit XML there");
  verify_app->add_option("--jobs", a->jobs, "processes that judge; 0: one a core")
      ->check(CLI::Range(0, 1024));
  verify_app
      ->add_option("--timeout", a->timeout,
                   "seconds that one case may take, and LibTorch to answer it")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  verify_app
      ->add_flag("--nulls", a->nulls,
                 "judge kernels that compute nothing in the ops' place: each must fail")
      ->excludes(junit);
  verify_app->add_flag("--list", a->list, "print the selected ids and what each hunts");
  verify_app->add_flag("--verbose", a->verbose, "print a line a case");
  verify_app->add_flag("--quiet", a->quiet, "no progress");
  verify_app->add_flag("--worker", a->worker)->group("");
  verify_app->footer(
      "Exit: 0 good, 1 LibTorch is needed and cannot be asked, 2 wrong answer or untested, "
      "3 mistrusted, 4 no case matches, 64 usage, 130 interrupted.\nExample: plumbline verify --op "
      "linear --dtype f32 --verbose");
  verify_app->callback(
      [a, chosen] { chosen([a](const std::string& device) { return verify(*a, device); }); });
}

}  // namespace plumb::golden
