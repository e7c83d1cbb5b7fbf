// carry.cpp - integers of several words: add.cc, addc, sub.cc, subc, mad.cc, madc. The condition
// code is one bit a lane.
#include "vgpu/isa/emitter.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

struct Sum {
  Value* value;
  Value* carry;
};

Sum add(Emitter& e, Value* a, Value* b, Value* carry_in) {
  Value* sum = e.ir.CreateAdd(a, b);
  Value* carry = e.ir.CreateICmpULT(sum, a);
  if (!carry_in) return {sum, carry};
  Value* full = e.ir.CreateAdd(sum, e.ir.CreateZExt(carry_in, sum->getType()));
  return {full, e.ir.CreateOr(carry, e.ir.CreateICmpULT(full, sum))};
}

Sum subtract(Emitter& e, Value* a, Value* b, Value* borrow_in) {
  Value* difference = e.ir.CreateSub(a, b);
  Value* borrow = e.ir.CreateICmpULT(a, b);
  if (!borrow_in) return {difference, borrow};
  Value* in = e.ir.CreateZExt(borrow_in, difference->getType());
  return {e.ir.CreateSub(difference, in),
          e.ir.CreateOr(borrow, e.ir.CreateICmpULT(difference, in))};
}

Value* product(Emitter& e, Type type) {
  Value *a = e.in(1, type), *b = e.in(2, type);
  if (e.has("lo")) return e.ir.CreateMul(a, b);
  const auto bits = static_cast<unsigned>(ptx::bits_of(type));
  llvm::Type* wider = e.shaped(e.ir.getIntNTy(2 * bits));
  auto widen = [&](Value* v) {
    return is_signed(type) ? e.ir.CreateSExt(v, wider) : e.ir.CreateZExt(v, wider);
  };
  Value* whole = e.ir.CreateMul(widen(a), widen(b));
  return e.ir.CreateTrunc(e.ir.CreateLShr(whole, e.number(wider, bits)), a->getType());
}

}  // namespace

bool emit_carry(Emitter& e) {
  const std::string& op = e.ins->opcode;
  const bool takes = op == "addc" || op == "subc" || op == "madc";
  if (!takes && !(e.has("cc") && (op == "add" || op == "sub" || op == "mad"))) return false;
  e.allow({"cc", "lo", "hi"});
  const Type type = e.type_from_end();
  if (!is_integer(type)) e.unsupported("type");
  Value* in = takes ? e.carry() : nullptr;
  Sum r{};
  if (op[0] == 'a') r = add(e, e.in(1, type), e.in(2, type), in);
  if (op[0] == 's') r = subtract(e, e.in(1, type), e.in(2, type), in);
  if (op[0] == 'm') r = add(e, product(e, type), e.in(3, type), in);
  e.out(r.value);
  if (e.has("cc")) e.set_carry(r.carry);
  return true;
}

}  // namespace vgpu::isa
