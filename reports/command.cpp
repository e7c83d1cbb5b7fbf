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
  std::vector<std::string> results;
  std::string output;
  Provenance provenance;
};

int write_report(const Arguments& a) {
  const Inputs inputs = read_inputs(a.results);
  const std::filesystem::path folder = std::filesystem::path(a.output).parent_path();
  const std::string markdown = (folder / "summary.md").string(),
                    xml = (folder / "junit.xml").string();
  write_whole(a.output, html(inputs, a.provenance));
  write_whole(markdown, summary(inputs, a.provenance));
  write_whole(xml, junit(inputs));
  fmt::print("report: {}, {} and {}\n", a.output, markdown, xml);
  return 0;
}

}  // namespace

void add_report_command(CLI::App& app,
                        const std::function<void(const std::function<int()>&)>& chosen) {
  auto a = std::make_shared<Arguments>();
  CLI::App* report = app.add_subcommand(
      "report", "Write one offline HTML page, summary.md and junit.xml from results");
  report
      ->add_option("results", a->results,
                   "files of plumbline verify --json, plumbline train --audit --json, ci/mutants")
      ->required();
  report->add_option("-o,--output", a->output, "the HTML file")->required();
  report->add_option("--commit", a->provenance.commit, "shown in the page");
  report->add_option("--machine", a->provenance.machine, "shown in the page");
  report->add_option("--command", a->provenance.command,
                     "what made the results: the repro line of the training");
  report->add_option("--date", a->provenance.date, "shown in the page");
  report->footer("Example: plumbline report verify.jsonl result.json -o reports/out/index.html");
  report->callback([a, chosen] { chosen([a] { return write_report(*a); }); });
}

}  // namespace plumb::report
