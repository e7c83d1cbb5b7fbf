#include "vgpu/translate/calls.h"

#include <algorithm>
#include <set>

#include "vgpu/translate/flow.h"
#include "vgpu/translate/prepare.h"

namespace vgpu::translate {
namespace {

using ptx::Function;
using ptx::Instruction;
using ptx::Module;
using ptx::Operand;

constexpr std::uint64_t kFunctionBase = std::uint64_t{0x5c} << 40;
constexpr std::uint64_t kFunctionStep = 16;
constexpr std::uint64_t kFrameAlign = 16;
constexpr std::uint64_t kReturnBytes = 8;
constexpr std::uint64_t kKeptBytes = 8;

std::uint64_t align_up(std::uint64_t value, std::uint64_t align) {
  return (value + align - 1) / align * align;
}

void collect_names(const Operand& operand, std::set<std::string>& out) {
  if (!operand.name.empty()) out.insert(operand.name);
  for (const Operand& element : operand.elements) collect_names(element, out);
}

/// Names that the body takes the address of or reads: all but those of called functions.
std::set<std::string> names_used(const Function& function) {
  std::set<std::string> out;
  for (const Instruction& ins : function.body) {
    const Operand* callee = ins.opcode == "call" ? parts_of_call(ins).callee : nullptr;
    for (const Operand& operand : ins.operands)
      if (&operand != callee) collect_names(operand, out);
  }
  return out;
}

/// Functions whose address the module takes, in variables or in bodies that have been read.
std::vector<const Function*> functions_pointed_to(const Module& module) {
  std::set<std::string> names;
  for (const ptx::Variable& v : module.variables)
    for (const ptx::Relocation& r : v.relocations) names.insert(r.symbol);
  for (const Function& f : module.functions) names.merge(names_used(f));
  std::vector<const Function*> out;
  for (const Function& f : module.functions)
    if (!f.is_entry && f.has_body && names.contains(f.name)) out.push_back(&f);
  return out;
}

std::uint64_t bytes_of(const std::vector<ptx::Variable>& variables) {
  std::uint64_t bytes = 0;
  for (const ptx::Variable& v : variables) bytes = bytes * 4099 + v.bytes();
  return bytes;
}

using Edges = std::map<const Function*, std::vector<const Function*>>;

Edges edges_from(const Module& module, const Function& kernel,
                 const std::vector<const Function*>& pointed_to) {
  Edges edges;
  std::vector<const Function*> rest{&kernel};
  while (!rest.empty()) {
    const Function* f = rest.back();
    rest.pop_back();
    if (edges.contains(f)) continue;
    std::set<const Function*> callees;
    for (const Instruction& ins : f->body) {
      if (ins.opcode != "call") continue;
      if (calls_through_pointer(ins)) {
        callees.insert(pointed_to.begin(), pointed_to.end());
      } else if (const Operand* callee = parts_of_call(ins).callee) {
        const Function* target = module.find_function(callee->name);
        if (target && target->has_body) callees.insert(target);
      }
    }
    edges[f].assign(callees.begin(), callees.end());
    rest.insert(rest.end(), callees.begin(), callees.end());
  }
  return edges;
}

/// What `from` reaches by one call or more.
std::set<const Function*> reached_from(const Edges& edges, const Function* from) {
  std::set<const Function*> out;
  std::vector<const Function*> rest{from};
  while (!rest.empty()) {
    const Function* f = rest.back();
    rest.pop_back();
    for (const Function* next : edges.at(f))
      if (out.insert(next).second) rest.push_back(next);
  }
  return out;
}

/// Registers that are read after instruction `at` before they are written.
std::vector<int> live_after(const Function& function, const Flow& flow, int at) {
  const Block& block = flow.blocks[flow.block_of[at]];
  RegisterSet live(static_cast<int>(function.registers.size()));
  for (int s : block.successors) live.merge(flow.blocks[s].live_in);
  std::vector<int> list;
  for (int i = block.last - 1; i > at; --i) {
    list.clear();
    registers_written(function.body[i], list);
    for (int r : list) live.remove(r);
    list.clear();
    registers_read(function.body[i], list);
    for (int r : list) live.add(r);
  }
  return live.list();
}

void place(Subroutine& sub, const ptx::Variable& v, std::uint64_t& end) {
  end = align_up(end, std::max<std::uint64_t>(kFrameAlign, v.align));
  sub.place[v.name] = end;
  end += v.bytes();
}

/// `cycle`: the functions that reach this one.
Subroutine make_subroutine(const Module& module, const Function& function,
                           const std::set<const Function*>& cycle) {
  Subroutine sub;
  sub.function = &function;
  std::uint64_t end = kReturnBytes;
  for (const ptx::Variable& v : function.results) place(sub, v, end);
  for (const ptx::Variable& v : function.parameters) place(sub, v, end);
  for (const ptx::Variable& v : function.variables)
    if (v.space == ptx::Space::local) place(sub, v, end);
  sub.kept_at = align_up(end, kKeptBytes);
  const Flow flow = analyse_flow(function);
  std::size_t most = 0;
  for (int i = 0; i < static_cast<int>(function.body.size()); ++i) {
    const Instruction& ins = function.body[i];
    if (ins.opcode != "call") continue;
    const Operand* callee = parts_of_call(ins).callee;
    const bool cyclic = calls_through_pointer(ins) ? cycle.contains(&function)
                        : callee ? cycle.contains(module.find_function(callee->name))
                                 : false;
    if (!cyclic) continue;
    sub.kept[i] = live_after(function, flow, i);
    most = std::max(most, sub.kept[i].size());
  }
  sub.frame_bytes = align_up(sub.kept_at + most * kKeptBytes, kFrameAlign);
  return sub;
}

}  // namespace

bool calls_through_pointer(const Instruction& ins) {
  if (ins.opcode != "call") return false;
  const Operand* callee = parts_of_call(ins).callee;
  return callee && callee->kind == Operand::Kind::reg;
}

std::uint64_t function_address(const Module& module, const std::string& name) {
  for (std::size_t i = 0; i < module.functions.size(); ++i)
    if (module.functions[i].name == name) return kFunctionBase + kFunctionStep * (i + 1);
  return 0;
}

std::vector<const Function*> functions_reached(Module& module, const std::string& kernel) {
  const auto named = [&](const std::string& name) {
    const auto found = std::find_if(module.functions.begin(), module.functions.end(),
                                    [&](const Function& f) { return f.name == name; });
    return found == module.functions.end() ? nullptr : &*found;
  };
  std::vector<const Function*> out;
  std::vector<Function*> rest{named(kernel)};
  bool all_read = false;
  while (!rest.empty()) {
    Function* f = rest.back();
    rest.pop_back();
    if (!f || std::find(out.begin(), out.end(), f) != out.end()) continue;
    ptx::complete(module, *f);
    out.push_back(f);
    for (const Instruction& ins : f->body) {
      if (ins.opcode != "call") continue;
      if (!calls_through_pointer(ins)) {
        if (const Operand* callee = parts_of_call(ins).callee) rest.push_back(named(callee->name));
      } else if (!all_read) {
        for (Function& any : module.functions) ptx::complete(module, any);
        for (const Function* any : functions_pointed_to(module)) rest.push_back(named(any->name));
        all_read = true;
      }
    }
  }
  return out;
}

CallPlan::CallPlan(const Module& module, const Function& kernel) {
  const Edges direct = edges_from(module, kernel, {});
  const bool by_pointer = std::any_of(direct.begin(), direct.end(), [](const auto& edge) {
    return std::any_of(edge.first->body.begin(), edge.first->body.end(), calls_through_pointer);
  });
  if (by_pointer) pointed_to_ = functions_pointed_to(module);
  const Edges edges = by_pointer ? edges_from(module, kernel, pointed_to_) : direct;
  std::map<const Function*, std::set<const Function*>> reached;
  for (const auto& [function, callees] : edges) reached[function] = reached_from(edges, function);
  for (const auto& [function, its] : reached) {
    const bool pointed =
        std::find(pointed_to_.begin(), pointed_to_.end(), function) != pointed_to_.end();
    if (!pointed && !its.contains(function)) continue;
    std::set<const Function*> cycle;
    for (const Function* other : its)
      if (reached[other].contains(function)) cycle.insert(other);
    subroutines_.push_back(make_subroutine(module, *function, cycle));
  }
  std::sort(subroutines_.begin(), subroutines_.end(), [](const auto& a, const auto& b) {
    return a.function < b.function;  // they lie in one vector: the order of the text
  });
}

const Subroutine* CallPlan::find(const Function* function) const {
  for (const Subroutine& s : subroutines_)
    if (s.function == function) return &s;
  return nullptr;
}

std::vector<const Subroutine*> CallPlan::candidates(const Function& prototype) const {
  std::vector<const Subroutine*> out;
  for (const Function* f : pointed_to_)
    if (f->parameters.size() == prototype.parameters.size() &&
        f->results.size() == prototype.results.size() &&
        bytes_of(f->parameters) == bytes_of(prototype.parameters) &&
        bytes_of(f->results) == bytes_of(prototype.results))
      if (const Subroutine* sub = find(f)) out.push_back(sub);
  return out;
}

std::uint64_t CallPlan::largest_frame() const {
  std::uint64_t largest = 0;
  for (const Subroutine& s : subroutines_) largest = std::max(largest, s.frame_bytes);
  return largest;
}

}  // namespace vgpu::translate
