// pairs.cpp - arithmetic on packed values: add, min and max of u16x2 and s16x2; add, sub, mul and
// fma of f32x2; and the dot products dp4a and dp2a.
#include <vector>

#include "vgpu/isa/float.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

/// Part number `index` of each operand from 1 on, `bits` wide.
std::vector<Value*> parts(Emitter& e, int index, unsigned bits, Type whole) {
  std::vector<Value*> out;
  for (std::size_t k = 1; k < e.ins->operands.size(); ++k) {
    Value* v = e.in(static_cast<int>(k), whole);
    Value* amount = e.number(v->getType(), static_cast<std::uint64_t>(index) * bits);
    out.push_back(e.ir.CreateTrunc(e.ir.CreateLShr(v, amount), e.shaped(e.ir.getIntNTy(bits))));
  }
  return out;
}

Value* joined(Emitter& e, Value* low, Value* high, Type whole) {
  llvm::Type* t = e.shaped(whole);
  Value* amount = e.number(t, static_cast<std::uint64_t>(ptx::bits_of(whole)) / 2);
  return e.ir.CreateOr(e.ir.CreateZExt(low, t), e.ir.CreateShl(e.ir.CreateZExt(high, t), amount));
}

bool emit_pair_of_16(Emitter& e) {
  const bool with_sign = e.has("s16x2");
  const std::string& op = e.ins->opcode;
  if (!with_sign && !e.has("u16x2")) return false;
  if (op != "add" && op != "min" && op != "max") return false;
  e.allow({"u16x2", "s16x2", "relu"});
  using llvm::Intrinsic::ID;
  const ID smaller = with_sign ? llvm::Intrinsic::smin : llvm::Intrinsic::umin;
  const ID larger = with_sign ? llvm::Intrinsic::smax : llvm::Intrinsic::umax;
  auto half = [&](int index) -> Value* {
    const std::vector<Value*> in = parts(e, index, 16, Type::b32);
    if (op == "add") return e.ir.CreateAdd(in[0], in[1]);
    Value* r = e.intrinsic(op == "min" ? smaller : larger, {in[0], in[1]});
    if (!e.has("relu")) return r;
    return e.intrinsic(llvm::Intrinsic::smax, {r, e.number(r->getType(), 0)});
  };
  e.out(joined(e, half(0), half(1), Type::b32));
  return true;
}

bool emit_pair_of_f32(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (!e.has("f32x2")) return false;
  e.allow({"rn", "ftz", "f32x2"});
  auto half = [&](int index) -> Value* {
    std::vector<Value*> in = parts(e, index, 32, Type::b64);
    for (Value*& v : in) v = e.has("ftz") ? flush(e, e.as_float(v)) : e.as_float(v);
    Value* r = nullptr;
    if (op == "add") r = e.ir.CreateFAdd(in[0], in[1]);
    if (op == "sub") r = e.ir.CreateFSub(in[0], in[1]);
    if (op == "mul") r = e.ir.CreateFMul(in[0], in[1]);
    if (op == "fma") r = e.intrinsic(llvm::Intrinsic::fma, {in[0], in[1], in[2]});
    if (!r) e.unsupported();
    return e.as_int(e.has("ftz") ? flush(e, r) : r);
  };
  e.out(joined(e, half(0), half(1), Type::b64));
  return true;
}

/// `bits` of a word from `from` on, extended to 32.
Value* field(Emitter& e, Value* word, unsigned from, unsigned bits, bool with_sign) {
  llvm::Type* t = word->getType();
  Value* high = e.ir.CreateShl(word, e.number(t, 32 - bits - from));
  Value* amount = e.number(t, 32 - bits);
  return with_sign ? e.ir.CreateAShr(high, amount) : e.ir.CreateLShr(high, amount);
}

/// dp4a: four products of bytes; dp2a: two of a's halves with b's low or high two bytes.
void emit_dot_product(Emitter& e) {
  e.allow({"lo", "hi"});
  const bool four = e.ins->opcode == "dp4a";
  const bool a_signed = is_signed(e.type_from_end(1)), b_signed = is_signed(e.type_from_end(0));
  Value *a = e.in(1, Type::b32), *b = e.in(2, Type::b32), *total = e.in(3, Type::b32);
  const unsigned b_from = e.has("hi") ? 16 : 0;
  for (unsigned i = 0; i < (four ? 4u : 2u); ++i) {
    Value* x = four ? field(e, a, 8 * i, 8, a_signed) : field(e, a, 16 * i, 16, a_signed);
    total = e.ir.CreateAdd(total, e.ir.CreateMul(x, field(e, b, b_from + 8 * i, 8, b_signed)));
  }
  e.out(total);
}

}  // namespace

bool emit_pairs(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "dp4a" || op == "dp2a") return emit_dot_product(e), true;
  return emit_pair_of_16(e) || emit_pair_of_f32(e);
}

}  // namespace vgpu::isa
