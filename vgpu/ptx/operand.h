// operand.h - the operands of an instruction.
#pragma once

#include <vector>

#include "vgpu/ptx/body.h"
#include "vgpu/ptx/names.h"

namespace vgpu::ptx {

class Operands {
 public:
  Operands(Cursor& cursor, Scopes& scopes, const ModuleNames& names)
      : cursor_(cursor), scopes_(scopes), names_(names) {}

  Operand operand() { return operand(0); }
  /// A branch's label; `target` is still open.
  Operand label();
  /// [(results),] callee [, (arguments)] [, prototype]: vector, symbol or reg, vector, label.
  /// The vectors are missing where the text has none.
  std::vector<Operand> of_call();

 private:
  Operand operand(int depth);
  Operand plain_or_pair();
  Operand named();
  Operand vector(const char* close, int depth);
  Operand address(int depth);
  bool is_name(const std::string& name, Operand* out);

  Cursor& cursor_;
  Scopes& scopes_;
  const ModuleNames& names_;
};

}  // namespace vgpu::ptx
