// sections.h - the sections of a page, a function each. One that has nothing to show is empty.
#pragma once

#include <string>

#include "reports/report.h"

namespace plumb::report {

struct Section {
  std::string id, title;
  std::string device = {};  // whose figures these are; "" where none are shown
  std::string body = {};    // HTML; "": nothing to show
};

/// Cases by op and outcome.
Section outcomes_section(const Inputs& inputs);
/// Every case that is wrong or doubtful, as verify prints it, with its repro line.
Section failures_section(const Inputs& inputs);
/// Op and direction by dtype: how many passed, and the largest share of a bound.
Section heat_section(const Inputs& inputs);
/// The outputs nearest to their limits, with figures and repro lines.
Section worst_section(const Inputs& inputs);
/// Our distance from the f64 answer over LibTorch's own: curves and quantiles.
Section ratios_section(const Inputs& inputs);
/// What was tried of each op, and why cases neither passed nor failed.
Section coverage_section(const Inputs& inputs);
/// Calls that must be refused: our words, and LibTorch's.
Section refusals_section(const Inputs& inputs);
/// Null kernels that cases declare to pass rightly.
Section nulls_section(const Inputs& inputs);
/// Planted bugs: killed and total, and by what.
Section mutants_section(const Inputs& inputs);
/// The verdicts of a training run beside LibTorch's.
Section training_section(const Inputs& inputs, const Provenance& provenance);
/// Its trajectories.
Section trajectories_section(const Inputs& inputs);
Section provenance_section(const Inputs& inputs, const Provenance& provenance);
/// What these results do not show.
Section gaps_section(const Inputs& inputs);
/// How each figure is computed.
Section glossary_section(const Inputs& inputs);

}  // namespace plumb::report
