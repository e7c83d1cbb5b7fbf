// convert.cpp - cvt between integers, floats, halves, tf32 and 8-bit floats, one value or two
// packed.
//
// Float to integer saturates, NaN gives 0. Integer to float rounds to nearest even by the host;
// what is rounded otherwise is a call.
#include "vgpu/isa/float.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

llvm::Type* like(llvm::Value* v, llvm::Type* element) {
  return v->getType()->isVectorTy() ? static_cast<llvm::Type*>(Emitter::vector_of(element))
                                    : element;
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
    const llvm::APInt low =
        is_signed(to) ? llvm::APInt::getSignedMinValue(bits).sext(65) : llvm::APInt(65, 0);
    const llvm::APInt high = is_signed(to) ? llvm::APInt::getSignedMaxValue(bits).sext(65)
                                           : llvm::APInt::getMaxValue(bits).zext(65);
    w = e.ir.CreateBinaryIntrinsic(llvm::Intrinsic::smax, w, llvm::ConstantInt::get(wide, low));
    w = e.ir.CreateBinaryIntrinsic(llvm::Intrinsic::smin, w, llvm::ConstantInt::get(wide, high));
    return e.ir.CreateTrunc(w, target);
  }
  return is_signed(from) ? e.ir.CreateSExtOrTrunc(v, target) : e.ir.CreateZExtOrTrunc(v, target);
}

Value* round_to_integral(Emitter& e, Value* f) {
  using llvm::Intrinsic::ID;
  const ID id = e.has("rni")   ? llvm::Intrinsic::roundeven
                : e.has("rzi") ? llvm::Intrinsic::trunc
                : e.has("rmi") ? llvm::Intrinsic::floor
                : e.has("rpi") ? llvm::Intrinsic::ceil
                               : llvm::Intrinsic::not_intrinsic;
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

/// An integer as a double; 64 bits are rounded to odd, so that a later rounding to a half is as
/// good as one.
Value* double_of(Emitter& e, Value* v, bool with_sign) {
  llvm::Type* d = like(v, e.ir.getDoubleTy());
  if (v->getType()->getScalarSizeInBits() < 64)
    return with_sign ? e.ir.CreateSIToFP(v, d) : e.ir.CreateUIToFP(v, d);
  llvm::Type* t = v->getType();
  Value* high = with_sign ? e.ir.CreateSIToFP(e.ir.CreateAShr(v, e.number(t, 32)), d)
                          : e.ir.CreateUIToFP(e.ir.CreateLShr(v, e.number(t, 32)), d);
  Value* low = e.ir.CreateUIToFP(e.ir.CreateAnd(v, e.number(t, 0xffffffff)), d);
  return add_to_odd(e, e.ir.CreateFMul(high, e.real(d, 0x1p32)), low);
}

/// A float (f32 or f64 value) to `to`, with the instruction's rounding; halves come back as bits.
Value* narrow(Emitter& e, Value* f, Type to) {
  const bool from_f64 = f->getType()->getScalarType()->isDoubleTy();
  const char* mode = directed(e);
  if (is_half(to)) {
    if (from_f64) f = round_to_odd(e, f);
    if (!mode) return float_to_half(e, f, to);
    const std::string name = std::string("vgpu_cvt_") + mode + "_" + ptx::name_of(to) + "_f32";
    return e.call_lanes(name.c_str(), e.ir.getInt16Ty(), {f});
  }
  if (to == Type::f32 && from_f64) {
    if (mode)
      return e.call_lanes((std::string("vgpu_cvt_") + mode + "_f32_f64").c_str(), e.ir.getFloatTy(),
                          {f});
    return e.ir.CreateFPTrunc(f, like(f, e.ir.getFloatTy()));
  }
  if (to == Type::f64 && !from_f64) return e.ir.CreateFPExt(f, like(f, e.ir.getDoubleTy()));
  return f;
}

Value* integer_to_float(Emitter& e, Type to, Type from) {
  Value* v = e.in(1, from);
  const bool s = is_signed(from);
  if (is_half(to)) return narrow(e, double_of(e, v, s), to);
  if (const char* mode = directed(e)) {
    llvm::Type* wide = e.shaped(e.ir.getInt64Ty());
    const std::string name =
        std::string("vgpu_cvt_") + mode + "_" + ptx::name_of(to) + (s ? "_s64" : "_u64");
    return e.call_lanes(name.c_str(), e.element(to),
                        {s ? e.ir.CreateSExt(v, wide) : e.ir.CreateZExt(v, wide)});
  }
  llvm::Type* t = e.shaped(to);
  return s ? e.ir.CreateSIToFP(v, t) : e.ir.CreateUIToFP(v, t);
}

/// .satfinite and .relu on an encoding whose NaN has no sign: infinity becomes the largest value,
/// negatives +0.
Value* limit(Emitter& e, Value* bits, std::uint64_t infinity, std::uint64_t one_below) {
  llvm::Type* t = bits->getType();
  const std::uint64_t sign = std::uint64_t{1} << (t->getScalarSizeInBits() - 1);
  if (e.has("satfinite") && infinity != 0) {
    Value* infinite =
        e.ir.CreateICmpEQ(e.ir.CreateAnd(bits, e.number(t, sign - 1)), e.number(t, infinity));
    bits =
        e.ir.CreateSelect(infinite, e.ir.CreateSub(bits, e.number(t, infinity - one_below)), bits);
  }
  if (!e.has("relu")) return bits;
  return e.ir.CreateSelect(e.ir.CreateICmpSLT(bits, e.number(t, 0)), e.number(t, 0), bits);
}

Value* limit_half(Emitter& e, Value* bits, Type half) {
  const std::uint64_t infinity = half == Type::f16 ? 0x7c00 : 0x7f80;
  return limit(e, bits, infinity, infinity - 1);
}

Value* float_to_float(Emitter& e, Type to, Type from) {
  Value* f = round_to_integral(e, float_operand(e, 1, from));
  if (e.has("sat")) f = clamp_unit(e, f);
  Value* r = narrow(e, f, to);
  if (is_half(to))
    r = limit_half(e, r, to);
  else if (e.has("relu") || e.has("satfinite"))
    e.unsupported("relu or satfinite of a wide float");
  return to == Type::f32 && e.has("ftz") ? flush(e, r) : r;
}

/// cvt.rn.{f16x2,bf16x2}.f32 d, a, b: a into the upper half, b into the lower.
Value* pack_halves(Emitter& e, Type to) {
  const Type half = to == Type::f16x2 ? Type::f16 : Type::bf16;
  llvm::Type* t32 = e.shaped(e.ir.getInt32Ty());
  auto part = [&](int k) {
    return e.ir.CreateZExt(limit_half(e, narrow(e, float_operand(e, k, Type::f32), half), half),
                           t32);
  };
  return e.ir.CreateOr(e.ir.CreateShl(part(1), e.number(t32, 16)), part(2));
}

Value* to_tf32(Emitter& e) {
  const char* mode = e.has("rna") ? "rna" : e.has("rz") ? "rz" : "rn";
  const std::string name = std::string("vgpu_cvt_") + mode + "_tf32_f32";
  return limit(e, e.call_lanes(name.c_str(), e.ir.getInt32Ty(), {e.in(1, Type::f32)}), 0x7f800000,
               0x7f7fe000);
}

/// One half of a packed f16x2 operand as f32.
Value* half_operand(Emitter& e, std::uint64_t shift) {
  Value* both = e.in(1, Type::b32);
  Value* bits = e.ir.CreateTrunc(e.ir.CreateLShr(both, e.number(both->getType(), shift)),
                                 e.shaped(e.ir.getInt16Ty()));
  return half_to_float(e, bits, Type::f16);
}

/// Two values into two bytes, the first operand (or the upper half) into the upper byte. Always
/// saturates.
Value* pack_bytes(Emitter& e, Type to, Type from) {
  if (!e.has("satfinite")) e.unsupported("without satfinite");
  const char* helper = to == Type::e4m3x2 ? "vgpu_cvt_rn_e4m3_f32" : "vgpu_cvt_rn_e5m2_f32";
  llvm::Type* t = e.shaped(e.ir.getInt16Ty());
  auto part = [&](Value* f) -> Value* {
    Value* byte = e.call_lanes(helper, e.ir.getInt16Ty(), {f});
    if (!e.has("relu")) return byte;
    Value* negative = e.ir.CreateICmpUGE(byte, e.number(t, 0x80));
    return e.ir.CreateSelect(negative, e.number(t, 0), byte);
  };
  const bool packed = from == Type::f16x2;
  if (!packed && from != Type::f32) e.unsupported("source type");
  Value* high = part(packed ? half_operand(e, 16) : e.in(1, Type::f32));
  Value* low = part(packed ? half_operand(e, 0) : e.in(2, Type::f32));
  return e.ir.CreateOr(e.ir.CreateShl(high, e.number(t, 8)), low);
}

/// e5m2 is f16's upper byte; e4m3 goes through f32, exactly.
Value* unpack_bytes(Emitter& e, Type from) {
  llvm::Type *t16 = e.shaped(e.ir.getInt16Ty()), *t32 = e.shaped(e.ir.getInt32Ty());
  Value* bytes = e.in(1, Type::b16);
  auto part = [&](std::uint64_t shift) {
    Value* byte = e.ir.CreateAnd(e.ir.CreateLShr(bytes, e.number(t16, shift)), e.number(t16, 0xff));
    Value* f = from == Type::e4m3x2
                   ? e.call_lanes("vgpu_cvt_f32_e4m3", e.ir.getFloatTy(), {byte})
                   : half_to_float(e, e.ir.CreateShl(byte, e.number(t16, 8)), Type::f16);
    return e.ir.CreateZExt(limit_half(e, float_to_half(e, f, Type::f16), Type::f16), t32);
  };
  return e.ir.CreateOr(e.ir.CreateShl(part(8), e.number(t32, 16)), part(0));
}

/// The packed and narrow formats; null when the types are plain ones.
Value* packed_conversion(Emitter& e, Type to, Type from) {
  if (is_packed_half(to) && from == Type::f32 && e.ins->operands.size() == 3)
    return pack_halves(e, to);
  if (to == Type::tf32 && from == Type::f32) return to_tf32(e);
  if (to == Type::e4m3x2 || to == Type::e5m2x2) return pack_bytes(e, to, from);
  if (to == Type::f16x2 && (from == Type::e4m3x2 || from == Type::e5m2x2))
    return unpack_bytes(e, from);
  return nullptr;
}

}  // namespace

bool emit_convert(Emitter& e) {
  if (e.ins->opcode != "cvt") return false;
  e.allow({"rn", "rz", "rm", "rp", "rna", "rni", "rzi", "rmi", "rpi", "ftz", "sat", "relu",
           "satfinite"});
  const Type to = e.type_from_end(1), from = e.type_from_end(0);
  const bool to_float = is_float(to) || is_half(to), from_float = is_float(from) || is_half(from);
  if (Value* r = packed_conversion(e, to, from)) return e.out(r), true;
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
