// integer.cpp - add, sub, mul, mad, mul24, mad24, div, rem, abs, neg, min, max, sad over 16 to 64
// bits.
//
// Arithmetic wraps. Division by zero gives all ones and the dividend as remainder; INT_MIN / -1
// wraps: the host would trap on both, so divisors are replaced before and results selected after.
#include "vgpu/isa/emitter.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

Value* extend(Emitter& e, Value* v, Type type, unsigned bits) {
  llvm::Type* t = e.ir.getIntNTy(bits);
  if (v->getType()->isVectorTy()) t = Emitter::vector_of(t);
  return is_signed(type) ? e.ir.CreateSExt(v, t) : e.ir.CreateZExt(v, t);
}

Value* high_product(Emitter& e, Value* a, Value* b, Type type) {
  const unsigned bits = static_cast<unsigned>(ptx::bits_of(type));
  Value* product = e.ir.CreateMul(extend(e, a, type, 2 * bits), extend(e, b, type, 2 * bits));
  return e.ir.CreateTrunc(e.ir.CreateLShr(product, e.number(product->getType(), bits)),
                          a->getType());
}

Value* saturating_add(Emitter& e, Value* a, Value* b, bool subtract) {
  return e.intrinsic(subtract ? llvm::Intrinsic::ssub_sat : llvm::Intrinsic::sadd_sat, {a, b});
}

/// a * b, or a * b + c, in the forms lo, hi and wide.
Value* multiply(Emitter& e, Type type, Value* c) {
  Value* a = e.in(1, type);
  Value* b = e.in(2, type);
  Value* product = nullptr;
  if (e.has("wide")) {
    const unsigned bits = 2 * static_cast<unsigned>(ptx::bits_of(type));
    product = e.ir.CreateMul(extend(e, a, type, bits), extend(e, b, type, bits));
  } else {
    product = e.has("hi") ? high_product(e, a, b, type) : e.ir.CreateMul(a, b);
  }
  if (!c) return product;
  return e.has("sat") ? saturating_add(e, product, c, false) : e.ir.CreateAdd(product, c);
}

Type double_width(Type type) {
  switch (type) {
    case Type::u16:
      return Type::u32;
    case Type::s16:
      return Type::s32;
    case Type::u32:
      return Type::u64;
    default:
      return Type::s64;
  }
}

/// mul24, mad24: the product of the low 24 bits; .lo its low, .hi its high 32 of 48 bits.
Value* multiply24(Emitter& e, Type type) {
  llvm::Type* wide = e.shaped(e.ir.getInt64Ty());
  auto low24 = [&](Value* v) {
    v = e.ir.CreateShl(v, e.number(v->getType(), 8));
    v = is_signed(type) ? e.ir.CreateAShr(v, e.number(v->getType(), 8))
                        : e.ir.CreateLShr(v, e.number(v->getType(), 8));
    return is_signed(type) ? e.ir.CreateSExt(v, wide) : e.ir.CreateZExt(v, wide);
  };
  Value* product = e.ir.CreateMul(low24(e.in(1, type)), low24(e.in(2, type)));
  if (e.has("hi")) product = e.ir.CreateLShr(product, e.number(wide, 16));
  return e.ir.CreateTrunc(product, e.shaped(type));
}

/// Quotients of 32 bits or less are exact in double: |a / b| differs from the next integer by at
/// least 1 / |b|.
Value* divide_through_double(Emitter& e, Value* a, Value* b, Type type) {
  llvm::Type* d = e.shaped(e.ir.getDoubleTy());
  if (is_signed(type))
    return e.ir.CreateTrunc(
        e.ir.CreateFPToSI(e.ir.CreateFDiv(e.ir.CreateSIToFP(a, d), e.ir.CreateSIToFP(b, d)),
                          e.shaped(e.ir.getInt64Ty())),
        a->getType());
  Value* q = e.ir.CreateFDiv(e.ir.CreateUIToFP(a, d), e.ir.CreateUIToFP(b, d));
  return e.ir.CreateTrunc(e.ir.CreateFPToSI(q, e.shaped(e.ir.getInt64Ty())), a->getType());
}

Value* divide(Emitter& e, Type type, bool remainder) {
  Value* a = e.in(1, type);
  Value* b = e.in(2, type);
  llvm::Type* t = a->getType();
  Value* zero = e.ir.CreateICmpEQ(b, e.number(t, 0));
  if (e.wide && e.active()) b = e.ir.CreateSelect(e.active(), b, e.number(t, 1));
  b = e.ir.CreateSelect(zero, e.number(t, 1), b);
  b = e.ir.CreateFreeze(b);
  a = e.ir.CreateFreeze(a);
  Value* quotient = nullptr;
  if (ptx::bits_of(type) <= 32) {
    quotient = divide_through_double(e, a, b, type);
  } else if (is_signed(type)) {
    Value* minus = e.ir.CreateICmpEQ(b, e.number(t, ~std::uint64_t{0}));
    Value* safe = e.ir.CreateSelect(minus, e.number(t, 1), b);
    quotient = e.ir.CreateSelect(minus, e.ir.CreateNeg(a), e.ir.CreateSDiv(a, safe));
  } else {
    quotient = e.ir.CreateUDiv(a, b);
  }
  if (!remainder) return e.ir.CreateSelect(zero, e.number(t, ~std::uint64_t{0}), quotient);
  return e.ir.CreateSelect(zero, a, e.ir.CreateSub(a, e.ir.CreateMul(quotient, b)));
}

Value* minimum(Emitter& e, Type type, bool largest) {
  using namespace llvm;
  const Intrinsic::ID id = largest ? (is_signed(type) ? Intrinsic::smax : Intrinsic::umax)
                                   : (is_signed(type) ? Intrinsic::smin : Intrinsic::umin);
  Value* r = e.intrinsic(id, {e.in(1, type), e.in(2, type)});
  if (e.has("relu")) r = e.intrinsic(Intrinsic::smax, {r, e.number(r->getType(), 0)});
  return r;
}

}  // namespace

bool emit_integer(Emitter& e) {
  const std::string& op = e.ins->opcode;
  const Type type = e.type_from_end();
  if (!is_integer(type) || ptx::bits_of(type) < 16) return false;
  if (op == "add" || op == "sub") {
    e.allow({"sat"});
    Value *a = e.in(1, type), *b = e.in(2, type);
    if (e.has("sat")) return e.out(saturating_add(e, a, b, op == "sub")), true;
    return e.out(op == "add" ? e.ir.CreateAdd(a, b) : e.ir.CreateSub(a, b)), true;
  }
  if (op == "mul") return e.allow({"lo", "hi", "wide"}), e.out(multiply(e, type, nullptr)), true;
  if (op == "mad") {
    e.allow({"lo", "hi", "wide", "sat"});
    return e.out(multiply(e, type, e.in(3, e.has("wide") ? double_width(type) : type))), true;
  }
  if (op == "mul24") return e.allow({"lo", "hi"}), e.out(multiply24(e, type)), true;
  if (op == "mad24") {
    e.allow({"lo", "hi", "sat"});
    Value* product = multiply24(e, type);
    Value* c = e.in(3, type);
    return e.out(e.has("sat") ? saturating_add(e, product, c, false) : e.ir.CreateAdd(product, c)),
           true;
  }
  if (op == "div" || op == "rem") return e.allow({}), e.out(divide(e, type, op == "rem")), true;
  if (op == "min" || op == "max")
    return e.allow({"relu"}), e.out(minimum(e, type, op == "max")), true;
  if (op == "abs")
    return e.allow({}),
           e.out(e.ir.CreateIntrinsic(e.shaped(type), llvm::Intrinsic::abs,
                                      {e.in(1, type), e.ir.getFalse()})),
           true;
  if (op == "neg") return e.allow({}), e.out(e.ir.CreateNeg(e.in(1, type))), true;
  if (op == "sad") {
    e.allow({});
    Value *a = e.in(1, type), *b = e.in(2, type);
    Value* less = is_signed(type) ? e.ir.CreateICmpSLT(a, b) : e.ir.CreateICmpULT(a, b);
    Value* distance = e.ir.CreateSelect(less, e.ir.CreateSub(b, a), e.ir.CreateSub(a, b));
    return e.out(e.ir.CreateAdd(e.in(3, type), distance)), true;
  }
  return false;
}

}  // namespace vgpu::isa
