// operand_count.h - how many operands an instruction takes. Inline assembly reaches the machine
// without ptxas having seen it, so that translation must not trust the text.
#pragma once

#include "vgpu/ptx/module.h"

namespace vgpu::isa {

struct OperandCount {
  std::size_t least, most;
};

/// Of the instruction's opcode; 0 to any number for an opcode that is not known here.
OperandCount operand_count(const ptx::Instruction& instruction);

}  // namespace vgpu::isa
