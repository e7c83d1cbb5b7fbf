// null_verdict.h - null kernels put in an op's place and judged as the op is.
#pragma once

#include <map>
#include <string>

#include "golden/harness/nulls.h"
#include "golden/harness/verdict.h"

namespace plumb::golden {

/// What the null kernel returns for every output. Empty when it has nothing to return for one that
/// has elements, or when none has: there is nothing to mistrust then.
std::map<std::string, HostArray> null_outputs(NullKernel null, const Answer& answer, const Case& c);

/// The verdict on a kernel that returns these outputs, whatever the inputs are: the op is replaced
/// for the time of the call.
CaseVerdict judge_outputs_of(const std::map<std::string, HostArray>& outputs, const Case& c,
                             const Answer& answer);

}  // namespace plumb::golden
