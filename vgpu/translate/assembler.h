// assembler.h - writes a function anew: instructions that stand for parts of others, registers and
// labels of their own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "vgpu/ptx/module.h"

namespace vgpu::translate {

ptx::Operand reg_operand(int reg);
ptx::Operand number_operand(std::int64_t value);
ptx::Operand label_operand(int target);
ptx::Operand symbol_operand(const std::string& name, std::int64_t offset = 0);
ptx::Operand at_register(int reg, std::int64_t offset);
ptx::Operand at_variable(const std::string& name);

class Assembler {
 protected:
  /// Begins with all of `function` but its body and what belongs to that.
  explicit Assembler(const ptx::Function& function);

  /// Index of the next instruction.
  int next() const { return static_cast<int>(out_.body.size()); }
  /// A label at the next instruction.
  void mark(const std::string& what);
  int add_register(ptx::Type type);
  ptx::Instruction make(const std::string& opcode, std::vector<std::string> modifiers,
                        std::vector<ptx::Operand> operands) const;
  /// Appends an instruction that stands for a part of `origin`, whose place and text it takes.
  void emit(const ptx::Instruction& origin, const std::string& opcode,
            std::vector<std::string> modifiers, std::vector<ptx::Operand> operands);

  ptx::Function out_;
};

}  // namespace vgpu::translate
