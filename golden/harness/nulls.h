// nulls.h - kernels that compute nothing: a check that they pass proves little.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "golden/harness/gates.h"

namespace plumb::golden {

enum class NullKernel : std::uint8_t {
  zeros,     // every output is 0
  copy,      // every output is the input of its name, else the first of its shape and dtype
  mean,      // every element is the mean of the right ones
  previous,  // every output is what the case before left in memory of its shape and dtype
};
inline constexpr NullKernel kNullKernels[] = {NullKernel::zeros, NullKernel::copy, NullKernel::mean,
                                              NullKernel::previous};
const char* name_of(NullKernel null);   // "zeros", as cases.json spells it
const char* describe(NullKernel null);  // "zeros", "a copy of an input", "the mean everywhere" ...
/// The reverse of name_of; throws UsageError naming what is allowed.
NullKernel null_from_name(const std::string& name);

/// What the null kernel returns for an output. Nothing where it has nothing of its own to return:
/// no input fits, or the mean is 0 or that of one element. What came before is for others to know.
std::optional<HostArray> null_output(NullKernel null, const std::string& name, const Expected& e,
                                     const std::map<std::string, HostArray>& inputs);

/// Whether the null kernel's outputs pass all the gates. False where no output has an element: an
/// empty answer has nothing to mistrust.
bool null_passes(NullKernel null, const Answer& answer,
                 const std::map<std::string, HostArray>& inputs, const Rules& rules);

}  // namespace plumb::golden
