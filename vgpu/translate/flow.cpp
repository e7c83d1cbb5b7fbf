#include "vgpu/translate/flow.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <unordered_set>

namespace vgpu::translate {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Whether operand 0 is a destination.
bool has_destination(const ptx::Instruction& ins) {
  if (one_of(ins.opcode, {"bar", "barrier"})) return ins.has("red");
  if (ins.opcode == "mbarrier")
    return !one_of(ins.modifiers.empty() ? "" : ins.modifiers[0],
                   {"init", "inval", "expect_tx", "complete_tx"});
  if (ins.opcode == "wmma") return !ins.has("store");
  static const std::unordered_set<std::string_view> none = {
      "st",        "bra",       "brx",           "ret",     "exit",           "trap",      "brkpt",
      "red",       "membar",    "fence",         "call",    "prefetch",       "prefetchu", "cp",
      "nanosleep", "discard",   "applypriority", "pmevent", "griddepcontrol", "stmatrix",  "sust",
      "sured",     "setmaxnreg"};
  return !none.contains(ins.opcode);
}

void collect(const ptx::Operand& operand, std::vector<int>& out) {
  using Kind = ptx::Operand::Kind;
  if (operand.kind == Kind::reg || operand.kind == Kind::address) {
    if (operand.reg >= 0) out.push_back(operand.reg);
  }
  for (const auto& element : operand.elements) collect(element, out);
}

void find_successors(const ptx::Function& function, Flow& flow) {
  const int count = static_cast<int>(flow.blocks.size());
  for (int i = 0; i < count; ++i) {
    Block& block = flow.blocks[i];
    const ptx::Instruction& last = function.body[block.last - 1];
    const bool guarded = last.guard >= 0;
    auto add = [&](int target) {
      if (target < count && std::find(block.successors.begin(), block.successors.end(), target) ==
                                block.successors.end())
        block.successors.push_back(target);
    };
    if (last.opcode == "bra") add(flow.block_of[last.operands[0].target]);
    if (last.opcode == "brx") {
      const std::string& name = last.operands[1].name;
      const auto found = function.branch_targets.find(name);
      if (found != function.branch_targets.end())
        for (int target : found->second) add(flow.block_of[target]);
    }
    if (guarded || !(is_branch(last) || ends_thread(last))) add(i + 1);
  }
}

void find_postdominators(Flow& flow) {
  const int count = static_cast<int>(flow.blocks.size());
  const int words = (count + 64) / 64;  // one more node: the end
  using Bits = std::vector<std::uint64_t>;
  std::vector<Bits> post(count + 1, Bits(words, ~std::uint64_t{0}));
  auto only = [&](Bits& bits, int node) {
    std::fill(bits.begin(), bits.end(), 0);
    bits[node / 64] |= std::uint64_t{1} << (node % 64);
  };
  only(post[count], count);
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = count - 1; i >= 0; --i) {
      Bits meet(words, ~std::uint64_t{0});
      const auto& successors = flow.blocks[i].successors;
      if (successors.empty()) meet = post[count];
      for (int s : successors)
        for (int w = 0; w < words; ++w) meet[w] &= post[s][w];
      meet[i / 64] |= std::uint64_t{1} << (i % 64);
      if (meet != post[i]) {
        post[i] = std::move(meet);
        changed = true;
      }
    }
  }
  // The immediate postdominator is the strict postdominator that has all the others as its own
  // postdominators.
  auto size = [&](int node) {
    int bits = 0;
    for (std::uint64_t w : post[node]) bits += __builtin_popcountll(w);
    return bits;
  };
  for (int i = 0; i < count; ++i) {
    int best = -1, best_size = -1;
    for (int j = 0; j < count; ++j) {
      if (j == i || !((post[i][j / 64] >> (j % 64)) & 1)) continue;
      if (size(j) > best_size && size(j) < count + 1) best = j, best_size = size(j);
    }
    flow.blocks[i].immediate_postdominator = best;
  }
}

void find_liveness(const ptx::Function& function, Flow& flow) {
  const int registers = static_cast<int>(function.registers.size());
  std::vector<RegisterSet> use(flow.blocks.size(), RegisterSet(registers));
  std::vector<RegisterSet> def(flow.blocks.size(), RegisterSet(registers));
  std::vector<int> list;
  for (std::size_t i = 0; i < flow.blocks.size(); ++i) {
    flow.blocks[i].live_in = RegisterSet(registers);
    for (int k = flow.blocks[i].first; k < flow.blocks[i].last; ++k) {
      list.clear();
      registers_read(function.body[k], list);
      for (int r : list)
        if (!def[i].has(r)) use[i].add(r);
      list.clear();
      registers_written(function.body[k], list);
      for (int r : list) def[i].add(r);
    }
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t n = flow.blocks.size(); n-- > 0;) {
      RegisterSet out(registers);
      for (int s : flow.blocks[n].successors) out.merge(flow.blocks[s].live_in);
      for (int r : def[n].list()) out.remove(r);
      out.merge(use[n]);
      changed |= flow.blocks[n].live_in.merge(out);
    }
  }
}

}  // namespace

bool RegisterSet::merge(const RegisterSet& other) {
  bool changed = false;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    const std::uint64_t merged = words_[i] | other.words_[i];
    changed |= merged != words_[i];
    words_[i] = merged;
  }
  return changed;
}

std::vector<int> RegisterSet::list() const {
  std::vector<int> out;
  for (std::size_t i = 0; i < words_.size(); ++i)
    for (std::uint64_t w = words_[i]; w != 0; w &= w - 1)
      out.push_back(static_cast<int>(i * 64) + __builtin_ctzll(w));
  return out;
}

void registers_written(const ptx::Instruction& ins, std::vector<int>& out) {
  if (!has_destination(ins) || ins.operands.empty()) return;
  const ptx::Operand& d = ins.operands[0];
  using Kind = ptx::Operand::Kind;
  if (d.kind == Kind::reg) out.push_back(d.reg);
  if (d.kind == Kind::vector || d.kind == Kind::pair)
    for (const auto& element : d.elements)
      if (element.kind == Kind::reg) out.push_back(element.reg);
}

void registers_read(const ptx::Instruction& ins, std::vector<int>& out) {
  const bool destination = has_destination(ins);
  if (ins.guard >= 0) {
    out.push_back(ins.guard);
    registers_written(ins, out);
  }
  for (std::size_t i = destination ? 1 : 0; i < ins.operands.size(); ++i)
    collect(ins.operands[i], out);
}

bool ends_thread(const ptx::Instruction& ins) {
  return one_of(ins.opcode, {"ret", "exit", "trap"});
}
bool is_branch(const ptx::Instruction& ins) { return one_of(ins.opcode, {"bra", "brx"}); }

bool is_block_barrier(const ptx::Instruction& ins) {
  return one_of(ins.opcode, {"bar", "barrier"}) && !ins.has("warp");
}

bool is_warp_barrier(const ptx::Instruction& ins) { return ins.opcode == "bar" && ins.has("warp"); }

bool is_warp_exchange(const ptx::Instruction& ins) {
  return one_of(ins.opcode, {"shfl", "vote", "match", "redux", "elect"}) ? ins.has("sync")
                                                                         : takes_whole_warp(ins);
}

bool takes_whole_warp(const ptx::Instruction& ins) {
  return one_of(ins.opcode, {"ldmatrix", "stmatrix", "mma", "wmma", "movmatrix"});
}

Flow analyse_flow(const ptx::Function& function, const std::vector<int>& starts) {
  Flow flow;
  const int count = static_cast<int>(function.body.size());
  std::set<int> leaders(starts.begin(), starts.end());
  leaders.insert(0);
  for (const auto& [name, target] : function.labels) leaders.insert(target);
  for (int i = 0; i < count; ++i) {
    const ptx::Instruction& ins = function.body[i];
    if (is_branch(ins) || ends_thread(ins) || is_block_barrier(ins) || is_warp_barrier(ins))
      leaders.insert(i + 1);
    if (is_warp_exchange(ins) || is_warp_barrier(ins)) leaders.insert(i);
  }
  flow.block_of.assign(count + 1, -1);
  for (auto it = leaders.begin(); it != leaders.end() && *it < count; ++it) {
    const auto next = std::next(it);
    Block block;
    block.first = *it;
    block.last = next == leaders.end() ? count : std::min(*next, count);
    for (int k = block.first; k < block.last; ++k)
      flow.block_of[k] = static_cast<int>(flow.blocks.size());
    flow.blocks.push_back(std::move(block));
  }
  flow.block_of[count] = static_cast<int>(flow.blocks.size());
  find_successors(function, flow);
  find_postdominators(flow);
  find_liveness(function, flow);
  return flow;
}

}  // namespace vgpu::translate
