#include "vgpu/translate/prepare.h"

#include <algorithm>
#include <map>

#include "vgpu/isa/operand_count.h"
#include "vgpu/machine/machine.h"
#include "vgpu/translate/assembler.h"
#include "vgpu/translate/calls.h"
#include "vgpu/translate/flow.h"

namespace vgpu::translate {
namespace {

using ptx::Function;
using ptx::Instruction;
using ptx::Operand;
using ptx::Space;
using ptx::Variable;

constexpr const char* kReturns = "$returns";  // the table of places to return to
constexpr const char* kStack = "$stack";

class Preparer : private Assembler {
 public:
  Preparer(const ptx::Module& module, const Function& kernel)
      : Assembler(kernel), module_(module), kernel_(kernel), plan_(module, kernel) {}

  Function run() {
    if (!plan_.subroutines().empty()) copy_subroutines();
    copy(kernel_, {}, As::kernel);
    // So that running off the end, and a label there, need no case of their own.
    out_.body.push_back(make("ret", {}, {}));
    for (const auto& [instruction, callee] : calls_)
      out_.body[static_cast<std::size_t>(instruction)].operands[0].target = entries_.at(callee);
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
    const Subroutine* frame = nullptr;  // of a subroutine's own code
  };

  [[noreturn]] void refuse(const Instruction& ins, const std::string& why) const {
    throw Fault(Fault::Kind::unsupported_instruction,
                module_.place_of(ins, kernel_.name) + ": " + why);
  }

  enum class As { kernel, inlined, subroutine };

  void copy(const Function& function, std::map<std::string, std::string> names, As as) {
    Scope scope;
    scope.names = std::move(names);
    scope.first_register = static_cast<int>(out_.registers.size());
    if (as != As::kernel) scope.suffix = "$" + std::to_string(++copies_);
    if (as == As::subroutine) scope.frame = current_;
    out_.registers.insert(out_.registers.end(), function.registers.begin(),
                          function.registers.end());
    declare_variables(function, scope);
    for (std::size_t i = 0; i < function.body.size(); ++i) {
      scope.index_of.push_back(next());
      copy_instruction(function, static_cast<int>(i), scope, as == As::inlined);
    }
    scope.index_of.push_back(next());
    if (as == As::subroutine) give_back(make("ret", {}, {}));
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
      if (scope.frame && v.space == Space::local) continue;
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

  /// Registers and variables under their names in the result. A variable of a frame becomes an
  /// address on the stack; where it stands as a value that address is computed first.
  void rename(Instruction& ins, Operand& operand, const Scope& scope) {
    if (operand.reg >= 0) operand.reg += scope.first_register;
    if (scope.frame) {
      const auto placed = scope.frame->place.find(operand.name);
      if (placed != scope.frame->place.end()) return put_on_stack(ins, operand, placed->second);
    }
    if (const auto found = scope.names.find(operand.name); found != scope.names.end())
      operand.name = found->second;
    if (operand.kind == Operand::Kind::address && operand.reg < 0 && is_local(operand.name))
      make_local(ins);
    for (Operand& element : operand.elements) rename(ins, element, scope);
  }

  void put_on_stack(Instruction& ins, Operand& operand, std::uint64_t at) {
    const std::int64_t offset = operand.offset + static_cast<std::int64_t>(at);
    if (operand.kind == Operand::Kind::address) {
      operand = at_register(stack_pointer_, offset);
      return make_local(ins);
    }
    const int address = add_register(ptx::Type::b64);
    emit(ins, "add", {"s64"},
         {reg_operand(address), reg_operand(stack_pointer_), number_operand(offset)});
    operand = reg_operand(address);
  }

  static void make_local(Instruction& ins) {
    std::replace_if(
        ins.modifiers.begin(), ins.modifiers.end(),
        [](const std::string& m) { return m.rfind("param", 0) == 0; }, "local");
  }

  void check_operands(const Instruction& ins) const {
    const isa::OperandCount allowed = isa::operand_count(ins);
    const std::size_t given = ins.operands.size();
    if (given >= allowed.least && given <= allowed.most) return;
    refuse(ins, std::to_string(given) + " operands, allowed: " + std::to_string(allowed.least) +
                    (allowed.most > allowed.least ? " to " + std::to_string(allowed.most) : ""));
  }

  void copy_instruction(const Function& function, int at, Scope& scope, bool inlined) {
    const Instruction& ins = function.body[static_cast<std::size_t>(at)];
    check_operands(ins);
    if (ins.opcode == "call" && !calls_machine(ins)) return copy_call(function, at, scope);
    Instruction copied = ins;
    if (copied.guard >= 0) copied.guard += scope.first_register;
    for (Operand& operand : copied.operands) rename(copied, operand, scope);
    if (scope.frame && copied.opcode == "ret") return give_back(std::move(copied));
    if (inlined && copied.opcode == "ret") {
      copied.opcode = "bra";
      copied.modifiers.clear();
      copied.operands = {label_operand(static_cast<int>(function.body.size()))};
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
      const int after = next() + (ins.has("red") ? 3 : 2);
      skip.operands = {label_operand(after)};
      out_.body.push_back(std::move(skip));
      ins.guard = -1;
      out_.labels["$skip" + std::to_string(after)] = after;
    }
    if (is_block_barrier(ins) && ins.has("red")) return append_reduction(std::move(ins));
    for (const Operand& operand : ins.operands)
      if (operand.kind == Operand::Kind::label && is_branch(ins))
        scope.targets.emplace_back(next(), operand.target);
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

  // --- calls ---

  void copy_call(const Function& function, int at, Scope& scope) {
    const Instruction& ins = function.body[static_cast<std::size_t>(at)];
    const Call call = parts_of_call(ins);
    int skip = -1;
    if (ins.guard >= 0) {
      skip = next();
      emit(ins, "bra", {}, {label_operand(-1)});
      out_.body.back().guard = ins.guard + scope.first_register;
      out_.body.back().guard_negated = !ins.guard_negated;
    }
    if (calls_through_pointer(ins)) {
      call_pointer(function, at, call, scope);
    } else {
      const Function* callee = call.callee ? module_.find_function(call.callee->name) : nullptr;
      if (!callee || !callee->has_body) refuse(ins, "the module has no body of this function");
      if (call.arguments.size() != callee->parameters.size())
        refuse(ins, "wrong number of arguments");
      if (const Subroutine* subroutine = plan_.find(callee))
        call_subroutine(at, ins, call, scope, {subroutine});
      else
        inline_call(*callee, ins, call, scope);
    }
    if (skip >= 0) out_.body[static_cast<std::size_t>(skip)].operands[0].target = next();
    mark("after");
  }

  /// The .param variable of this call that an argument or a result is, under its name in the
  /// result.
  std::string actual(const Instruction& ins, const Operand& operand, const Scope& scope) const {
    if (operand.kind != Operand::Kind::symbol)
      refuse(ins, "an argument that is not a .param variable");
    const auto found = scope.names.find(operand.name);
    return found == scope.names.end() ? operand.name : found->second;
  }

  void inline_call(const Function& callee, const Instruction& ins, const Call& call,
                   const Scope& scope) {
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < call.arguments.size(); ++i)
      names[callee.parameters[i].name] = actual(ins, *call.arguments[i], scope);
    if (call.result && !callee.results.empty())
      names[callee.results[0].name] = actual(ins, *call.result, scope);
    copy(callee, std::move(names), As::inlined);
  }

  void call_pointer(const Function& function, int at, const Call& call, Scope& scope) {
    const Instruction& ins = function.body[static_cast<std::size_t>(at)];
    const auto prototype = function.call_prototypes.find(ins.operands.back().name);
    if (prototype == function.call_prototypes.end())
      refuse(ins, "a call through a pointer without a .callprototype");
    const Function& signature = function.prototypes[static_cast<std::size_t>(prototype->second)];
    if (call.arguments.size() != signature.parameters.size())
      refuse(ins, "wrong number of arguments");
    call_subroutine(at, ins, call, scope, plan_.candidates(signature));
  }

  /// Arguments and the place to return to go into the callee's frame, which begins where the
  /// caller's ends; the result comes from there.
  void call_subroutine(int at, const Instruction& ins, const Call& call, Scope& scope,
                       const std::vector<const Subroutine*>& callees) {
    const auto own = static_cast<std::int64_t>(current_ ? current_->frame_bytes : 0);
    const std::vector<int> kept = scope.frame && scope.frame->kept.contains(at)
                                      ? scope.frame->kept.at(at)
                                      : std::vector<int>{};
    if (callees.empty()) return emit(ins, "trap", {"function"}, {});
    const Subroutine& like = *callees[0];  // all lay out what they are given alike
    for (std::size_t i = 0; i < kept.size(); ++i) keep(ins, scope, kept[i], i, true);
    for (std::size_t i = 0; i < call.arguments.size(); ++i) {
      const ptx::Variable& parameter = like.function->parameters[i];
      copy_bytes(ins, at_variable(actual(ins, *call.arguments[i], scope)),
                 at_register(stack_pointer_, own + in_frame(like, parameter)), parameter);
    }
    auto& returns = out_.branch_targets[kReturns];
    emit(ins, "st", {"local", "u32"},
         {at_register(stack_pointer_, own),
          number_operand(static_cast<std::int64_t>(returns.size()))});
    move_stack(ins, own);
    const int over = add_register(ptx::Type::pred);
    emit(ins, "setp", {"gt", "u64"},
         {reg_operand(over), reg_operand(stack_pointer_), reg_operand(stack_limit_)});
    emit(ins, "trap", {"stack"}, {});
    out_.body.back().guard = over;
    callees.size() == 1 && !calls_through_pointer(ins) ? enter(ins, *callees[0])
                                                       : choose(ins, call, scope, callees);
    returns.push_back(next());
    mark("return");
    move_stack(ins, -own);
    if (call.result && !like.function->results.empty())
      copy_bytes(ins, at_register(stack_pointer_, own + in_frame(like, like.function->results[0])),
                 at_variable(actual(ins, *call.result, scope)), like.function->results[0]);
    for (std::size_t i = 0; i < kept.size(); ++i) keep(ins, scope, kept[i], i, false);
  }

  static std::int64_t in_frame(const Subroutine& subroutine, const Variable& v) {
    return static_cast<std::int64_t>(subroutine.place.at(v.name));
  }

  void enter(const Instruction& ins, const Subroutine& callee) {
    calls_.emplace_back(next(), callee.function);
    emit(ins, "bra", {}, {label_operand(-1)});
  }

  void choose(const Instruction& ins, const Call& call, const Scope& scope,
              const std::vector<const Subroutine*>& callees) {
    const int pointer = call.callee->reg + scope.first_register;
    for (const Subroutine* callee : callees) {
      const int same = add_register(ptx::Type::pred);
      const auto address = function_address(module_, callee->function->name);
      emit(ins, "setp", {"eq", "u64"},
           {reg_operand(same), reg_operand(pointer),
            number_operand(static_cast<std::int64_t>(address))});
      enter(ins, *callee);
      out_.body.back().guard = same;
    }
    emit(ins, "trap", {"function"}, {});
  }

  void move_stack(const Instruction& ins, std::int64_t bytes) {
    if (bytes == 0) return;
    emit(ins, "add", {"s64"},
         {reg_operand(stack_pointer_), reg_operand(stack_pointer_), number_operand(bytes)});
  }

  /// A register into its place in the caller's frame, or back from there.
  void keep(const Instruction& ins, const Scope& scope, int reg, std::size_t number, bool store) {
    const int own = reg + scope.first_register;
    const ptx::Type type = out_.registers[static_cast<std::size_t>(own)].type;
    const Operand at =
        at_register(stack_pointer_, static_cast<std::int64_t>(scope.frame->kept_at + 8 * number));
    if (type == ptx::Type::pred) {
      const int word = add_register(ptx::Type::b32);
      if (store)
        emit(ins, "selp", {"u32"},
             {reg_operand(word), number_operand(1), number_operand(0), reg_operand(own)});
      emit(ins, store ? "st" : "ld", {"local", "u32"},
           store ? std::vector{at, reg_operand(word)} : std::vector{reg_operand(word), at});
      if (!store)
        emit(ins, "setp", {"ne", "u32"}, {reg_operand(own), reg_operand(word), number_operand(0)});
      return;
    }
    if (ptx::bits_of(type) > 64) refuse(ins, "a register of 128 bits over a recursive call");
    const std::string bits = "b" + std::to_string(ptx::bits_of(type));
    emit(ins, store ? "st" : "ld", {"local", bits},
         store ? std::vector{at, reg_operand(own)} : std::vector{reg_operand(own), at});
  }

  void copy_bytes(const Instruction& ins, Operand from, Operand to, const Variable& v) {
    for (std::uint64_t done = 0; done < v.bytes();) {
      std::uint64_t step = 8;
      while (step > std::max<std::uint64_t>(1, v.align) || done % step || v.bytes() - done < step)
        step /= 2;
      const std::string bits = "b" + std::to_string(8 * step);
      const int word = add_register(step == 8   ? ptx::Type::b64
                                    : step == 4 ? ptx::Type::b32
                                                : ptx::Type::b16);
      emit(ins, "ld", {"local", bits}, {reg_operand(word), from});
      emit(ins, "st", {"local", bits}, {to, reg_operand(word)});
      from.offset += static_cast<std::int64_t>(step);
      to.offset += static_cast<std::int64_t>(step);
      done += step;
    }
  }

  // --- subroutines ---

  /// They stand before the kernel's own code, so that lanes which have returned wait for those that
  /// are still inside.
  void copy_subroutines() {
    stack_pointer_ = add_register(ptx::Type::b64);
    stack_limit_ = add_register(ptx::Type::b64);
    Variable stack;
    stack.name = kStack;
    stack.space = Space::local;
    stack.align = 16;
    stack.count = kStackBytes;
    out_.variables.push_back(std::move(stack));
    const Instruction none;
    emit(none, "bra", {}, {label_operand(-1)});
    for (const Subroutine& subroutine : plan_.subroutines()) {
      entries_[subroutine.function] = next();
      mark("subroutine");
      current_ = &subroutine;
      copy(*subroutine.function, {}, As::subroutine);
    }
    current_ = nullptr;
    out_.body[0].operands[0].target = next();
    mark("kernel");
    emit(none, "mov", {"u64"}, {reg_operand(stack_pointer_), symbol_operand(kStack)});
    const auto room = static_cast<std::int64_t>(kStackBytes - plan_.largest_frame());
    emit(none, "mov", {"u64"}, {reg_operand(stack_limit_), symbol_operand(kStack, room)});
  }

  /// ret of a subroutine: to the place whose number the caller left in the frame.
  void give_back(Instruction ins) {
    const int number = add_register(ptx::Type::b32);
    emit(ins, "ld", {"local", "u32"}, {reg_operand(number), at_register(stack_pointer_, 0)});
    out_.branch_targets[kReturns];
    ins.opcode = "brx";
    ins.modifiers = {"idx"};
    ins.operands = {reg_operand(number), symbol_operand(kReturns)};
    out_.body.push_back(std::move(ins));
  }

  void resolve(const Function& function, const Scope& scope) {
    for (const auto& [instruction, target] : scope.targets)
      for (Operand& operand : out_.body[static_cast<std::size_t>(instruction)].operands)
        if (operand.kind == Operand::Kind::label)
          operand.target = scope.index_of[static_cast<std::size_t>(target)];
    for (const auto& [name, target] : function.labels)
      out_.labels[name + scope.suffix] = scope.index_of[static_cast<std::size_t>(target)];
    for (const auto& [name, targets] : function.branch_targets)
      for (int target : targets)
        out_.branch_targets[name + scope.suffix].push_back(
            scope.index_of[static_cast<std::size_t>(target)]);
  }

  const ptx::Module& module_;
  const Function& kernel_;
  const CallPlan plan_;
  int copies_ = 0;
  const Subroutine* current_ = nullptr;  // whose code is being copied
  int stack_pointer_ = -1, stack_limit_ = -1;
  std::map<const Function*, int> entries_;              // where a subroutine begins
  std::vector<std::pair<int, const Function*>> calls_;  // branches to them
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
