// kernel_text.h - the PTX kernels that run one line of the tables in every form.
#pragma once

#include <string>
#include <vector>

#include "vgpu/conformance/line.h"
#include "vgpu/conformance/values.h"

namespace vgpu::conformance {

/// How a section of a kernel runs the instruction.
struct Section {
  enum class Form { plain, guarded, in_place, literal } form = Form::plain;
  int literal_operand = -1;
  u64 literal = 0;
};

/// What the destinations hold where the instruction did not run.
inline constexpr u64 kUntouched = 0x3c3c3c3c3c3c3c3cull;

std::vector<Section> sections_of(const Line& line);

/// Kernel `lanes`(in, out, mask, guard, count): each lane reads its own operands. Lanes outside
/// `mask` branch around everything; the guarded section's predicate is `guard`. Results:
/// out[((section * count) + tuple) * 2 + result].
std::string lane_kernel(const Line& line, const std::vector<Section>& sections);

/// Kernel `same`(out, a, b, c, x): operands from parameters, alike in all lanes; then, for each
/// integer operand of 16 bits or more, that operand plus kStride * lane. Results: out[(section * 32
/// + lane) * 2 + result].
inline constexpr int kStride = 4;
std::vector<int> affine_operands(const Line& line);
std::string parameter_kernel(const Line& line);

}  // namespace vgpu::conformance
