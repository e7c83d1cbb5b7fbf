#include "reports/command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "impl/core/error.h"
#include "impl/core/file.h"
#include "reports/report.h"

namespace plumb::report {
namespace {

struct Arguments {
  std::string result, output;
  Provenance provenance;
};

int write_report(const Arguments& a) {
  const auto result = nlohmann::json::parse(read_whole(a.result), nullptr, false);
  if (!result.is_object() || !result.contains("verdicts"))
    throw UsageError(a.result + ": not a result of plumbline train --audit");
  write_whole(a.output, html(result, a.provenance));
  const std::string beside =
      (std::filesystem::path(a.output).parent_path() / "summary.md").string();
  write_whole(beside, summary(result, a.provenance));
  fmt::print("report: {} and {}\n", a.output, beside);
  return 0;
}

}  // namespace

void add_report_command(CLI::App& app,
                        const std::function<void(const std::function<int()>&)>& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* report =
      app.add_subcommand("report", "Write one offline HTML page and summary.md from a result");
  report->add_option("result", a->result, "JSON of plumbline train --audit --json")->required();
  report->add_option("-o,--output", a->output, "the HTML file")->required();
  report->add_option("--commit", a->provenance.commit, "shown in the page");
  report->add_option("--machine", a->provenance.machine, "shown in the page");
  report->add_option("--command", a->provenance.command, "what made the result: the repro line");
  report->add_option("--date", a->provenance.date, "shown in the page");
  report->footer("Example: plumbline report result.json -o reports/out/index.html");
  report->callback([a, chosen] { chosen([a] { return write_report(*a); }); });
}

}  // namespace plumb::report
