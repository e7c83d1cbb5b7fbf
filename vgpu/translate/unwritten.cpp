#include "vgpu/translate/unwritten.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace vgpu::translate {
namespace {

using observe::RegisterUse;
using ptx::Instruction;

/// The registers that an instruction reads, its guard left out.
std::vector<int> reads_of(const Instruction& ins) {
  Instruction always = ins;
  always.guard = -1;
  std::vector<int> out;
  registers_read(always, out);
  return out;
}

std::vector<int> writes_of(const Instruction& ins) {
  std::vector<int> out;
  registers_written(ins, out);
  return out;
}

/// What goes to memory, to other threads or into the control flow.
bool decides(const Instruction& ins) {
  static const std::unordered_set<std::string_view> those = {
      "ld",       "ldu",      "st",      "atom", "red",   "cp",    "prefetch", "prefetchu",
      "ldmatrix", "stmatrix", "mma",     "wmma", "bra",   "brx",   "ret",      "exit",
      "trap",     "bar",      "barrier", "vote", "match", "redux", "call",     "mbarrier",
      "tex",      "tld4",     "suld",    "sust", "sured"};
  return those.contains(ins.opcode);
}

RegisterUse::Kind kind_of(const Instruction& ins) {
  using Kind = RegisterUse::Kind;
  if (ins.opcode == "selp") return Kind::selects;
  if (ins.has("pred") && ins.opcode == "or") return Kind::any;
  if (ins.has("pred") && ins.opcode == "and") return Kind::all;
  return decides(ins) ? Kind::decides : Kind::computes;
}

/// Another lane's value comes out of a shuffle, whose state is not followed. What a tile holds may
/// be moved too, as CUB's do behind their last item: a store to the block's
/// own memory needs its address alone.
std::vector<int> needs_of(const Instruction& ins) {
  if (ins.opcode == "shfl") return {};
  const bool own = ins.space() == ptx::Space::shared || ins.space() == ptx::Space::local;
  if (ins.opcode == "st" && own) return {ins.operands[0].reg};
  return reads_of(ins);
}

RegisterSet closure(const ptx::Function& function, RegisterSet registers) {
  const auto holds = [&](int reg) { return registers.has(reg); };
  for (bool changed = true; changed;) {
    changed = false;
    for (const Instruction& ins : function.body) {
      if (decides(ins) || !std::ranges::any_of(reads_of(ins), holds)) continue;
      for (const int reg : writes_of(ins)) {
        changed |= !holds(reg);
        registers.add(reg);
      }
    }
  }
  return registers;
}

}  // namespace

observe::UnwrittenRegisters find_unwritten(const ptx::Function& function, const Flow& flow) {
  observe::UnwrittenRegisters out;
  if (flow.blocks.empty() || flow.blocks[0].live_in.list().empty()) return out;
  std::vector<int> number(function.registers.size(), -1);
  for (const int reg : closure(function, flow.blocks[0].live_in).list()) {
    number[static_cast<std::size_t>(reg)] = static_cast<int>(out.names.size());
    out.names.push_back(function.registers[static_cast<std::size_t>(reg)].name);
  }
  const auto number_of = [&](int reg) {
    return reg < 0 ? -1 : number[static_cast<std::size_t>(reg)];
  };
  const auto numbers = [&](const std::vector<int>& registers) {
    std::vector<int> those;
    for (const int reg : registers)
      if (number_of(reg) >= 0) those.push_back(number_of(reg));
    return those;
  };
  for (int i = 0; i < static_cast<int>(function.body.size()); ++i) {
    const Instruction& ins = function.body[static_cast<std::size_t>(i)];
    RegisterUse use{number_of(ins.guard), numbers(needs_of(ins)), numbers(writes_of(ins)),
                    kind_of(ins)};
    if (use.guard < 0 && use.reads.empty() && use.writes.empty()) continue;
    if (use.depends()) {
      use.reads.clear();
      for (std::size_t k = 1; k < ins.operands.size(); ++k)
        use.reads.push_back(number_of(ins.operands[k].reg));
    }
    out.uses.emplace(i, std::move(use));
  }
  return out;
}

}  // namespace vgpu::translate
