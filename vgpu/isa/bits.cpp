// bits.cpp - and, or, xor, not, cnot, shl, shr, shf, lop3, popc, clz, brev, bfe, bfi, bfind, bmsk,
// szext, fns, prmt.
//
// Shift amounts clamp at the width (LLVM's are poison there); shf.wrap takes the amount modulo 32.
#include "vgpu/isa/emitter.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

Value* shift(Emitter& e, Type type, bool left) {
  const std::uint64_t bits = static_cast<std::uint64_t>(ptx::bits_of(type));
  Value* a = e.in(1, type);
  Value* amount = e.in(2, Type::u32);
  llvm::Type* t = a->getType();
  Value* beyond = e.ir.CreateICmpUGE(amount, e.number(amount->getType(), bits));
  Value* clamped = e.ir.CreateSelect(beyond, e.number(amount->getType(), bits - 1), amount);
  clamped = e.ir.CreateZExtOrTrunc(clamped, t);
  if (!left && is_signed(type)) return e.ir.CreateAShr(a, clamped);
  Value* shifted = left ? e.ir.CreateShl(a, clamped) : e.ir.CreateLShr(a, clamped);
  return e.ir.CreateSelect(beyond, e.number(t, 0), shifted);
}

/// shf.{l,r}.{clamp,wrap}.b32 d, a, b, c: the pair b:a shifted; its high (l) or low (r) word.
Value* funnel(Emitter& e) {
  llvm::Type* t64 = e.shaped(e.ir.getInt64Ty());
  Value* low = e.ir.CreateZExt(e.in(1, Type::b32), t64);
  Value* high = e.ir.CreateZExt(e.in(2, Type::b32), t64);
  Value* pair = e.ir.CreateOr(e.ir.CreateShl(high, e.number(t64, 32)), low);
  Value* amount = e.in(3, Type::u32);
  llvm::Type* t32 = amount->getType();
  amount = e.has("wrap") ? e.ir.CreateAnd(amount, e.number(t32, 31))
                         : e.intrinsic(llvm::Intrinsic::umin, {amount, e.number(t32, 32)});
  amount = e.ir.CreateZExt(amount, t64);
  Value* shifted = e.has("l") ? e.ir.CreateLShr(e.ir.CreateShl(pair, amount), e.number(t64, 32))
                              : e.ir.CreateLShr(pair, amount);
  return e.ir.CreateTrunc(shifted, t32);
}

Value* lop3(Emitter& e) {
  Value* in[3] = {e.in(1, Type::b32), e.in(2, Type::b32), e.in(3, Type::b32)};
  std::int64_t table = 0;
  if (!e.constant(4, table)) e.unsupported("lop3 wants a literal table");
  Value* result = e.number(in[0]->getType(), 0);
  for (int row = 0; row < 8; ++row) {
    if (!((table >> row) & 1)) continue;
    Value* term = nullptr;
    for (int k = 0; k < 3; ++k) {
      Value* literal = (row >> (2 - k)) & 1 ? in[k] : e.ir.CreateNot(in[k]);
      term = term ? e.ir.CreateAnd(term, literal) : literal;
    }
    result = e.ir.CreateOr(result, term);
  }
  return result;
}

Value* count_bits(Emitter& e, Type type) {
  Value* a = e.in(1, type);
  Value* r = e.ins->opcode == "popc"
                 ? e.intrinsic(llvm::Intrinsic::ctpop, {a})
                 : e.ir.CreateIntrinsic(a->getType(), llvm::Intrinsic::ctlz, {a, e.ir.getFalse()});
  return e.ir.CreateZExtOrTrunc(r, e.shaped(e.ir.getInt32Ty()));
}

/// bfind: the highest bit that differs from the sign (0 for unsigned); all ones when there is none.
Value* find_bit(Emitter& e, Type type) {
  const std::uint64_t bits = static_cast<std::uint64_t>(ptx::bits_of(type));
  Value* a = e.in(1, type);
  if (is_signed(type)) a = e.ir.CreateXor(a, e.ir.CreateAShr(a, e.number(a->getType(), bits - 1)));
  Value* zeros = e.ir.CreateIntrinsic(a->getType(), llvm::Intrinsic::ctlz, {a, e.ir.getFalse()});
  zeros = e.ir.CreateZExtOrTrunc(zeros, e.shaped(e.ir.getInt32Ty()));
  llvm::Type* t = zeros->getType();
  Value* position = e.has("shiftamt") ? zeros : e.ir.CreateSub(e.number(t, bits - 1), zeros);
  Value* none = e.ir.CreateICmpEQ(a, e.number(a->getType(), 0));
  return e.ir.CreateSelect(none, e.number(t, 0xffffffff), position);
}

/// 2^n - 1 in `type` for n in 0 .. width (all ones from there on).
Value* low_mask(Emitter& e, Value* n, std::uint64_t bits) {
  llvm::Type* t = n->getType();
  Value* all = e.ir.CreateICmpUGE(n, e.number(t, bits));
  Value* amount = e.ir.CreateSelect(all, e.number(t, 0), n);
  Value* mask = e.ir.CreateSub(e.ir.CreateShl(e.number(t, 1), amount), e.number(t, 1));
  return e.ir.CreateSelect(all, e.number(t, ~std::uint64_t{0}), mask);
}

Value* low_byte(Emitter& e, int k, llvm::Type* t) {
  Value* v = e.in(k, Type::u32);
  return e.ir.CreateZExtOrTrunc(e.ir.CreateAnd(v, e.number(v->getType(), 255)), t);
}

/// bfe: `len` bits from `pos`; signed: extended with the field's highest bit, or the operand's
/// where the field leaves it.
Value* extract_field(Emitter& e, Type type) {
  const std::uint64_t bits = static_cast<std::uint64_t>(ptx::bits_of(type));
  Value* a = e.in(1, type);
  llvm::Type* t = a->getType();
  Value* pos = low_byte(e, 2, t);
  Value* len = low_byte(e, 3, t);
  Value* beyond = e.ir.CreateICmpUGE(pos, e.number(t, bits));
  Value* safe = e.ir.CreateSelect(beyond, e.number(t, bits - 1), pos);
  Value* fill = is_signed(type) ? e.ir.CreateAShr(a, e.number(t, bits - 1)) : e.number(t, 0);
  Value* shifted = is_signed(type) ? e.ir.CreateAShr(a, safe) : e.ir.CreateLShr(a, safe);
  shifted = e.ir.CreateSelect(beyond, fill, shifted);
  Value* mask = low_mask(e, len, bits);
  Value* field = e.ir.CreateAnd(shifted, mask);
  if (!is_signed(type)) return field;
  Value* inside =
      e.ir.CreateICmpULT(e.ir.CreateSub(len, e.number(t, 1)), e.number(t, bits));  // len >= 1
  Value* top = e.ir.CreateSelect(inside, e.ir.CreateSub(len, e.number(t, 1)), e.number(t, 0));
  top = e.intrinsic(llvm::Intrinsic::umin, {top, e.number(t, bits - 1)});
  Value* negative = e.ir.CreateTrunc(e.ir.CreateLShr(shifted, top), e.shaped(e.ir.getInt1Ty()));
  Value* extended = e.ir.CreateSelect(negative, e.ir.CreateOr(field, e.ir.CreateNot(mask)), field);
  return e.ir.CreateSelect(e.ir.CreateICmpEQ(len, e.number(t, 0)), e.number(t, 0), extended);
}

Value* insert_field(Emitter& e, Type type) {
  const std::uint64_t bits = static_cast<std::uint64_t>(ptx::bits_of(type));
  Value* field = e.in(1, type);
  Value* into = e.in(2, type);
  llvm::Type* t = field->getType();
  Value* pos = low_byte(e, 3, t);
  Value* len = low_byte(e, 4, t);
  Value* beyond = e.ir.CreateICmpUGE(pos, e.number(t, bits));
  Value* safe = e.ir.CreateSelect(beyond, e.number(t, 0), pos);
  Value* mask = e.ir.CreateShl(low_mask(e, len, bits), safe);
  Value* merged = e.ir.CreateOr(e.ir.CreateAnd(into, e.ir.CreateNot(mask)),
                                e.ir.CreateAnd(e.ir.CreateShl(field, safe), mask));
  return e.ir.CreateSelect(beyond, into, merged);
}

Value* make_mask(Emitter& e) {
  Value* pos = e.in(1, Type::u32);
  Value* len = e.in(2, Type::u32);
  llvm::Type* t = pos->getType();
  if (e.has("wrap")) {
    pos = e.ir.CreateAnd(pos, e.number(t, 31));
    len = e.ir.CreateAnd(len, e.number(t, 31));
  }
  Value* beyond = e.ir.CreateICmpUGE(pos, e.number(t, 32));
  Value* mask =
      e.ir.CreateShl(low_mask(e, len, 32), e.ir.CreateSelect(beyond, e.number(t, 0), pos));
  return e.ir.CreateSelect(beyond, e.number(t, 0), mask);
}

/// szext: the low bits of the operand, extended; from 32 on (clamp) all of it.
Value* extend_field(Emitter& e, Type type) {
  Value* a = e.in(1, type);
  Value* n = e.in(2, Type::u32);
  llvm::Type* t = a->getType();
  if (e.has("wrap")) n = e.ir.CreateAnd(n, e.number(t, 31));
  Value* none = e.ir.CreateICmpEQ(n, e.number(t, 0));
  Value* unused =
      e.ir.CreateSub(e.number(t, 32), e.intrinsic(llvm::Intrinsic::umin, {n, e.number(t, 32)}));
  unused = e.ir.CreateSelect(none, e.number(t, 0), unused);
  Value* high = e.ir.CreateShl(a, unused);
  Value* extended = is_signed(type) ? e.ir.CreateAShr(high, unused) : e.ir.CreateLShr(high, unused);
  return e.ir.CreateSelect(none, e.number(t, 0), extended);
}

/// prmt: each result byte is one of the eight of b:a, or that byte's sign repeated. The modes f4e
/// ... are selectors too.
Value* permute(Emitter& e) {
  llvm::Type* t64 = e.shaped(e.ir.getInt64Ty());
  Value* pair =
      e.ir.CreateOr(e.ir.CreateShl(e.ir.CreateZExt(e.in(2, Type::b32), t64), e.number(t64, 32)),
                    e.ir.CreateZExt(e.in(1, Type::b32), t64));
  Value* selector = e.in(3, Type::b32);
  llvm::Type* t = selector->getType();
  static constexpr struct {
    const char* name;
    std::uint32_t rows[4];
  } kModes[] = {
      {"f4e", {0x3210, 0x4321, 0x5432, 0x6543}}, {"b4e", {0x5670, 0x6701, 0x7012, 0x0123}},
      {"rc8", {0x0000, 0x1111, 0x2222, 0x3333}}, {"ecl", {0x3210, 0x3211, 0x3222, 0x3333}},
      {"ecr", {0x0000, 0x1110, 0x2210, 0x3210}}, {"rc16", {0x1010, 0x3232, 0x1010, 0x3232}}};
  for (const auto& mode : kModes) {
    if (!e.has(mode.name)) continue;
    Value* low = e.ir.CreateAnd(selector, e.number(t, 3));
    selector = e.number(t, mode.rows[3]);
    for (std::uint64_t row = 0; row < 3; ++row)
      selector = e.ir.CreateSelect(e.ir.CreateICmpEQ(low, e.number(t, row)),
                                   e.number(t, mode.rows[row]), selector);
  }
  Value* result = e.number(t, 0);
  for (std::uint64_t byte = 0; byte < 4; ++byte) {
    Value* nibble = e.ir.CreateLShr(selector, e.number(t, 4 * byte));
    Value* where = e.ir.CreateZExt(
        e.ir.CreateShl(e.ir.CreateAnd(nibble, e.number(t, 7)), e.number(t, 3)), t64);
    Value* picked =
        e.ir.CreateAnd(e.ir.CreateTrunc(e.ir.CreateLShr(pair, where), t), e.number(t, 255));
    Value* sign = e.ir.CreateICmpNE(e.ir.CreateAnd(picked, e.number(t, 128)), e.number(t, 0));
    Value* repeated = e.ir.CreateSelect(sign, e.number(t, 255), e.number(t, 0));
    Value* replicate = e.ir.CreateICmpNE(e.ir.CreateAnd(nibble, e.number(t, 8)), e.number(t, 0));
    Value* value = e.ir.CreateSelect(replicate, repeated, picked);
    result = e.ir.CreateOr(result, e.ir.CreateShl(value, e.number(t, 8 * byte)));
  }
  return result;
}

bool emit_logic(Emitter& e, Type type) {
  const std::string& op = e.ins->opcode;
  if (op == "and") return e.out(e.ir.CreateAnd(e.in(1, type), e.in(2, type))), true;
  if (op == "or") return e.out(e.ir.CreateOr(e.in(1, type), e.in(2, type))), true;
  if (op == "xor") return e.out(e.ir.CreateXor(e.in(1, type), e.in(2, type))), true;
  if (op == "not") return e.out(e.ir.CreateNot(e.in(1, type))), true;
  if (op != "cnot") return false;
  Value* a = e.in(1, type);
  return e.out(e.ir.CreateZExt(e.ir.CreateICmpEQ(a, e.number(a->getType(), 0)), a->getType())),
         true;
}

}  // namespace

bool emit_bits(Emitter& e) {
  const std::string& op = e.ins->opcode;
  const Type type = e.type_from_end();
  if (op == "and" || op == "or" || op == "xor" || op == "not" || op == "cnot")
    return e.allow({}), emit_logic(e, type);
  if (!is_integer(type)) return false;
  if (op == "shl" || op == "shr") return e.allow({}), e.out(shift(e, type, op == "shl")), true;
  if (op == "shf") return e.allow({"l", "r", "wrap", "clamp"}), e.out(funnel(e)), true;
  if (op == "lop3") return e.allow({}), e.out(lop3(e)), true;
  if (op == "popc" || op == "clz") return e.allow({}), e.out(count_bits(e, type)), true;
  if (op == "brev")
    return e.allow({}), e.out(e.intrinsic(llvm::Intrinsic::bitreverse, {e.in(1, type)})), true;
  if (op == "bfind") return e.allow({"shiftamt"}), e.out(find_bit(e, type)), true;
  if (op == "bfe") return e.allow({}), e.out(extract_field(e, type)), true;
  if (op == "bfi") return e.allow({}), e.out(insert_field(e, type)), true;
  if (op == "bmsk") return e.allow({"clamp", "wrap"}), e.out(make_mask(e)), true;
  if (op == "szext") return e.allow({"clamp", "wrap"}), e.out(extend_field(e, type)), true;
  if (op == "fns")
    return e.allow({}),
           e.out(e.call_lanes("vgpu_fns_b32", e.ir.getInt32Ty(),
                              {e.in(1, Type::b32), e.in(2, Type::b32), e.in(3, Type::b32)})),
           true;
  if (op == "prmt")
    return e.allow({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"}), e.out(permute(e)), true;
  return false;
}

}  // namespace vgpu::isa
