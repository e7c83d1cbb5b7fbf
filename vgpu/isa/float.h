// float.h - pieces of float arithmetic that several families use.
#pragma once

#include "vgpu/isa/emitter.h"

namespace vgpu::isa {

/// f32 subnormals become zeros of their sign; f64 values pass.
llvm::Value* flush(Emitter& e, llvm::Value* value);
/// Operand k, flushed when the instruction says .ftz.
llvm::Value* flushed(Emitter& e, int k, ptx::Type type);
/// The instruction's min or max of two values: the operand that is not NaN, -0 < +0; .NaN and
/// .xorsign.abs as it says.
llvm::Value* float_minimum(Emitter& e, llvm::Value* a, llvm::Value* b);

/// Half bits (i16) to f32, exact; and back with one rounding to nearest even, NaN becoming 0x7fff.
llvm::Value* half_to_float(Emitter& e, llvm::Value* bits, ptx::Type half);
llvm::Value* float_to_half(Emitter& e, llvm::Value* value, ptx::Type half);
/// a + b in double, the last bit set when inexact (rounded to odd).
llvm::Value* add_to_odd(Emitter& e, llvm::Value* a, llvm::Value* b);
/// Rounded to odd from double to f32, so that a second rounding to a half is as good as one.
llvm::Value* round_to_odd(Emitter& e, llvm::Value* f64);

}  // namespace vgpu::isa
