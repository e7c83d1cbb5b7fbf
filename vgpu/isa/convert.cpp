// convert.cpp - cvt between integers, floats and halves, one or two values packed.
//
// Float to integer saturates, NaN gives 0. Integer to float rounds to nearest even by the host, directed by a call.
#include "vgpu/isa/float.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

llvm::Type* like(llvm::Value* v, llvm::Type* element) {
  return v->getType()->isVectorTy() ? static_cast<llvm::Type*>(Emitter::vector_of(element)) : element;
}

Value* clamp_unit(Emitter& e, Value* f) {
  llvm::Type* t = f->getType();
  Value* positive = e.ir.CreateSelect(e.ir.CreateFCmpOGT(f, e.real(t, 0.0)), f, e.real(t, 0.0));
  return e.ir.CreateSelect(e.ir.CreateFCmpOLT(positive, e.real(t, 1.0)), positive, e.real(t, 1.0));
}

Value* integer_to_integer(Emitter& e, Type to, Type from) {
  Value* v = e.in(1, from);
  llvm::Type* target = e.shaped(to);
  if (e.has("sat")) {
    // Clamp in 64 bits (one more where an unsigned 64-bit value meets a signed target).
    llvm::Type* wide = e.shaped(e.ir.getIntNTy(65));
    Value* w = is_signed(from) ? e.ir.CreateSExt(v, wide) : e.ir.CreateZExt(v, wide);
    const unsigned bits = static_cast<unsigned>(ptx::bits_of(to));
    const llvm::APInt low = is_signed(to) ? llvm::APInt::getSignedMinValue(bits).sext(65) : llvm::APInt(65, 0);
    const llvm::APInt high = is_signed(to) ? llvm::APInt::getSignedMaxValue(bits).sext(65) : llvm::APInt::getMaxValue(bits).zext(65);
    w = e.ir.CreateBinaryIntrinsic(llvm::Intrinsic::smax, w, llvm::ConstantInt::get(wide, low));
    w = e.ir.CreateBinaryIntrinsic(llvm::Intrinsic::smin, w, llvm::ConstantInt::get(wide, high));
    return e.ir.CreateTrunc(w, target);
  }
  return is_signed(from) ? e.ir.CreateSExtOrTrunc(v, target) : e.ir.CreateZExtOrTrunc(v, target);
}

Value* round_to_integral(Emitter& e, Value* f) {
  using llvm::Intrinsic::ID;
  const ID id = e.has("rni") ? llvm::Intrinsic::roundeven : e.has("rzi") ? llvm::Intrinsic::trunc
              : e.has("rmi") ? llvm::Intrinsic::floor : e.has("rpi") ? llvm::Intrinsic::ceil : llvm::Intrinsic::not_intrinsic;
  return id == llvm::Intrinsic::not_intrinsic ? f : e.intrinsic(id, {f});
}

/// The source as f32 or f64.
Value* float_operand(Emitter& e, int k, Type from) {
  if (is_half(from)) return half_to_float(e, e.in(k, Type::b16), from);
  Value* f = e.in(k, from);
  return e.has("ftz") ? flush(e, f) : f;
}

Value* float_to_integer(Emitter& e, Type to, Type from) {
  Value* f = round_to_integral(e, float_operand(e, 1, from));
  llvm::Type* t = e.shaped(e.element(to));
  const auto id = is_signed(to) ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
  return e.ir.CreateIntrinsic(id, {t, f->getType()}, {f});
}

const char* directed(Emitter& e) {
  for (const char* mode : {"rz", "rm", "rp"})
    if (e.has(mode)) return mode;
  return nullptr;
}

Value* integer_to_float(Emitter& e, Type to, Type from) {
  Value* v = e.in(1, from);
  const bool s = is_signed(from);
  const Type through = to == Type::f64 ? Type::f64 : Type::f32;
  if (const char* mode = directed(e)) {
    if (is_half(to)) e.unsupported("directed rounding to a half");
    Value* wide = s ? e.ir.CreateSExt(v, e.shaped(e.ir.getInt64Ty())) : e.ir.CreateZExt(v, e.shaped(e.ir.getInt64Ty()));
    const std::string name = std::string("vgpu_cvt_") + mode + "_" + ptx::name_of(to) + (s ? "_s64" : "_u64");
    return e.call_lanes(name.c_str(), e.element(to), {wide});
  }
  if (is_half(to)) {  // exact in double up to 53 bits; beyond them every value is f16's infinity, but not bf16's
    if (to == Type::bf16 && ptx::bits_of(from) == 64) e.unsupported("64-bit integers to bf16");
    llvm::Type* d = e.shaped(e.ir.getDoubleTy());
    Value* exact = s ? e.ir.CreateSIToFP(v, d) : e.ir.CreateUIToFP(v, d);
    return float_to_half(e, round_to_odd(e, exact), to);
  }
  llvm::Type* t = e.shaped(through);
  return s ? e.ir.CreateSIToFP(v, t) : e.ir.CreateUIToFP(v, t);
}

/// A float (f32 or f64 value) to `to`, with the instruction's rounding; halves come back as bits.
Value* narrow(Emitter& e, Value* f, Type to) {
  const bool from_f64 = f->getType()->getScalarType()->isDoubleTy();
  const char* mode = directed(e);
  if (is_half(to)) {
    if (e.has("rz")) {
      Value* odd = from_f64 ? round_to_odd(e, f) : f;
      const std::string name = std::string("vgpu_cvt_rz_") + ptx::name_of(to) + "_f32";
      return e.call_lanes(name.c_str(), e.ir.getInt16Ty(), {odd});
    }
    if (mode) e.unsupported("rounding to a half");
    return float_to_half(e, from_f64 ? round_to_odd(e, f) : f, to);
  }
  if (to == Type::f32 && from_f64) {
    if (mode) return e.call_lanes((std::string("vgpu_cvt_") + mode + "_f32_f64").c_str(), e.ir.getFloatTy(), {f});
    return e.ir.CreateFPTrunc(f, like(f, e.ir.getFloatTy()));
  }
  if (to == Type::f64 && !from_f64) return e.ir.CreateFPExt(f, like(f, e.ir.getDoubleTy()));
  return f;
}

Value* float_to_float(Emitter& e, Type to, Type from) {
  Value* f = round_to_integral(e, float_operand(e, 1, from));
  if (e.has("sat")) f = clamp_unit(e, f);
  Value* r = narrow(e, f, to);
  if (e.has("relu")) {
    if (!is_half(to)) e.unsupported("relu");
    llvm::Type* t = r->getType();
    Value* negative = e.ir.CreateICmpNE(e.ir.CreateAnd(r, e.number(t, 0x8000)), e.number(t, 0));
    r = e.ir.CreateSelect(negative, e.number(t, 0), r);  // NaN is 0x7fff by now
  }
  if (to == Type::f32 && e.has("ftz")) r = flush(e, r);
  return r;
}

/// cvt.rn.{f16x2,bf16x2}.f32 d, a, b: a into the upper half, b into the lower.
Value* pack_halves(Emitter& e, Type to) {
  const Type half = to == Type::f16x2 ? Type::f16 : Type::bf16;
  llvm::Type* t32 = e.shaped(e.ir.getInt32Ty());
  auto part = [&](int k) {
    Value* r = narrow(e, e.in(k, Type::f32), half);
    llvm::Type* t = r->getType();
    if (e.has("relu"))
      r = e.ir.CreateSelect(e.ir.CreateICmpNE(e.ir.CreateAnd(r, e.number(t, 0x8000)), e.number(t, 0)), e.number(t, 0), r);
    return e.ir.CreateZExt(r, t32);
  };
  return e.ir.CreateOr(e.ir.CreateShl(part(1), e.number(t32, 16)), part(2));
}

}  // namespace

bool emit_convert(Emitter& e) {
  if (e.ins->opcode != "cvt") return false;
  e.allow({"rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi", "ftz", "sat", "relu"});
  const Type to = e.type_from_end(1), from = e.type_from_end(0);
  const bool to_float = is_float(to) || is_half(to), from_float = is_float(from) || is_half(from);
  if (is_packed_half(to) && from == Type::f32 && e.ins->operands.size() == 3) return e.out(pack_halves(e, to)), true;
  if (!(to_float || is_integer(to)) || !(from_float || is_integer(from))) e.unsupported();
  if (to_float && from_float) return e.out(float_to_float(e, to, from)), true;
  if (to_float) return e.out(integer_to_float(e, to, from)), true;
  // A destination register wider than the type receives the value extended by the type's sign.
  Value* r = from_float ? float_to_integer(e, to, from) : integer_to_integer(e, to, from);
  const int bits = ptx::bits_of(to);
  if (bits < 16) {
    llvm::Type* wider = e.shaped(e.ir.getInt64Ty());
    r = is_signed(to) ? e.ir.CreateSExt(r, wider) : e.ir.CreateZExt(r, wider);
  }
  return e.out(r), true;
}

}  // namespace vgpu::isa
