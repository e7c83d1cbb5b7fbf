// float.cpp - f32 and f64: add, sub, mul, fma, mad, div, rcp, sqrt, rsqrt, min, max, abs, neg, ex2,
// lg2, sin, cos, tanh, copysign, testp.
//
// Nothing is contracted or reassociated. Approximate instructions are computed in double and
// rounded once: not the bits of NVIDIA's hardware, which lie within a documented bound of the same
// value. Directed rounding is a call.
#include "vgpu/isa/float.h"

#include "vgpu/isa/approximate_noise.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

const char* directed_rounding(Emitter& e) {
  for (const char* mode : {"rz", "rm", "rp"})
    if (e.has(mode)) return mode;
  return nullptr;
}

/// Subnormals of either width become zeros of their sign.
Value* flush_subnormals(Emitter& e, Value* v) {
  Value* bits = e.as_int(v);
  llvm::Type* t = bits->getType();
  const bool f64 = t->getScalarSizeInBits() == 64;
  Value* exponent = e.ir.CreateAnd(bits, e.number(t, f64 ? 0x7ff0000000000000ull : 0x7f800000));
  Value* zero = e.ir.CreateAnd(bits, e.number(t, f64 ? 1ull << 63 : 0x80000000));
  Value* small = e.ir.CreateICmpEQ(exponent, e.number(t, 0));
  return e.as_float(e.ir.CreateSelect(small, zero, bits));
}

/// Helpers are called vgpu_<op>_<mode>_<type>.
Value* directed(Emitter& e, const char* op, Type type, const char* mode) {
  const std::string name = std::string("vgpu_") + op + "_" + mode + "_" + ptx::name_of(type);
  const std::string opcode = op;
  if (opcode == "fma")
    return e.call_lanes(name.c_str(), e.element(type),
                        {flushed(e, 1, type), flushed(e, 2, type), flushed(e, 3, type)});
  if (opcode == "rcp" || opcode == "sqrt")
    return e.call_lanes(name.c_str(), e.element(type), {flushed(e, 1, type)});
  return e.call_lanes(name.c_str(), e.element(type), {flushed(e, 1, type), flushed(e, 2, type)});
}

Value* saturate(Emitter& e, Value* v) {
  llvm::Type* t = v->getType();
  Value* above =
      e.ir.CreateFCmpOGT(v, e.real(t, 0.0));  // false for NaN, -0 and below: all become +0
  Value* positive = e.ir.CreateSelect(above, v, e.real(t, 0.0));
  return e.ir.CreateSelect(e.ir.CreateFCmpOLT(positive, e.real(t, 1.0)), positive, e.real(t, 1.0));
}

void finish(Emitter& e, Value* v) {
  if (e.has("ftz")) v = flush(e, v);
  if (e.has("sat")) v = saturate(e, v);
  e.out(v);
}

Value* arithmetic(Emitter& e, Type type) {
  const std::string& op = e.ins->opcode;
  const bool fused = op == "fma" || op == "mad";
  if (const char* mode = directed_rounding(e))
    return directed(e, fused ? "fma" : op.c_str(), type, mode);
  Value *a = flushed(e, 1, type), *b = flushed(e, 2, type);
  if (op == "add") return e.ir.CreateFAdd(a, b);
  if (op == "sub") return e.ir.CreateFSub(a, b);
  if (op == "mul") return e.ir.CreateFMul(a, b);
  return e.intrinsic(llvm::Intrinsic::fma, {a, b, flushed(e, 3, type)});
}

/// div.approx takes the reciprocal of a divisor beyond 2^126 for zero, as documented.
Value* divide(Emitter& e, Type type) {
  if (const char* mode = directed_rounding(e)) return directed(e, "div", type, mode);
  Value *a = flushed(e, 1, type), *b = flushed(e, 2, type);
  Value* quotient = e.ir.CreateFDiv(a, b);
  const bool approximate = type == Type::f32 && (e.has("approx") || e.has("full"));
  if (approximate) quotient = with_noise(e, type, {a, b}, quotient);
  if (!e.has("approx")) return quotient;
  llvm::Type* t = b->getType();
  Value* magnitude = e.intrinsic(llvm::Intrinsic::fabs, {b});
  Value* beyond = e.ir.CreateAnd(e.ir.CreateFCmpOGT(magnitude, e.real(t, 0x1p126)),
                                 e.ir.CreateFCmpOLT(magnitude, llvm::ConstantFP::getInfinity(t)));
  Value* zero = e.intrinsic(llvm::Intrinsic::copysign, {e.real(t, 0.0), b});
  return e.ir.CreateSelect(beyond, e.ir.CreateFMul(a, zero), quotient);
}

/// Through double, rounded once to f32.
Value* through_double(Emitter& e, Value* a, Value* (*f)(Emitter&, Value*)) {
  llvm::Type* d = e.shaped(e.ir.getDoubleTy());
  return e.ir.CreateFPTrunc(f(e, e.ir.CreateFPExt(a, d)), a->getType());
}

Value* reciprocal_root(Emitter& e, Value* a) {
  return e.ir.CreateFDiv(e.real(a->getType(), 1.0), e.intrinsic(llvm::Intrinsic::sqrt, {a}));
}

/// rcp.approx.ftz.f64 and rsqrt.approx.ftz.f64 see the operand's upper word alone and give one;
/// .ftz counts for both.
Value* upper_word(Emitter& e, Value* v) {
  Value* bits = e.as_int(v);
  bits = e.ir.CreateAnd(bits, e.number(bits->getType(), 0xffffffff00000000ull));
  return flush_subnormals(e, e.as_float(bits));
}

Value* root_or_reciprocal(Emitter& e, Type type) {
  const std::string& op = e.ins->opcode;
  if (const char* mode = directed_rounding(e)) return directed(e, op.c_str(), type, mode);
  Value* a = flushed(e, 1, type);
  const bool coarse = type == Type::f64 && e.has("approx");
  if (coarse) a = upper_word(e, a);
  Value* r = nullptr;
  if (op == "sqrt") r = e.intrinsic(llvm::Intrinsic::sqrt, {a});
  if (op == "rcp") r = e.ir.CreateFDiv(e.real(a->getType(), 1.0), a);
  if (op == "rsqrt")
    r = type == Type::f64 ? reciprocal_root(e, a) : through_double(e, a, reciprocal_root);
  if (type == Type::f32 && e.has("approx")) r = with_noise(e, type, {a}, r);
  return coarse ? upper_word(e, r) : r;
}

bool emit_unary_bits(Emitter& e, Type type) {
  const std::string& op = e.ins->opcode;
  const std::uint64_t sign = type == Type::f64 ? 1ull << 63 : 1ull << 31;
  if (op == "copysign") {  // d = |b| with the sign of a
    Value *a = e.as_int(e.in(1, type)), *b = e.as_int(e.in(2, type));
    llvm::Type* t = a->getType();
    e.out(e.as_float(e.ir.CreateOr(e.ir.CreateAnd(a, e.number(t, sign)),
                                   e.ir.CreateAnd(b, e.number(t, sign - 1)))));
    return true;
  }
  if (op != "abs" && op != "neg") return false;
  Value* bits = e.as_int(flushed(e, 1, type));
  llvm::Type* t = bits->getType();
  e.out(e.as_float(op == "abs" ? e.ir.CreateAnd(bits, e.number(t, sign - 1))
                               : e.ir.CreateXor(bits, e.number(t, sign))));
  return true;
}

bool emit_transcendental(Emitter& e, Type type) {
  const std::string& op = e.ins->opcode;
  if (op != "ex2" && op != "lg2" && op != "sin" && op != "cos" && op != "tanh") return false;
  if (type != Type::f32) return false;
  e.allow({"approx", "ftz"});
  const std::string name = "vgpu_" + op + "_f32";
  Value* a = flushed(e, 1, type);
  finish(e, with_noise(e, type, {a}, e.call_lanes(name.c_str(), e.ir.getFloatTy(), {a})));
  return true;
}

/// testp: a property of the bits.
void test_property(Emitter& e, Type type) {
  const bool f64 = type == Type::f64;
  Value* bits = e.as_int(e.in(1, type));
  llvm::Type* t = bits->getType();
  const std::uint64_t magnitude_mask = f64 ? ~0ull >> 1 : 0x7fffffffull;
  const std::uint64_t infinity = f64 ? 0x7ff0000000000000ull : 0x7f800000ull;
  const std::uint64_t smallest_normal = f64 ? 0x0010000000000000ull : 0x00800000ull;
  Value* m = e.ir.CreateAnd(bits, e.number(t, magnitude_mask));
  Value* result = nullptr;
  if (e.has("finite")) result = e.ir.CreateICmpULT(m, e.number(t, infinity));
  if (e.has("infinite")) result = e.ir.CreateICmpEQ(m, e.number(t, infinity));
  if (e.has("number")) result = e.ir.CreateICmpULE(m, e.number(t, infinity));
  if (e.has("notanumber")) result = e.ir.CreateICmpUGT(m, e.number(t, infinity));
  if (e.has("normal"))
    result = e.ir.CreateAnd(e.ir.CreateICmpUGE(m, e.number(t, smallest_normal)),
                            e.ir.CreateICmpULT(m, e.number(t, infinity)));
  if (e.has("subnormal"))
    result = e.ir.CreateAnd(e.ir.CreateICmpULT(m, e.number(t, smallest_normal)),
                            e.ir.CreateICmpNE(m, e.number(t, 0)));
  if (!result) e.unsupported();
  e.out(result);
}

}  // namespace

Value* flush(Emitter& e, Value* v) {
  return v->getType()->getScalarType()->isFloatTy() ? flush_subnormals(e, v)
                                                    : v;  // .ftz is for f32
}

Value* flushed(Emitter& e, int k, Type type) {
  Value* v = e.in(k, type);
  return e.has("ftz") ? flush(e, v) : v;
}

bool emit_float(Emitter& e) {
  const std::string& op = e.ins->opcode;
  const Type type = e.type_from_end();
  if (!is_float(type)) return false;
  if (op == "add" || op == "sub" || op == "mul" || op == "fma" || op == "mad") {
    e.allow({"rn", "rz", "rm", "rp", "ftz", "sat"});
    return finish(e, arithmetic(e, type)), true;
  }
  if (op == "div") {
    e.allow({"rn", "rz", "rm", "rp", "ftz", "approx", "full"});
    return finish(e, divide(e, type)), true;
  }
  if (op == "rcp" || op == "sqrt" || op == "rsqrt") {
    e.allow({"rn", "rz", "rm", "rp", "ftz", "approx"});
    return finish(e, root_or_reciprocal(e, type)), true;
  }
  if (op == "min" || op == "max") {
    e.allow({"ftz", "NaN", "xorsign", "abs"});
    Value* r = float_minimum(e, flushed(e, 1, type), flushed(e, 2, type));
    if (e.ins->operands.size() == 4) r = float_minimum(e, r, flushed(e, 3, type));
    return finish(e, r), true;
  }
  if (op == "testp") return test_property(e, type), true;
  if (op == "abs" || op == "neg" || op == "copysign") e.allow({"ftz"});
  return emit_unary_bits(e, type) || emit_transcendental(e, type);
}

}  // namespace vgpu::isa
