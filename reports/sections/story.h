// story.h - how tables name a case.
#pragma once

#include "reports/elements.h"
#include "reports/input/verify_run.h"

namespace plumb::report {

/// The line that repeats the case, and under it what the case hunts.
Cell story_of(const Case& c);

}  // namespace plumb::report
