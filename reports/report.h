// report.h - from results (reports/input/inputs.h) to pages.
#pragma once

#include <string>

#include "reports/input/inputs.h"

namespace plumb::report {

/// What a report says about where its numbers come from.
struct Provenance {
  std::string commit, machine, command, date;
};

/// One self-contained page: banner, the sections of what was given (reports/sections/sections.h),
/// charts drawn by Vega, which is in the page (without script they are SVG), and the figures as
/// JSON. Loads nothing; the same input gives the same bytes.
std::string html(const Inputs& inputs, const Provenance& provenance);

/// The same in short as Markdown: tables, every verdict that is bad with its repro line.
std::string summary(const Inputs& inputs, const Provenance& provenance);

/// Every case, every check of a training run and every mutant as JUnit XML; a mutant that survived
/// is a failure.
std::string junit(const Inputs& inputs);

}  // namespace plumb::report
