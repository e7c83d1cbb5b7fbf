#include "vgpu/ptx/body.h"

#include <algorithm>

#include "vgpu/ptx/names.h"
#include "vgpu/ptx/operand.h"
#include "vgpu/ptx/variable.h"

namespace vgpu::ptx {
namespace {

constexpr std::uint64_t kMostRegisters = 1u << 20;  // of one declaration

class Body {
 public:
  Body(Cursor& cursor, Function& function, const ModuleNames& names)
      : cursor_(cursor), function_(function), names_(names), scopes_(function) {}

  void parse() {
    cursor_.expect("{");
    while (scopes_.depth() > 0) statement();
    resolve_labels();
  }

 private:
  struct LabelUse {
    std::size_t instruction, operand;
    int scope;
    int line;
  };
  struct BranchTable {
    std::string name;
    std::vector<std::string> targets;
    int scope;
    int line;
  };

  void statement() {
    const Token& token = cursor_.peek();
    if (token.kind == Token::Kind::end) cursor_.fail_expected("'}' of " + function_.name);
    if (cursor_.accept(";")) return;
    if (cursor_.accept("}")) return void(scopes_.close());
    if (cursor_.accept("{")) {
      if (!scopes_.open()) cursor_.fail(token.line, "braces nested too deeply");
      return;
    }
    if (token.kind == Token::Kind::dot) return directive();
    if (token.kind == Token::Kind::word && cursor_.peek(1).is_symbol(":")) return label();
    instruction();
  }

  void directive() {
    const Token token = cursor_.next();
    if (token.text == "loc") {
      source_ = parse_loc(cursor_);
    } else if (token.text == "pragma") {
      cursor_.expect_string("a string");
      cursor_.expect(";");
    } else if (token.text == "reg") {
      registers();
    } else if (token.text == "extern" || token.text == "visible" || token.text == "weak") {
      const Token space = cursor_.expect_dot("a state space");
      variables(space, token.text == "extern");
    } else {
      variables(token, false);
    }
  }

  void registers() {
    const Variable type = parse_variable_type(cursor_, Space::reg);
    do {
      const Token name = cursor_.expect_word("a register's name");
      bool fresh = true;
      if (cursor_.accept("<")) {
        const std::uint64_t count = cursor_.integer("a number of registers");
        if (count > kMostRegisters) cursor_.fail(name.line, "too many registers");
        cursor_.expect(">");
        fresh = scopes_.add_registers(std::string(name.text), count, type.type);
      } else {
        fresh = scopes_.add_register(std::string(name.text), type.type);
      }
      if (!fresh)
        cursor_.fail(name.line, "register " + std::string(name.text) + " is declared twice");
    } while (cursor_.accept(","));
    cursor_.expect(";");
  }

  void variables(const Token& directive, bool external) {
    const auto space = space_from_directive(directive.text);
    if (!space || *space == Space::global || *space == Space::constant)
      cursor_.fail(directive.line,
                   "'." + std::string(directive.text) + "' is not supported in a body");
    const Variable type = parse_variable_type(cursor_, *space);
    do {
      Variable v = parse_declarator(cursor_, type);
      v.external = external;
      const std::string name = v.name;
      const int line = v.line;
      if (v.count == 0 && !external) cursor_.fail(line, name + " has no size");
      if (!scopes_.add_variable(std::move(v))) cursor_.fail(line, name + " is declared twice");
    } while (cursor_.accept(","));
    cursor_.expect(";");
  }

  void label() {
    const Token name = cursor_.next();
    cursor_.expect(":");
    std::string unique;
    if (!scopes_.add_label(std::string(name.text), &unique))
      cursor_.fail(name.line, "label " + std::string(name.text) + " is there twice");
    if (cursor_.accept_dot("branchtargets")) return branch_targets(name, unique);
    if (cursor_.accept_dot("callprototype")) return call_prototype(name, unique);
    function_.labels.emplace(unique, static_cast<int>(function_.body.size()));
  }

  void branch_targets(const Token& name, const std::string& unique) {
    BranchTable table{unique, {}, scopes_.current(), name.line};
    do table.targets.emplace_back(cursor_.expect_word("a label").text);
    while (cursor_.accept(","));
    cursor_.expect(";");
    tables_.push_back(std::move(table));
  }

  void call_prototype(const Token& name, const std::string& unique) {
    Function prototype = parse_function_head(cursor_);
    while (cursor_.accept_dot("noreturn")) {
    }
    if (cursor_.accept_dot("abi_preserve")) cursor_.integer("a number of registers");
    cursor_.expect(";");
    prototype.name = "prototype " + unique + " of " + function_.name;  // a blank: no PTX name
    prototype.line = name.line;
    function_.call_prototypes.emplace(unique, static_cast<int>(function_.prototypes.size()));
    function_.prototypes.push_back(std::move(prototype));
  }

  void instruction() {
    const std::size_t from = cursor_.position();
    Instruction ins;
    ins.line = cursor_.line();
    ins.source = source_;
    guard(ins);
    const Token& opcode = cursor_.peek();
    if (opcode.kind != Token::Kind::word || opcode.text[0] == '%' || opcode.text[0] == '$')
      cursor_.fail_expected("an instruction");
    ins.opcode = cursor_.next().text;
    while (cursor_.peek().kind == Token::Kind::dot) ins.modifiers.emplace_back(cursor_.next().text);
    Operands operands(cursor_, scopes_, names_);
    if (ins.opcode == "call")
      ins.operands = operands.of_call();
    else if (!cursor_.peek().is_symbol(";"))
      operand_list(ins, operands);
    check_branch(ins);
    ins.text = cursor_.text_between(from, cursor_.position());
    if (!cursor_.peek().is_symbol(";")) cursor_.fail_expected("',' or ';' in '" + ins.text + "'");
    cursor_.next();
    note_labels(ins);
    function_.body.push_back(std::move(ins));
  }

  void guard(Instruction& ins) {
    if (!cursor_.accept("@")) return;
    ins.guard_negated = cursor_.accept("!");
    const Token& name = cursor_.expect_word("a predicate register");
    ins.guard = scopes_.find_register(std::string(name.text));
    if (ins.guard < 0) cursor_.fail(name.line, "unknown register " + std::string(name.text));
    if (function_.registers[static_cast<std::size_t>(ins.guard)].type != Type::pred)
      cursor_.fail(name.line, "the guard " + std::string(name.text) + " is not a predicate");
  }

  void operand_list(Instruction& ins, Operands& operands) {
    const std::size_t label_at = ins.opcode == "bra" ? 0 : ins.opcode == "brx" ? 1 : SIZE_MAX;
    do {
      const bool label = ins.operands.size() == label_at;
      ins.operands.push_back(label ? operands.label() : operands.operand());
    } while (cursor_.accept(","));
  }

  void check_branch(const Instruction& ins) {
    const std::size_t needed = ins.opcode == "bra"   ? 1
                               : ins.opcode == "brx" ? 2
                                                     : ins.operands.size();
    if (ins.operands.size() != needed)
      cursor_.fail(ins.line, ins.opcode + " needs " + std::to_string(needed) + " operands");
  }

  void note_labels(const Instruction& ins) {
    for (std::size_t i = 0; i < ins.operands.size(); ++i)
      if (ins.operands[i].kind == Operand::Kind::label)
        uses_.push_back({function_.body.size(), i, scopes_.current(), ins.line});
  }

  /// Branches may lead forwards, so labels are known only at the end.
  void resolve_labels() {
    for (const LabelUse& use : uses_) {
      Instruction& ins = function_.body[use.instruction];
      Operand& operand = ins.operands[use.operand];
      const std::string* unique = scopes_.find_label(operand.name, use.scope);
      if (!unique) cursor_.fail(use.line, "unknown label " + operand.name);
      operand.name = *unique;
      if (ins.opcode == "bra")
        operand.target = position(*unique, use.line);
      else
        resolve_table(ins, operand);
    }
    for (const BranchTable& table : tables_)
      for (const std::string& target : table.targets) {
        const std::string* unique = scopes_.find_label(target, table.scope);
        if (!unique) cursor_.fail(table.line, "unknown label " + target);
        function_.branch_targets[table.name].push_back(position(*unique, table.line));
      }
  }

  /// brx.idx names a .branchtargets, an indirect call a .callprototype.
  void resolve_table(const Instruction& ins, Operand& operand) {
    operand.kind = Operand::Kind::symbol;
    const bool known =
        ins.opcode == "call"
            ? function_.call_prototypes.contains(operand.name)
            : std::any_of(tables_.begin(), tables_.end(),
                          [&](const BranchTable& table) { return table.name == operand.name; });
    if (!known)
      cursor_.fail(ins.line, operand.name + (ins.opcode == "call" ? " is not a .callprototype"
                                                                  : " is not a .branchtargets"));
  }

  int position(const std::string& unique, int line) const {
    const auto found = function_.labels.find(unique);
    if (found == function_.labels.end()) cursor_.fail(line, unique + " is not a place in the code");
    return found->second;
  }

  Cursor& cursor_;
  Function& function_;
  const ModuleNames& names_;
  Scopes scopes_;
  SourceLocation source_;
  std::vector<LabelUse> uses_;
  std::vector<BranchTable> tables_;
};

std::vector<Variable> parse_parameters(Cursor& cursor) {
  std::vector<Variable> out;
  if (!cursor.accept("(")) return out;
  if (cursor.accept(")")) return out;
  do {
    out.push_back(parse_parameter(cursor));
    const std::string& name = out.back().name;
    const bool twice =
        name != "_" &&
        std::any_of(out.begin(), out.end() - 1, [&](const Variable& v) { return v.name == name; });
    if (twice) cursor.fail(out.back().line, "parameter " + name + " is declared twice");
  } while (cursor.accept(","));
  cursor.expect(")");
  return out;
}

}  // namespace

SourceLocation parse_loc(Cursor& cursor) {
  constexpr std::uint64_t kLargest = 0x7fffffff;
  auto number = [&](const char* what) {
    const std::uint64_t value = cursor.integer(what);
    if (value > kLargest) cursor.fail(std::string(what) + " is out of range");
    return static_cast<int>(value);
  };
  SourceLocation out;
  out.file = number("a file number");
  out.line = number("a line number");
  number("a column");
  while (cursor.accept(",")) {
    const Token word = cursor.expect_word("'function_name' or 'inlined_at'");
    if (word.text == "function_name") {
      if (cursor.peek().kind == Token::Kind::dot)
        cursor.next();
      else
        cursor.expect_word("a label");
      cursor.offset();
    } else if (word.text == "inlined_at") {
      for (const char* what : {"a file number", "a line number", "a column"}) number(what);
    } else {
      cursor.fail(word.line, "expected 'function_name' or 'inlined_at', found '" +
                                 std::string(word.text) + "'");
    }
  }
  return out;
}

Function parse_function_head(Cursor& cursor) {
  Function f;
  f.results = parse_parameters(cursor);
  f.line = cursor.line();
  f.name = cursor.expect_word("a function's name").text;
  f.parameters = parse_parameters(cursor);
  return f;
}

void parse_body(Cursor& cursor, Function& function, const ModuleNames& names) {
  Body(cursor, function, names).parse();
}

}  // namespace vgpu::ptx
