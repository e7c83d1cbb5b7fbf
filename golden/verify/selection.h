// selection.h - which cases a command is about.
#pragma once

#include <string>
#include <vector>

#include "golden/harness/case_list.h"
#include "impl/core/error.h"

namespace plumb::golden {

/// Filters; an empty list lets everything pass. `cases`: ids, also with * and ?.
struct Selection {
  std::vector<std::string> ops, cases, directions, dtypes;
  std::string live;  // a file of a user's; empty: the project's own cases
};

/// Selected cases in the order of impl/ops.txt, those that must be refused last of their op.
struct Selected {
  std::vector<Case> cases;
  std::vector<Refusal> refusals;
};

/// Nothing is selected, or an entry of `cases` selects nothing: it names the nearest ids.
struct NoCase : Error {
  using Error::Error;
};

/// Throws NoCase, UsageError for an op, direction or dtype that does not exist, and what
/// case_list.h throws. A `cases` entry without * that names no case of the project, but one that
/// make_case accepts, is that case: any id can be run.
Selected select(const Selection& selection);

/// Where the project's cases and answers are: PLUMBLINE_GOLDEN, else golden/ops of the source tree
/// that this program was built from.
std::string golden_folder();

}  // namespace plumb::golden
