// ratios.cpp - our error beside LibTorch's own: more than one number an op.
#include <fmt/format.h>

#include "reports/charts.h"
#include "reports/elements.h"
#include "reports/overall.h"
#include "reports/sections/sections.h"

namespace plumb::report {
namespace {

Cell percent(double share) { return {fmt::format("{:.1f} %", 100 * share), "number"}; }
Cell none() { return {"-", "number"}; }

std::vector<Cell> row_of(const ErrorRatios& r) {
  std::vector<Cell> out = {named(r.op + " " + r.dtype, r.device + " " + r.engine),
                           numeric(static_cast<double>(r.sorted.size())), numeric(r.both_exact)};
  for (const double p : {0.5, 0.9, 0.99, 1.0})
    out.push_back(r.sorted.empty() ? none() : numeric(r.quantile(p)));
  for (const double limit : {1.0, 2.0})
    out.push_back(r.sorted.empty() ? none() : percent(r.share_up_to(limit)));
  return out;
}

}  // namespace

Section ratios_section(const Inputs& inputs) {
  Section section{"ratios", "Our error over LibTorch's own", devices_of_runs(inputs)};
  const std::vector<ErrorRatios> ratios = error_ratios(inputs);
  if (ratios.empty()) return section;
  section.body = paragraph(
      "Both are relative L2 distances from LibTorch's f64 answer: ours, and that of LibTorch's own "
      "run in the same dtype. Left of 1 ours is nearer. Halves are not held to this ratio: they "
      "are judged by one rounding of the output.");
  section.body += "<div class=\"charts\">\n";
  for (const Chart& chart : ratio_charts(ratios))
    section.body += "<div><h3>" + escape(chart.title) + "</h3>" + figure(chart) + "</div>\n";
  section.body += "</div>\n";
  Table table({"op, dtype", "outputs", "both exact", "median", "90 %", "99 %", "largest",
               "1 or less", "2 or less"},
              Narrow::cards);
  int index = 0;
  for (const ErrorRatios& r : ratios) table.add(row_of(r), fmt::format("ratio{}", ++index));
  section.body += table.html();
  return section;
}

}  // namespace plumb::report
