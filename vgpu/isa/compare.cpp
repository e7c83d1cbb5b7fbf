// compare.cpp - setp, set, selp, slct.
//
// Float comparisons: eq ne lt le gt ge are false on NaN, equ neu ltu leu gtu geu true; num: neither
// is NaN; nan: one is.
#include "vgpu/isa/compare.h"

#include "vgpu/isa/float.h"

namespace vgpu::isa {
namespace {

using llvm::CmpInst;
using llvm::Value;
using ptx::Type;

const std::string& comparison(const Emitter& e) { return e.ins->modifiers[0]; }

Value* compare_floats(Emitter& e, Value* a, Value* b) {
  static constexpr struct {
    const char* name;
    CmpInst::Predicate predicate;
  } kTable[] = {{"eq", CmpInst::FCMP_OEQ},  {"ne", CmpInst::FCMP_ONE},  {"lt", CmpInst::FCMP_OLT},
                {"le", CmpInst::FCMP_OLE},  {"gt", CmpInst::FCMP_OGT},  {"ge", CmpInst::FCMP_OGE},
                {"equ", CmpInst::FCMP_UEQ}, {"neu", CmpInst::FCMP_UNE}, {"ltu", CmpInst::FCMP_ULT},
                {"leu", CmpInst::FCMP_ULE}, {"gtu", CmpInst::FCMP_UGT}, {"geu", CmpInst::FCMP_UGE},
                {"num", CmpInst::FCMP_ORD}, {"nan", CmpInst::FCMP_UNO}};
  for (const auto& row : kTable)
    if (comparison(e) == row.name) return e.ir.CreateFCmp(row.predicate, a, b);
  e.unsupported("comparison ." + comparison(e));
}

Value* compare(Emitter& e, Value* a, Value* b, Type type) {
  if (is_half(type)) return compare_floats(e, half_to_float(e, a, type), half_to_float(e, b, type));
  if (is_float(type))
    return compare_floats(e, e.has("ftz") ? flush(e, a) : a, e.has("ftz") ? flush(e, b) : b);
  return compare_integers(e, a, b, type);
}

/// The .and, .or or .xor of the result with a third operand.
Value* combine(Emitter& e, Value* result, int operand) {
  if (e.has("and")) return e.ir.CreateAnd(result, e.in(operand, Type::pred));
  if (e.has("or")) return e.ir.CreateOr(result, e.in(operand, Type::pred));
  if (e.has("xor")) return e.ir.CreateXor(result, e.in(operand, Type::pred));
  return result;
}

void write_pair(Emitter& e, Value* first, Value* second) {
  const ptx::Operand& d = e.ins->operands[0];
  if (d.kind != ptx::Operand::Kind::pair) return e.write(d, first);
  e.write(d.elements[0], first);
  e.write(d.elements[1], second);
}

void emit_setp(Emitter& e) {
  const Type type = e.type_from_end();
  if (is_packed_half(type)) {
    const Type half = type == Type::f16x2 ? Type::f16 : Type::bf16;
    Value *a = e.in(1, Type::b32), *b = e.in(2, Type::b32);
    llvm::Type* t16 = e.shaped(e.ir.getInt16Ty());
    auto part = [&](Value* v, std::uint64_t shift) {
      return e.ir.CreateTrunc(e.ir.CreateLShr(v, e.number(v->getType(), shift)), t16);
    };
    Value* low = combine(e, compare(e, part(a, 0), part(b, 0), half), 3);
    Value* high = combine(e, compare(e, part(a, 16), part(b, 16), half), 3);
    return write_pair(e, low, high);
  }
  const Type storage = is_half(type) ? Type::b16 : type;
  Value* result = compare(e, e.in(1, storage), e.in(2, storage), type);
  const bool combined = e.has("and") || e.has("or") || e.has("xor");
  write_pair(e, combine(e, result, 3),
             combined ? combine(e, e.ir.CreateNot(result), 3) : e.ir.CreateNot(result));
}

/// set: a value of the first type, all ones (1.0 for floats) where the comparison holds.
void emit_set(Emitter& e) {
  const Type to = e.type_from_end(1), from = e.type_from_end(0);
  auto value = [&](Value* condition, Type t) -> Value* {
    llvm::Type* shaped = e.shaped(t);
    if (t == Type::f32)
      return e.ir.CreateSelect(condition, e.real(shaped, 1.0), e.real(shaped, 0.0));
    const std::uint64_t one = t == Type::f16 ? 0x3c00 : t == Type::bf16 ? 0x3f80 : ~0ull;
    return e.ir.CreateSelect(condition, e.number(shaped, one), e.number(shaped, 0));
  };
  if (!is_packed_half(from)) {
    const Type storage = is_half(from) ? Type::b16 : from;
    return e.out(value(combine(e, compare(e, e.in(1, storage), e.in(2, storage), from), 3), to));
  }
  const Type half = from == Type::f16x2 ? Type::f16 : Type::bf16;
  Value *a = e.in(1, Type::b32), *b = e.in(2, Type::b32);
  llvm::Type *t16 = e.shaped(e.ir.getInt16Ty()), *t32 = e.shaped(e.ir.getInt32Ty());
  Value* packed = e.number(t32, 0);
  for (std::uint64_t shift : {0, 16}) {
    auto part = [&](Value* v) {
      return e.ir.CreateTrunc(e.ir.CreateLShr(v, e.number(t32, shift)), t16);
    };
    Value* condition = combine(e, compare(e, part(a), part(b), half), 3);
    Value* v = e.ir.CreateZExt(value(condition, is_packed_half(to) ? half : Type::b16), t32);
    packed = e.ir.CreateOr(packed, e.ir.CreateShl(v, e.number(t32, shift)));
  }
  e.out(packed);
}

}  // namespace

Value* compare_integers(Emitter& e, Value* a, Value* b, Type type) {
  const bool s = is_signed(type);
  const std::string& op = comparison(e);
  if (op == "eq") return e.ir.CreateICmpEQ(a, b);
  if (op == "ne") return e.ir.CreateICmpNE(a, b);
  if (op == "lt" || op == "lo") return s ? e.ir.CreateICmpSLT(a, b) : e.ir.CreateICmpULT(a, b);
  if (op == "le" || op == "ls") return s ? e.ir.CreateICmpSLE(a, b) : e.ir.CreateICmpULE(a, b);
  if (op == "gt" || op == "hi") return s ? e.ir.CreateICmpSGT(a, b) : e.ir.CreateICmpUGT(a, b);
  if (op == "ge" || op == "hs") return s ? e.ir.CreateICmpSGE(a, b) : e.ir.CreateICmpUGE(a, b);
  e.unsupported("comparison ." + op);
}

bool emit_compare(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "setp" || op == "set") {
    e.allow({"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "lo",  "ls",  "hi", "hs",  "equ",
             "neu", "ltu", "leu", "gtu", "geu", "num", "nan", "and", "or", "xor", "ftz"});
    return op == "setp" ? emit_setp(e) : emit_set(e), true;
  }
  if (op == "selp") {
    e.allow({});
    const Type type = e.type_from_end();
    return e.out(e.ir.CreateSelect(e.in(3, Type::pred), e.in(1, type), e.in(2, type))), true;
  }
  if (op != "slct") return false;
  e.allow({"ftz"});
  const Type type = e.type_from_end(1), condition_type = e.type_from_end(0);
  Value* c = e.in(3, condition_type);
  if (condition_type == Type::f32 && e.has("ftz")) c = flush(e, c);
  Value* chosen = condition_type == Type::f32 ? e.ir.CreateFCmpOGE(c, e.real(c->getType(), 0.0))
                                              : e.ir.CreateICmpSGE(c, e.number(c->getType(), 0));
  return e.out(e.ir.CreateSelect(chosen, e.in(1, type), e.in(2, type))), true;
}

}  // namespace vgpu::isa
