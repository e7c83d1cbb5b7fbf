// prepare.h - a kernel made ready for translation: calls inlined, barriers brought to one form.
//
// After this a function holds no call but those of the machine's own functions (vprintf,
// __assertfail, malloc, free): others are inlined, or a branch to a subroutine (calls.h) whose
// return is a brx.idx over all places that calls come from. It holds no guarded barrier or warp
// exchange (a branch around it instead), and bar.red is two instructions: the barrier and
// `barrier_result`, which reads what the barrier's release left in the warp.
#pragma once

#include "vgpu/ptx/module.h"

namespace vgpu::translate {

/// Functions that the machine itself provides under CUDA's names.
bool is_machine_function(const std::string& name);

/// The parts of a call statement.
struct Call {
  const ptx::Operand* result = nullptr;  // the return parameter's symbol
  const ptx::Operand* callee = nullptr;
  std::vector<const ptx::Operand*> arguments;
};
Call parts_of_call(const ptx::Instruction& instruction);

/// Throws Fault::unsupported_instruction for a call to a function without a body.
ptx::Function prepare(const ptx::Module& module, const ptx::Function& kernel);

}  // namespace vgpu::translate
