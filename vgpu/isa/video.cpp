// video.cpp - the SIMD video instructions: vadd, vsub, vavrg, vabsdiff, vmin, vmax and vset on two
// halves or four bytes of a word.
//
// A part is extended by its operand's type, computed in 32 bits and, with .sat, brought into the
// range of the result's type. With .add the parts are added to c whole; without they are cut and
// put side by side. Left out, for the parser does not read them: selectors and masks of parts.
#include "vgpu/isa/emitter.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Type;

/// Part `i` of a word, `bits` wide, extended.
Value* part(Emitter& e, Value* word, unsigned i, unsigned bits, bool with_sign) {
  llvm::Type* t = word->getType();
  Value* high = e.ir.CreateShl(word, e.number(t, 32 - bits * (i + 1)));
  Value* amount = e.number(t, 32 - bits);
  return with_sign ? e.ir.CreateAShr(high, amount) : e.ir.CreateLShr(high, amount);
}

/// Half of a sum: halves round up, of negative sums down.
Value* average(Emitter& e, Value* a, Value* b) {
  Value* sum = e.ir.CreateAdd(a, b);
  llvm::Type* t = sum->getType();
  Value* negative = e.ir.CreateLShr(sum, e.number(t, 31));
  Value* up = e.ir.CreateSub(e.number(t, 1), negative);
  return e.ir.CreateAShr(e.ir.CreateAdd(sum, up), e.number(t, 1));
}

Value* compare(Emitter& e, Value* a, Value* b) {
  using P = llvm::CmpInst::Predicate;
  static constexpr struct {
    const char* name;
    P predicate;
  } kRows[] = {{"eq", P::ICMP_EQ},  {"ne", P::ICMP_NE},  {"lt", P::ICMP_SLT},
               {"le", P::ICMP_SLE}, {"gt", P::ICMP_SGT}, {"ge", P::ICMP_SGE}};
  for (const auto& row : kRows)
    if (e.has(row.name)) return e.ir.CreateZExt(e.ir.CreateICmp(row.predicate, a, b), a->getType());
  e.unsupported("comparison");
}

Value* computed(Emitter& e, const std::string& op, Value* a, Value* b) {
  if (op == "vadd") return e.ir.CreateAdd(a, b);
  if (op == "vsub") return e.ir.CreateSub(a, b);
  if (op == "vavrg") return average(e, a, b);
  if (op == "vmin") return e.intrinsic(llvm::Intrinsic::smin, {a, b});
  if (op == "vmax") return e.intrinsic(llvm::Intrinsic::smax, {a, b});
  if (op == "vset") return compare(e, a, b);
  if (op != "vabsdiff") e.unsupported();
  return e.ir.CreateSub(e.intrinsic(llvm::Intrinsic::smax, {a, b}),
                        e.intrinsic(llvm::Intrinsic::smin, {a, b}));
}

Value* saturated(Emitter& e, Value* v, unsigned bits, bool with_sign) {
  llvm::Type* t = v->getType();
  const std::uint64_t span = std::uint64_t{1} << bits, half = span / 2;
  Value* low = e.number(t, with_sign ? ~half + 1 : 0);
  Value* high = e.number(t, with_sign ? half - 1 : span - 1);
  return e.intrinsic(llvm::Intrinsic::smin, {e.intrinsic(llvm::Intrinsic::smax, {v, low}), high});
}

}  // namespace

bool emit_video(Emitter& e) {
  const std::string& name = e.ins->opcode;
  const std::string op = name.substr(0, name.size() - 1);
  const unsigned bits = name.back() == '2' ? 16 : 8;
  e.allow({"sat", "add", "eq", "ne", "lt", "le", "gt", "ge"});
  const bool d_signed = op != "vset" && is_signed(e.type_from_end(2));
  const bool a_signed = is_signed(e.type_from_end(1)), b_signed = is_signed(e.type_from_end(0));
  if (op != "vset" && e.type_from_end(2) == Type::none) e.unsupported("types: of d, a and b");
  Value *a = e.in(1, Type::b32), *b = e.in(2, Type::b32), *c = e.in(3, Type::b32);
  llvm::Type* t = a->getType();
  Value* result = e.has("add") ? c : e.number(t, 0);
  for (unsigned i = 0; i < 32 / bits; ++i) {
    Value* v = computed(e, op, part(e, a, i, bits, a_signed), part(e, b, i, bits, b_signed));
    if (e.has("sat")) v = saturated(e, v, bits, d_signed);
    if (e.has("add")) {
      result = e.ir.CreateAdd(result, v);
      continue;
    }
    v = e.ir.CreateAnd(v, e.number(t, (1u << bits) - 1));
    result = e.ir.CreateOr(result, e.ir.CreateShl(v, e.number(t, bits * i)));
  }
  e.out(result);
  return true;
}

}  // namespace vgpu::isa
