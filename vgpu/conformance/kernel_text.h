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

// Pieces that the other kernels of the tests share.
inline constexpr const char* kHeader = ".version 8.7\n.target sm_100\n.address_size 64\n";
const char* register_type(ValueType type);
/// Predicates are words in memory; %word is a scratch register.
std::string load(ValueType type, const std::string& name, const std::string& space,
                 const std::string& address);
std::string store(ValueType type, const std::string& name, const std::string& address);
/// The lane's bit of a mask register as a predicate; uses %lane and %word.
std::string lane_predicate(const std::string& predicate, const std::string& mask);
std::string replaced(std::string text, const std::string& from, const std::string& to);

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
