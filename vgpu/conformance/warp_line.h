// warp_line.h - instructions in which lanes see each other: shfl, vote, match, redux, elect,
// activemask.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vgpu/conformance/line.h"

namespace vgpu::conformance {

inline constexpr int kLanes = 32;

/// One warp's inputs: operands %a, %b, %c of each lane, the lanes that execute, and the member mask
/// that each names.
struct WarpCase {
  u64 in[3][kLanes] = {};
  u32 active = 0;
  u32 members[kLanes] = {};
};

struct WarpLine {
  std::string opcode, text;  // %m: the member mask
  std::vector<ValueType> sources, results;
  std::function<void(const WarpCase&, int lane, u64* out)> reference;
  /// Values that operand k takes: any when empty.
  std::vector<std::vector<u64>> choices;
};

std::vector<WarpLine> warp_lines();

/// Kernel `warps`(in, members, out, mask): operands are read before lanes outside the mask branch
/// around the instruction, so that theirs stand in their registers. `members` is %m's text.
std::string warp_kernel(const WarpLine& line, const std::string& members);

/// What differs, as mismatches() says it.
std::string warp_mismatches(const WarpLine& line);

}  // namespace vgpu::conformance
