// half.cpp - f16, bf16 and their packed pairs: add, sub, mul, fma, neg, abs, min, max, ex2, tanh.
//
// add, sub and mul go through f32: 24 bits are at least 2 * 11 + 2, so rounding twice equals
// rounding once. fma does not: product and sum are formed in double, what double loses is kept by
// rounding to odd, and the one visible rounding is the last (Boldo & Melquiond, "Emulation of FMA
// and correctly rounded sums: proved algorithms using rounding to odd").
#include "vgpu/isa/approximate_noise.h"
#include "vgpu/isa/float.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

Type unpacked(Type t) { return t == Type::f16x2 ? Type::f16 : t == Type::bf16x2 ? Type::bf16 : t; }

Value* flush_half(Emitter& e, Value* bits, Type half) {
  if (!e.has("ftz")) return bits;
  llvm::Type* t = bits->getType();
  Value* exponent = e.ir.CreateAnd(bits, e.number(t, half == Type::f16 ? 0x7c00 : 0x7f80));
  return e.ir.CreateSelect(e.ir.CreateICmpEQ(exponent, e.number(t, 0)),
                           e.ir.CreateAnd(bits, e.number(t, 0x8000)), bits);
}

Value* finish_half(Emitter& e, Value* bits, Type half) {
  bits = flush_half(e, bits, half);
  llvm::Type* t = bits->getType();
  Value* f = half_to_float(e, bits, half);
  if (e.has("sat")) {
    Value* above = e.ir.CreateFCmpOGT(f, e.real(f->getType(), 0.0));
    Value* one = e.number(t, half == Type::f16 ? 0x3c00 : 0x3f80);
    Value* capped = e.ir.CreateSelect(e.ir.CreateFCmpOLT(f, e.real(f->getType(), 1.0)), bits, one);
    return e.ir.CreateSelect(above, capped, e.number(t, 0));
  }
  if (e.has("relu")) {  // negative values become +0; NaN stays NaN, canonical
    Value* nan = e.ir.CreateFCmpUNO(f, f);
    Value* kept =
        e.ir.CreateSelect(e.ir.CreateFCmpOGT(f, e.real(f->getType(), 0.0)), bits, e.number(t, 0));
    return e.ir.CreateSelect(nan, e.number(t, 0x7fff), kept);
  }
  return bits;
}

Value* fused(Emitter& e, Value* a, Value* b, Value* c) {
  llvm::Type* d = a->getType()->isVectorTy()
                      ? static_cast<llvm::Type*>(Emitter::vector_of(e.ir.getDoubleTy()))
                      : e.ir.getDoubleTy();
  Value* product =
      e.ir.CreateFMul(e.ir.CreateFPExt(a, d), e.ir.CreateFPExt(b, d));  // exact: at most 22 bits
  return round_to_odd(e, add_to_odd(e, product, e.ir.CreateFPExt(c, d)));
}

/// One operation on unpacked half bits.
Value* compute(Emitter& e, Value* const* in, Type half) {
  const std::string& op = e.ins->opcode;
  llvm::Type* t = in[0]->getType();
  if (op == "neg") return e.ir.CreateXor(flush_half(e, in[0], half), e.number(t, 0x8000));
  if (op == "abs") return e.ir.CreateAnd(flush_half(e, in[0], half), e.number(t, 0x7fff));
  Value* f[3] = {};
  for (int i = 0; i < 3 && in[i]; ++i) f[i] = half_to_float(e, flush_half(e, in[i], half), half);
  if (op == "min" || op == "max") {
    return flush_half(e, float_to_half(e, float_minimum(e, f[0], f[1]), half), half);
  }
  Value* r = nullptr;
  if (op == "add") r = e.ir.CreateFAdd(f[0], f[1]);
  if (op == "sub") r = e.ir.CreateFSub(f[0], f[1]);
  if (op == "mul") r = e.ir.CreateFMul(f[0], f[1]);
  if (op == "fma") r = fused(e, f[0], f[1], f[2]);
  if (op == "ex2") r = e.call_lanes("vgpu_ex2_f32", e.ir.getFloatTy(), {f[0]});
  if (op == "tanh") r = e.call_lanes("vgpu_tanh_f32", e.ir.getFloatTy(), {f[0]});
  Value* rounded = float_to_half(e, r, half);
  if (op == "ex2" || op == "tanh") rounded = with_noise(e, half, {f[0]}, rounded);
  return finish_half(e, rounded, half);
}

}  // namespace

Value* half_to_float(Emitter& e, Value* bits, Type half) {
  const bool vector = bits->getType()->isVectorTy();
  auto like = [&](llvm::Type* t) {
    return vector ? static_cast<llvm::Type*>(Emitter::vector_of(t)) : t;
  };
  if (half == Type::f16)
    return e.ir.CreateFPExt(e.ir.CreateBitCast(bits, like(e.ir.getHalfTy())),
                            like(e.ir.getFloatTy()));
  Value* wide = e.ir.CreateZExt(bits, like(e.ir.getInt32Ty()));
  return e.ir.CreateBitCast(e.ir.CreateShl(wide, e.number(wide->getType(), 16)),
                            like(e.ir.getFloatTy()));
}

Value* float_to_half(Emitter& e, Value* value, Type half) {
  const bool vector = value->getType()->isVectorTy();
  auto like = [&](llvm::Type* t) {
    return vector ? static_cast<llvm::Type*>(Emitter::vector_of(t)) : t;
  };
  Value* nan = e.ir.CreateFCmpUNO(value, value);
  Value* bits = nullptr;
  if (half == Type::f16) {
    bits = e.ir.CreateBitCast(e.ir.CreateFPTrunc(value, like(e.ir.getHalfTy())),
                              like(e.ir.getInt16Ty()));
  } else {  // by hand: the host's own instruction takes subnormals for zeros
    Value* i = e.as_int(value);
    llvm::Type* t = i->getType();
    Value* lowest = e.ir.CreateAnd(e.ir.CreateLShr(i, e.number(t, 16)), e.number(t, 1));
    i = e.ir.CreateAdd(i, e.ir.CreateAdd(lowest, e.number(t, 0x7fff)));
    bits = e.ir.CreateTrunc(e.ir.CreateLShr(i, e.number(t, 16)), like(e.ir.getInt16Ty()));
  }
  return e.ir.CreateSelect(nan, e.number(bits->getType(), 0x7fff), bits);
}

Value* add_to_odd(Emitter& e, Value* a, Value* b) {
  Value* sum = e.ir.CreateFAdd(a, b);
  Value* b_part = e.ir.CreateFSub(sum, a);
  Value* error =
      e.ir.CreateFAdd(e.ir.CreateFSub(a, e.ir.CreateFSub(sum, b_part)), e.ir.CreateFSub(b, b_part));
  Value* bits = e.as_int(sum);
  llvm::Type* t = bits->getType();
  llvm::Type* d = sum->getType();
  Value* even = e.ir.CreateICmpEQ(e.ir.CreateAnd(bits, e.number(t, 1)), e.number(t, 0));
  Value* inexact = e.ir.CreateFCmpONE(error, e.real(d, 0.0));  // false for NaN: infinities pass
  Value* outward = e.ir.CreateICmpEQ(e.ir.CreateFCmpOGT(error, e.real(d, 0.0)),
                                     e.ir.CreateFCmpOGT(sum, e.real(d, 0.0)));
  Value* odd = e.ir.CreateSelect(outward, e.ir.CreateAdd(bits, e.number(t, 1)),
                                 e.ir.CreateSub(bits, e.number(t, 1)));
  return e.as_float(e.ir.CreateSelect(e.ir.CreateAnd(even, inexact), odd, bits));
}

Value* round_to_odd(Emitter& e, Value* f64) {
  const bool vector = f64->getType()->isVectorTy();
  llvm::Type* f =
      vector ? static_cast<llvm::Type*>(Emitter::vector_of(e.ir.getFloatTy())) : e.ir.getFloatTy();
  Value* nearest = e.ir.CreateFPTrunc(f64, f);
  Value* back = e.ir.CreateFPExt(nearest, f64->getType());
  Value* bits = e.as_int(nearest);
  llvm::Type* t = bits->getType();
  Value* even = e.ir.CreateICmpEQ(e.ir.CreateAnd(bits, e.number(t, 1)), e.number(t, 0));
  Value* inexact = e.ir.CreateFCmpONE(back, f64);
  // Magnitudes compare as the values do for one sign; a zero result keeps the sign of f64.
  Value* magnitude_of =
      e.ir.CreateAnd(e.as_int(f64), e.number(e.as_int(f64)->getType(), ~0ull >> 1));
  Value* magnitude_back =
      e.ir.CreateAnd(e.as_int(back), e.number(magnitude_of->getType(), ~0ull >> 1));
  Value* outward = e.ir.CreateICmpUGT(magnitude_of, magnitude_back);
  Value* odd = e.ir.CreateSelect(outward, e.ir.CreateAdd(bits, e.number(t, 1)),
                                 e.ir.CreateSub(bits, e.number(t, 1)));
  return e.as_float(e.ir.CreateSelect(e.ir.CreateAnd(even, inexact), odd, bits));
}

bool emit_half(Emitter& e) {
  const std::string& op = e.ins->opcode;
  const Type type = e.type_from_end();
  if (!is_half(type) && !is_packed_half(type)) return false;
  static const char* names[] = {"add", "sub", "mul", "fma", "neg",
                                "abs", "min", "max", "ex2", "tanh"};
  bool ours = false;
  for (const char* name : names) ours |= op == name;
  if (!ours) return false;
  e.allow({"rn", "ftz", "sat", "relu", "NaN", "approx", "xorsign", "abs"});
  const Type half = unpacked(type);
  const int operands = static_cast<int>(e.ins->operands.size()) - 1;
  if (is_half(type)) {
    Value* in[4] = {};
    for (int k = 0; k < operands; ++k) in[k] = e.in(k + 1, Type::b16);
    return e.out(compute(e, in, half)), true;
  }
  Value *low[4] = {}, *high[4] = {};
  llvm::Type* t16 = e.shaped(e.ir.getInt16Ty());
  for (int k = 0; k < operands; ++k) {
    Value* both = e.in(k + 1, Type::b32);
    low[k] = e.ir.CreateTrunc(both, t16);
    high[k] = e.ir.CreateTrunc(e.ir.CreateLShr(both, e.number(both->getType(), 16)), t16);
  }
  llvm::Type* t32 = e.shaped(e.ir.getInt32Ty());
  Value* l = e.ir.CreateZExt(compute(e, low, half), t32);
  Value* h = e.ir.CreateZExt(compute(e, high, half), t32);
  return e.out(e.ir.CreateOr(l, e.ir.CreateShl(h, e.number(t32, 16)))), true;
}

}  // namespace vgpu::isa
