// compare.h - the comparison of a setp or set of integers, for code that needs it of other values
// than the instruction's operands.
#pragma once

#include "vgpu/isa/emitter.h"

namespace vgpu::isa {

/// a <op> b as i1, or <32 x i1> of vectors, with the comparison that e.ins names (eq ne lt le gt ge
/// lo ls hi hs); of integers of `type`. Any other name is unsupported.
llvm::Value* compare_integers(Emitter& e, llvm::Value* a, llvm::Value* b, ptx::Type type);

}  // namespace vgpu::isa
