// minimum.cpp - min and max of f32, f64 and halves: of two operands or three, NaN kept or passed
// over, and the xorsign.abs form (the magnitudes' minimum under the product's sign).
#include "vgpu/isa/float.h"

namespace vgpu::isa {
namespace {

using llvm::Value;

Value* sign_of_values(Emitter& e, llvm::Type* t) {
  return e.number(t, std::uint64_t{1} << (t->getScalarSizeInBits() - 1));
}

/// The operand that is not NaN, and -0 below +0; with .NaN: NaN when either is.
Value* plain_minimum(Emitter& e, Value* a, Value* b) {
  const bool largest = e.ins->opcode == "max";
  Value* before = largest ? e.ir.CreateFCmpOGT(a, b) : e.ir.CreateFCmpOLT(a, b);
  Value *ia = e.as_int(a), *ib = e.as_int(b);
  // Where the operands are equal, only -0 and +0 differ in bits.
  Value* zeros = e.as_float(largest ? e.ir.CreateAnd(ia, ib) : e.ir.CreateOr(ia, ib));
  Value* equal = e.ir.CreateFCmpOEQ(a, b);
  Value* r = e.ir.CreateSelect(before, a, e.ir.CreateSelect(equal, zeros, b));
  Value *nan_a = e.ir.CreateFCmpUNO(a, a), *nan_b = e.ir.CreateFCmpUNO(b, b);
  if (!e.has("NaN")) return e.ir.CreateSelect(nan_b, a, e.ir.CreateSelect(nan_a, b, r));
  Value* nan = e.as_float(e.ir.CreateNot(sign_of_values(e, ia->getType())));
  return e.ir.CreateSelect(e.ir.CreateOr(nan_a, nan_b), nan, r);
}

}  // namespace

Value* float_minimum(Emitter& e, Value* a, Value* b) {
  if (!e.has("xorsign")) return plain_minimum(e, a, b);
  Value *ia = e.as_int(a), *ib = e.as_int(b);
  Value* sign = sign_of_values(e, ia->getType());
  auto magnitude = [&](Value* v) { return e.as_float(e.ir.CreateAnd(v, e.ir.CreateNot(sign))); };
  Value* r = e.as_int(magnitude(e.as_int(plain_minimum(e, magnitude(ia), magnitude(ib)))));
  return e.as_float(e.ir.CreateOr(r, e.ir.CreateAnd(e.ir.CreateXor(ia, ib), sign)));
}

}  // namespace vgpu::isa
