// memory_line.h - ld and st: one line a type and vector width, run in every space and with every
// pattern of addresses.
#pragma once

#include <string>
#include <vector>

namespace vgpu::conformance {

struct MemoryLine {
  std::string type;  // "s8"
  int bits = 32;     // of an element in memory
  int width = 1;     // elements
  int register_bits = 32;
  bool is_signed = false;
  std::string vector() const { return width == 1 ? "" : ".v" + std::to_string(width); }
};

std::vector<MemoryLine> memory_lines();

/// The opcodes that a line runs, as in "ld.global.nc.v4.f32".
std::vector<std::string> memory_opcodes(const MemoryLine& line);

/// The kernel that runs them.
std::string memory_kernel(const MemoryLine& line);

/// What differs, as mismatches() says it.
std::string memory_mismatches(const MemoryLine& line);

}  // namespace vgpu::conformance
