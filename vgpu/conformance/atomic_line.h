// atomic_line.h - atom and red: what an operation makes of a memory cell, run in lane order by the
// reference.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vgpu/conformance/line.h"

namespace vgpu::conformance {

struct AtomicLine {
  std::string
      operation;   // "add.noftz.f16": what stands behind atom or red, the space and the order
  ValueType type;  // of a cell's element
  int width = 1;   // elements, .v2 to .v8
  bool two_operands = false;                     // cas
  bool reduces = true;                           // whether red has it
  std::function<u64(u64 x, u64 a, u64 b)> next;  // the element after the operation
  std::vector<u64> choices;                      // values to draw from; any when empty
};

std::vector<AtomicLine> atomic_lines();

/// The typed opcodes that a line runs, "atom.global.add.u32", and the kernels that run them.
std::vector<std::string> atomic_opcodes(const AtomicLine& line);
std::vector<std::string> atomic_kernels(const AtomicLine& line);

/// What differs, as mismatches() says it.
std::string atomic_mismatches(const AtomicLine& line);

}  // namespace vgpu::conformance
