#include "vgpu/translate/prepare.h"

#include <algorithm>
#include <map>

#include "vgpu/isa/operand_count.h"
#include "vgpu/machine/machine.h"
#include "vgpu/translate/flow.h"

namespace vgpu::translate {
namespace {

using ptx::Function;
using ptx::Instruction;
using ptx::Operand;
using ptx::Space;
using ptx::Variable;

class Preparer {
 public:
  Preparer(const ptx::Module& module, const Function& kernel) : module_(module), kernel_(kernel) {
    out_ = kernel;
    out_.registers.clear();
    out_.variables.clear();
    out_.body.clear();
    out_.labels.clear();
    out_.branch_targets.clear();
  }

  Function run() {
    copy(kernel_, {}, false);
    Instruction end;  // so that running off the end, and a label there, need no case of their own
    end.opcode = "ret";
    end.text = "ret";
    end.line = kernel_.line;
    out_.body.push_back(std::move(end));
    return std::move(out_);
  }

 private:
  /// Names of one copied function's variables in the result, and where its instructions went.
  struct Scope {
    std::map<std::string, std::string> names;
    std::vector<int> index_of;  // of each instruction of the copied function, and its end
    std::vector<std::pair<int, int>>
        targets;  // instruction of the result, target in the copied function
    int first_register = 0;
    std::string suffix;
  };

  [[noreturn]] void refuse(const Instruction& ins, const std::string& why) const {
    throw Fault(Fault::Kind::unsupported_instruction,
                module_.place_of(ins, kernel_.name) + ": " + why);
  }

  void copy(const Function& function, std::map<std::string, std::string> names, bool inlined) {
    Scope scope;
    scope.names = std::move(names);
    scope.first_register = static_cast<int>(out_.registers.size());
    if (inlined) scope.suffix = "$" + std::to_string(++copies_);
    out_.registers.insert(out_.registers.end(), function.registers.begin(),
                          function.registers.end());
    declare_variables(function, scope);
    for (const Instruction& ins : function.body) {
      scope.index_of.push_back(static_cast<int>(out_.body.size()));
      copy_instruction(function, ins, scope, inlined);
    }
    scope.index_of.push_back(static_cast<int>(out_.body.size()));
    resolve(function, scope);
  }

  void declare_variables(const Function& function, Scope& scope) {
    for (Variable v : function.variables) {
      if (v.space == Space::shared) {  // one for all copies
        const bool known = std::any_of(out_.variables.begin(), out_.variables.end(),
                                       [&](const Variable& other) { return other.name == v.name; });
        if (!known) out_.variables.push_back(std::move(v));
        continue;
      }
      const std::string name = v.name + scope.suffix;
      scope.names[v.name] = name;
      v.name = name;
      if (v.space == Space::param) v.space = Space::local;
      out_.variables.push_back(std::move(v));
    }
  }

  bool is_local(const std::string& name) const {
    return std::any_of(out_.variables.begin(), out_.variables.end(), [&](const Variable& v) {
      return v.name == name && v.space == Space::local;
    });
  }

  void rename(Operand& operand, const Scope& scope) const {
    if (operand.reg >= 0) operand.reg += scope.first_register;
    if (const auto found = scope.names.find(operand.name); found != scope.names.end())
      operand.name = found->second;
    for (Operand& element : operand.elements) rename(element, scope);
  }

  void check_operands(const Instruction& ins) const {
    const isa::OperandCount allowed = isa::operand_count(ins);
    const std::size_t given = ins.operands.size();
    if (given >= allowed.least && given <= allowed.most) return;
    refuse(ins, std::to_string(given) + " operands, allowed: " + std::to_string(allowed.least) +
                    (allowed.most > allowed.least ? " to " + std::to_string(allowed.most) : ""));
  }

  void copy_instruction(const Function& function, const Instruction& ins, Scope& scope,
                        bool inlined) {
    check_operands(ins);
    if (ins.opcode == "call" && !calls_machine(ins)) return inline_call(ins, scope);
    Instruction copied = ins;
    if (copied.guard >= 0) copied.guard += scope.first_register;
    for (Operand& operand : copied.operands) {
      rename(operand, scope);
      if (operand.kind == Operand::Kind::address && operand.reg < 0 && is_local(operand.name))
        std::replace_if(
            copied.modifiers.begin(), copied.modifiers.end(),
            [](const std::string& m) { return m.rfind("param", 0) == 0; }, "local");
    }
    if (inlined && copied.opcode == "ret") {
      copied.opcode = "bra";
      copied.modifiers.clear();
      copied.operands.assign(1, Operand{});
      copied.operands[0].kind = Operand::Kind::label;
      copied.operands[0].target = static_cast<int>(function.body.size());
    }
    if (copied.opcode == "brx") copied.operands.back().name += scope.suffix;
    append(std::move(copied), scope);
  }

  bool calls_machine(const Instruction& ins) const {
    const Call call = parts_of_call(ins);
    return call.callee && is_machine_function(call.callee->name);
  }

  void append(Instruction ins, Scope& scope) {
    const bool waits = is_block_barrier(ins) || is_warp_barrier(ins) || is_warp_exchange(ins) ||
                       ins.opcode == "call";
    const bool guarded = waits && ins.guard >= 0;
    if (guarded) {
      Instruction skip = ins;
      skip.opcode = "bra";
      skip.modifiers.clear();
      skip.guard_negated = !ins.guard_negated;
      skip.operands.assign(1, Operand{});
      skip.operands[0].kind = Operand::Kind::label;
      skip.operands[0].target = static_cast<int>(out_.body.size()) + (ins.has("red") ? 3 : 2);
      const int after = skip.operands[0].target;
      out_.body.push_back(std::move(skip));
      ins.guard = -1;
      out_.labels["$skip" + std::to_string(after)] = after;
    }
    if (is_block_barrier(ins) && ins.has("red")) return append_reduction(std::move(ins));
    for (const Operand& operand : ins.operands)
      if (operand.kind == Operand::Kind::label && is_branch(ins))
        scope.targets.emplace_back(static_cast<int>(out_.body.size()), operand.target);
    out_.body.push_back(std::move(ins));
  }

  /// bar.red.popc.u32 d, barrier, [threads,] p
  void append_reduction(Instruction ins) {
    Instruction result = ins;
    result.opcode = "barrier_result";
    result.operands.assign(1, ins.operands[0]);
    ins.operands.erase(ins.operands.begin());
    out_.body.push_back(std::move(ins));
    out_.body.push_back(std::move(result));
  }

  void inline_call(const Instruction& ins, Scope& scope) {
    const Call call = parts_of_call(ins);
    if (!call.callee || call.callee->kind != Operand::Kind::symbol)
      refuse(ins, "indirect calls are not supported");
    const Function* callee = module_.find_function(call.callee->name);
    if (!callee || !callee->has_body) refuse(ins, "the module has no body of this function");
    if (std::find(stack_.begin(), stack_.end(), callee) != stack_.end())
      refuse(ins, "recursion is not supported");
    if (call.arguments.size() != callee->parameters.size())
      refuse(ins, "wrong number of arguments");
    std::map<std::string, std::string> names;
    auto actual = [&](const Operand& operand) {
      if (operand.kind != Operand::Kind::symbol)
        refuse(ins, "an argument that is not a .param variable");
      const auto found = scope.names.find(operand.name);
      return found == scope.names.end() ? operand.name : found->second;
    };
    for (std::size_t i = 0; i < call.arguments.size(); ++i)
      names[callee->parameters[i].name] = actual(*call.arguments[i]);
    if (call.result && !callee->results.empty())
      names[callee->results[0].name] = actual(*call.result);
    int skip = -1;
    if (ins.guard >= 0) {
      skip = static_cast<int>(out_.body.size());
      Instruction branch = ins;
      branch.opcode = "bra";
      branch.modifiers.clear();
      branch.guard += scope.first_register;
      branch.guard_negated = !ins.guard_negated;
      branch.operands.assign(1, Operand{});
      branch.operands[0].kind = Operand::Kind::label;
      out_.body.push_back(std::move(branch));
    }
    stack_.push_back(callee);
    copy(*callee, std::move(names), true);
    stack_.pop_back();
    const int end = static_cast<int>(out_.body.size());
    if (skip >= 0) out_.body[skip].operands[0].target = end;
    out_.labels["$after" + std::to_string(end)] = end;
  }

  void resolve(const Function& function, const Scope& scope) {
    for (const auto& [instruction, target] : scope.targets)
      for (Operand& operand : out_.body[instruction].operands)
        if (operand.kind == Operand::Kind::label) operand.target = scope.index_of[target];
    for (const auto& [name, target] : function.labels)
      out_.labels[name + scope.suffix] = scope.index_of[target];
    for (const auto& [name, targets] : function.branch_targets)
      for (int target : targets)
        out_.branch_targets[name + scope.suffix].push_back(scope.index_of[target]);
  }

  const ptx::Module& module_;
  const Function& kernel_;
  Function out_;
  int copies_ = 0;
  std::vector<const Function*> stack_;
};

}  // namespace

bool is_machine_function(const std::string& name) {
  return name == "vprintf" || name == "__assertfail" || name == "malloc" || name == "free";
}

Call parts_of_call(const Instruction& ins) {
  Call call;
  for (const Operand& operand : ins.operands) {
    if (operand.kind == Operand::Kind::vector) {
      for (const Operand& element : operand.elements) {
        if (call.callee)
          call.arguments.push_back(&element);
        else
          call.result = &element;
      }
    } else if (!call.callee) {
      call.callee = &operand;
    }
  }
  return call;
}

Function prepare(const ptx::Module& module, const Function& kernel) {
  return Preparer(module, kernel).run();
}

}  // namespace vgpu::translate
