// nulls.h - kernels that compute nothing: a check that they pass proves little.
#pragma once

#include <map>
#include <string>

#include "golden/harness/gates.h"

namespace plumb::golden {

enum class NullKernel : std::uint8_t {
  zeros,  // every output is 0
  copy,   // every output is the input of its name, else the first of its shape and dtype
  mean,   // every element is the mean of the right ones
};
inline constexpr NullKernel kNullKernels[] = {NullKernel::zeros, NullKernel::copy,
                                              NullKernel::mean};
const char* name_of(NullKernel null);   // "zeros", as cases.json spells it
const char* describe(NullKernel null);  // "zeros", "a copy of an input", "the mean everywhere"

/// Whether the null kernel's outputs pass all the gates. False where no output has an element: an
/// empty answer has nothing to mistrust.
bool null_passes(NullKernel null, const Answer& answer,
                 const std::map<std::string, HostArray>& inputs, const Rules& rules);

}  // namespace plumb::golden
