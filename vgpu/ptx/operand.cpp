#include "vgpu/ptx/operand.h"

namespace vgpu::ptx {
namespace {

constexpr int kDeepestOperand = 2;  // a vector in an address
constexpr int kWarpSize = 32;

}  // namespace

Operand Operands::operand(int depth) {
  if (depth > kDeepestOperand) cursor_.fail("braces nested too deeply in an operand");
  if (cursor_.accept("{")) return vector("}", depth);
  if (cursor_.accept("[")) return address(depth);
  if (cursor_.at_literal()) return cursor_.literal();
  return plain_or_pair();
}

Operand Operands::plain_or_pair() {
  const bool negated = cursor_.accept("!");
  Operand first = named();
  if (negated && first.kind != Operand::Kind::reg)
    cursor_.fail("'!' stands before a register only");
  first.negated = negated;
  if (!cursor_.accept("|")) return first;
  Operand pair;
  pair.kind = Operand::Kind::pair;
  pair.elements.push_back(std::move(first));
  pair.elements.push_back(named());
  for (const Operand& part : pair.elements)
    if (part.kind != Operand::Kind::reg && part.kind != Operand::Kind::discard)
      cursor_.fail("both parts of d|p must be registers");
  return pair;
}

Operand Operands::named() {
  const Token token = cursor_.expect_word("an operand");
  std::string name(token.text);
  Operand out;
  if (name == "_") return out;
  out.reg = scopes_.find_register(name);
  if (out.reg >= 0) {
    out.kind = Operand::Kind::reg;
    return out;
  }
  if (name[0] == '%') {
    if (cursor_.peek().kind == Token::Kind::dot) name += "." + std::string(cursor_.next().text);
    out.kind = Operand::Kind::special;
    out.name = name.substr(1);
    if (!is_special_register(out.name)) cursor_.fail(token.line, "unknown register " + name);
    return out;
  }
  if (is_name(name, &out)) {
    out.offset = cursor_.offset();
    return out;
  }
  if (name != "WARP_SZ") cursor_.fail(token.line, "unknown name " + name);
  out.kind = Operand::Kind::integer;
  out.bits = kWarpSize;
  return out;
}

/// A variable, parameter or function, the innermost first.
bool Operands::is_name(const std::string& name, Operand* out) {
  const std::string* local = scopes_.find_variable(name);
  if (!local && !names_.variables.contains(name) && !names_.functions.contains(name)) return false;
  out->kind = Operand::Kind::symbol;
  out->name = local ? *local : name;
  return true;
}

Operand Operands::vector(const char* close, int depth) {
  Operand out;
  out.kind = Operand::Kind::vector;
  if (close[0] == ')' && cursor_.accept(close)) return out;
  do out.elements.push_back(operand(depth + 1));
  while (cursor_.accept(","));
  cursor_.expect(close);
  return out;
}

Operand Operands::address(int depth) {
  Operand out;
  if (cursor_.at_literal()) {
    out.offset = static_cast<std::int64_t>(cursor_.integer("an address"));
  } else {
    out = named();
    if (out.kind != Operand::Kind::reg && out.kind != Operand::Kind::symbol)
      cursor_.fail("an address starts with a register or a name");
    if (out.kind == Operand::Kind::reg) out.offset = cursor_.offset();
  }
  out.kind = Operand::Kind::address;
  while (cursor_.accept(",")) out.elements.push_back(operand(depth + 1));
  cursor_.expect("]");
  return out;
}

Operand Operands::label() {
  Operand out;
  out.kind = Operand::Kind::label;
  out.name = cursor_.expect_word("a label").text;
  return out;
}

std::vector<Operand> Operands::of_call() {
  std::vector<Operand> out;
  if (cursor_.accept("(")) {
    out.push_back(vector(")", 0));
    cursor_.expect(",");
  }
  out.push_back(named());
  const Operand::Kind callee = out.back().kind;
  if (callee != Operand::Kind::symbol && callee != Operand::Kind::reg)
    cursor_.fail("a call needs a function or a register");
  if (cursor_.accept(",")) {
    if (cursor_.accept("(")) {
      out.push_back(vector(")", 0));
      if (cursor_.accept(",")) out.push_back(label());
    } else {
      out.push_back(label());
    }
  }
  return out;
}

}  // namespace vgpu::ptx
