// checked_case.h - a case under the virtual GPU's checks: what they find is the case's failure.
#pragma once

#include "golden/harness/verdict.h"

namespace plumb::golden {

/// Before the first case: memory is left as the kernels see it, and where races are looked for the
/// second run takes blocks and warps in reverse order, so that results which hang on it differ.
void prepare_checks();

/// Adds what was found since the last call. A verdict with findings is FAIL; its reason names the
/// first one where it had none.
void add_findings(CaseVerdict& verdict);

}  // namespace plumb::golden
