#include "vgpu/translate/assembler.h"

namespace vgpu::translate {

using ptx::Instruction;
using ptx::Operand;

Operand reg_operand(int reg) {
  Operand operand;
  operand.kind = Operand::Kind::reg;
  operand.reg = reg;
  return operand;
}

Operand number_operand(std::int64_t value) {
  Operand operand;
  operand.kind = Operand::Kind::integer;
  operand.bits = static_cast<std::uint64_t>(value);
  return operand;
}

Operand label_operand(int target) {
  Operand operand;
  operand.kind = Operand::Kind::label;
  operand.target = target;
  return operand;
}

Operand symbol_operand(const std::string& name, std::int64_t offset) {
  Operand operand;
  operand.kind = Operand::Kind::symbol;
  operand.name = name;
  operand.offset = offset;
  return operand;
}

Operand at_register(int reg, std::int64_t offset) {
  Operand operand = reg_operand(reg);
  operand.kind = Operand::Kind::address;
  operand.offset = offset;
  return operand;
}

Operand at_variable(const std::string& name) {
  Operand operand;
  operand.kind = Operand::Kind::address;
  operand.name = name;
  return operand;
}

Assembler::Assembler(const ptx::Function& function) : out_(function) {
  out_.registers.clear();
  out_.variables.clear();
  out_.body.clear();
  out_.labels.clear();
  out_.branch_targets.clear();
}

void Assembler::mark(const std::string& what) {
  out_.labels["$" + what + std::to_string(next())] = next();
}

int Assembler::add_register(ptx::Type type) {
  const int reg = static_cast<int>(out_.registers.size());
  out_.registers.push_back({"%$" + std::to_string(reg), type});
  return reg;
}

Instruction Assembler::make(const std::string& opcode, std::vector<std::string> modifiers,
                            std::vector<Operand> operands) const {
  Instruction made;
  made.opcode = made.text = opcode;
  made.modifiers = std::move(modifiers);
  made.operands = std::move(operands);
  made.line = out_.line;
  return made;
}

void Assembler::emit(const Instruction& origin, const std::string& opcode,
                     std::vector<std::string> modifiers, std::vector<Operand> operands) {
  Instruction made = make(opcode, std::move(modifiers), std::move(operands));
  if (!origin.text.empty()) {
    made.text = origin.text;
    made.line = origin.line;
    made.source = origin.source;
  }
  out_.body.push_back(std::move(made));
}

}  // namespace vgpu::translate
