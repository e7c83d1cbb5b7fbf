// html.cpp - the page: banner, links, sections, the figures as JSON.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "reports/assets.h"
#include "reports/elements.h"
#include "reports/figures.h"
#include "reports/overall.h"
#include "reports/report.h"
#include "reports/sections/sections.h"

namespace plumb::report {
namespace {

std::vector<Section> sections_of(const Inputs& inputs, const Provenance& p) {
  std::vector<Section> all = {
      failures_section(inputs),    outcomes_section(inputs),     heat_section(inputs),
      worst_section(inputs),       ratios_section(inputs),       coverage_section(inputs),
      refusals_section(inputs),    nulls_section(inputs),        mutants_section(inputs),
      training_section(inputs, p), trajectories_section(inputs), provenance_section(inputs, p),
      gaps_section(inputs),        glossary_section(inputs)};
  std::erase_if(all, [](const Section& section) { return section.body.empty(); });
  return all;
}

std::string banner(const Inputs& inputs) {
  const std::string outcome = overall(inputs);
  std::string out = fmt::format(
      "<div class=\"banner{}\"><h1>{}: our CUDA kernels beside "
      "LibTorch</h1><ul>",
      outcome == "PASS" ? "" : " bad", outcome);
  for (const std::string& line : headlines(inputs)) out += "<li>" + escape(line) + "</li>";
  const std::vector<std::string> devices = devices_of(inputs);
  out += fmt::format("</ul><p>On {}", escape(fmt::format("{}", fmt::join(devices, ", "))));
  return out + (std::all_of(devices.begin(), devices.end(), is_virtual)
                    ? ", a virtual GPU: the PTX that nvcc emitted, run on the CPU. No GPU was used."
                      "</p></div>\n"
                    : ".</p></div>\n");
}

std::string links(const std::vector<Section>& sections) {
  std::string out = "<nav>";
  for (const Section& section : sections)
    out += fmt::format("<a href=\"#{}\">{}</a> ", section.id, escape(section.title));
  return out + "</nav>\n";
}

std::string raw_figures(const Inputs& inputs) {
  std::string out;
  if (!inputs.training.is_null()) out += embedded("result", inputs.training);
  if (!inputs.runs.empty()) out += embedded("cases", figures_of_cases(inputs));
  if (inputs.mutants) out += embedded("mutants-data", figures_of_mutants(*inputs.mutants));
  return out;
}

}  // namespace

std::string html(const Inputs& inputs, const Provenance& p) {
  const std::vector<Section> sections = sections_of(inputs, p);
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>Plumbline: " +
      overall(inputs) + "</title><style>\n" + std::string(page_style()) +
      "</style></head><body>\n" + banner(inputs) + links(sections);
  for (const Section& section : sections)
    out += heading(section.id, section.title, section.device) + section.body;
  return out + raw_figures(inputs) + "<script>" + std::string(page_script()) +
         "</script></body></html>\n";
}

}  // namespace plumb::report
