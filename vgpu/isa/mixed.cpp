// mixed.cpp - add, sub and fma whose factors are halves and whose sum is f32: add.f32.f16,
// fma.rn.f32.bf16 and their kin. Halves widen exactly; the one rounding is the sum's.
#include "vgpu/isa/float.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

/// Into [0, 1]; NaN becomes +0.
Value* saturated(Emitter& e, Value* v) {
  Value *zero = e.real(v->getType(), 0.0), *one = e.real(v->getType(), 1.0);
  Value* capped = e.ir.CreateSelect(e.ir.CreateFCmpOLT(v, one), v, one);
  return e.ir.CreateSelect(e.ir.CreateFCmpOGT(v, zero), capped, zero);
}

Value* directed(Emitter& e, const std::string& op, const char* mode, Value* a, Value* b, Value* c) {
  const std::string helper = "vgpu_" + op + "_" + mode + "_f32";
  llvm::Type* f32 = e.ir.getFloatTy();
  return op == "fma" ? e.call_lanes(helper.c_str(), f32, {a, b, c})
                     : e.call_lanes(helper.c_str(), f32, {a, c});
}

}  // namespace

bool emit_mixed(Emitter& e) {
  const std::string& op = e.ins->opcode;
  const Type half = e.type_from_end(0);
  if (!is_half(half) || e.type_from_end(1) != Type::f32) return false;
  e.allow({"rn", "rz", "rm", "rp", "sat"});
  const auto widened = [&](int k) { return half_to_float(e, e.in(k, Type::b16), half); };
  const bool fuses = op == "fma";
  Value *a = widened(1), *b = fuses ? widened(2) : nullptr, *c = e.in(fuses ? 3 : 2, Type::f32);
  Value* r = nullptr;
  for (const char* mode : {"rz", "rm", "rp"})
    if (e.has(mode)) r = directed(e, op, mode, a, b, c);
  if (!r && fuses) r = e.intrinsic(llvm::Intrinsic::fma, {a, b, c});
  if (!r) r = op == "add" ? e.ir.CreateFAdd(a, c) : e.ir.CreateFSub(a, c);
  return e.out(e.has("sat") ? saturated(e, r) : r), true;
}

}  // namespace vgpu::isa
