// worst.cpp - the outputs nearest to their limits, by both gates.
#include <fmt/format.h>

#include <cmath>

#include "reports/elements.h"
#include "reports/overall.h"
#include "reports/sections/sections.h"
#include "reports/sections/story.h"
#include "reports/tally.h"

namespace plumb::report {
namespace {

constexpr std::size_t kMost = 3;  // rows a dtype

Cell known(double value) { return std::isnan(value) ? Cell{"-", "number"} : numeric(value); }

std::string table_of(const std::vector<Ranked>& worst, const std::string& measure,
                     const std::string& anchor) {
  Table table(
      {"repro line of the case", "output", measure, "distance", "limit", "LibTorch's own", "ulp"},
      Narrow::cards);
  std::size_t index = 0;
  for (const Ranked& r : worst)
    table.add({story_of(*r.of), named(r.output->name, r.of->device + " " + r.of->engine),
               numeric(r.measure), numeric(r.output->distance), numeric(r.output->allowed),
               known(r.output->libtorch), numeric(r.output->ulp_max)},
              fmt::format("{}{}", anchor, ++index));
  return table.html();
}

}  // namespace

Section worst_section(const Inputs& inputs) {
  Section section{"worst", "Nearest to the limits", devices_of_runs(inputs)};
  const auto by_share = worst_by_share(inputs, kMost),
             by_distance = worst_by_distance(inputs, kMost);
  if (!by_share.empty())
    section.body += "<h3>By the a-priori bound of an element</h3>" +
                    table_of(by_share, "error / bound", "share");
  if (!by_distance.empty())
    section.body += "<h3>By the distance of a whole output</h3>" +
                    table_of(by_distance, "distance / limit", "distance");
  return section;
}

}  // namespace plumb::report
