// runner.h - runs one line of the tables on the virtual GPU in every form and compares with its
// reference.
#pragma once

#include <string>

#include "vgpu/conformance/line.h"

namespace vgpu::conformance {

/// What differs, with the first cases; empty when nothing does.
std::string mismatches(const Line& line);

/// The bits that a result of the type shares with another: equal, NaN with NaN, or within `ulps` of
/// it.
bool agrees(ValueType type, u64 got, u64 want, int ulps);

}  // namespace vgpu::conformance
