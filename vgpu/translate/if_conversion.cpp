#include "vgpu/translate/if_conversion.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "vgpu/translate/flow.h"
#include "vgpu/translate/shape.h"

namespace vgpu::translate {
namespace {

using ptx::Function;
using ptx::Instruction;
using ptx::Operand;

/// Instructions [then_first, then_last) run where the branch is not taken, [else_first, else_last)
/// where it is; what lies between the branch and the end and in neither is a branch to the end.
struct Diamond {
  int branch = 0, then_first = 0, then_last = 0, else_first = 0, else_last = 0;
};

/// Few host instructions for 32 lanes, and no effect but on registers.
bool is_cheap(const Instruction& ins) {
  static const std::unordered_set<std::string_view> names = {
      "abs",  "add", "and",  "bfe", "bfi", "brev", "clz",  "copysign", "cvt",  "fma",  "lop3",
      "mad",  "max", "min",  "mov", "mul", "neg",  "not",  "or",       "popc", "prmt", "sad",
      "selp", "set", "setp", "shf", "shl", "shr",  "slct", "sub",      "xor"};
  return ins.guard < 0 && names.contains(ins.opcode) && !ins.has("cc");
}

class Converter {
 public:
  explicit Converter(Function& function) : function_(function), body_(function.body) {
    arrivals_.assign(body_.size() + 1, 0);
    for (const Instruction& ins : body_)
      for (const Operand& operand : ins.operands)
        if (operand.kind == Operand::Kind::label) ++arrivals_[at(operand.target)];
    for (const auto& [name, targets] : function.branch_targets)
      for (const int target : targets) arrivals_[at(target)] += 2;  // never a diamond's own
  }

  void run() {
    std::vector<Diamond> found;
    for (int i = 0; i < static_cast<int>(body_.size()); ++i)
      if (const auto diamond = diamond_at(i)) found.push_back(*diamond);
    if (!found.empty()) convert(found);
    drop_unused_labels();
  }

 private:
  void convert(const std::vector<Diamond>& found) {
    const Shapes shapes = analyse_shapes(function_, WarpRows{});
    find_agreeing(shapes);
    dropped_.assign(body_.size(), false);
    for (const Diamond& diamond : found)
      if (!agreeing_[at(body_[at(diamond.branch)].guard)]) convert(diamond);
    remove_dropped();
  }

  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  static bool is_plain_branch(const Instruction& ins, bool guarded) {
    return ins.opcode == "bra" && (ins.guard >= 0) == guarded;
  }

  /// Whether [first, last) is cheap, leaves the guard alone, and is entered at its first
  /// instruction alone, by `arrivals` branches there.
  bool is_way(int first, int last, int guard, int arrivals) const {
    std::vector<int> written;
    for (int i = first; i < last; ++i) {
      if (!is_cheap(body_[at(i)]) || arrivals_[at(i)] != (i == first ? arrivals : 0)) return false;
      registers_written(body_[at(i)], written);
    }
    return std::find(written.begin(), written.end(), guard) == written.end();
  }

  std::optional<Diamond> diamond_at(int branch) const {
    const Instruction& ins = body_[at(branch)];
    if (!is_plain_branch(ins, true)) return {};
    const int first = branch + 1, target = ins.operands[0].target;
    if (target <= first || target - first > kMostGuarded + 1) return {};
    if (is_way(first, target, ins.guard, 0)) {
      if (target - first > kMostGuarded) return {};
      return Diamond{branch, first, target, target, target};
    }
    const Instruction& over = body_[at(target - 1)];
    if (!is_plain_branch(over, false) || arrivals_[at(target - 1)] != 0) return {};
    const int end = over.operands[0].target;
    if (end <= target || end - first - 1 > kMostGuarded) return {};
    if (!is_way(first, target - 1, ins.guard, 0) || !is_way(target, end, ins.guard, 1)) return {};
    return Diamond{branch, first, target - 1, target, end};
  }

  /// Predicates on which a warp's lanes agree, always or mostly.
  void find_agreeing(const Shapes& shapes) {
    agreeing_.assign(function_.registers.size(), false);
    for (std::size_t r = 0; r < agreeing_.size(); ++r)
      agreeing_[r] = shapes.of_register[r].uniform();
    const auto is_even = [&](const Operand& operand) {
      const bool is_predicate =
          operand.reg >= 0 && function_.registers[at(operand.reg)].type == ptx::Type::pred;
      return is_predicate ? agreeing_[at(operand.reg)]
                          : shape_of(operand, shapes, WarpRows{}).affine();
    };
    std::vector<int> written;
    for (const Instruction& ins : body_) {
      if (ins.opcode != "setp" && !ins.has("pred")) continue;
      written.clear();
      registers_written(ins, written);
      if (std::all_of(ins.operands.begin() + 1, ins.operands.end(), is_even))
        for (const int reg : written) agreeing_[at(reg)] = true;
    }
  }

  void convert(const Diamond& diamond) {
    const Instruction& branch = body_[at(diamond.branch)];
    const auto guard = [&](int first, int last, bool taken) {
      for (int i = first; i < last; ++i) {
        body_[at(i)].guard = branch.guard;
        body_[at(i)].guard_negated = branch.guard_negated == taken;
      }
    };
    guard(diamond.then_first, diamond.then_last, false);
    guard(diamond.else_first, diamond.else_last, true);
    dropped_[at(diamond.branch)] = true;
    if (diamond.then_last != diamond.else_first) dropped_[at(diamond.then_last)] = true;
  }

  void remove_dropped() {
    std::vector<int> place;  // of each instruction, and of the end, among those that stay
    std::vector<Instruction> kept;
    for (std::size_t i = 0; i < body_.size(); ++i) {
      place.push_back(static_cast<int>(kept.size()));
      if (!dropped_[i]) kept.push_back(std::move(body_[i]));
    }
    place.push_back(static_cast<int>(kept.size()));
    body_ = std::move(kept);
    for (Instruction& ins : body_)
      for (Operand& operand : ins.operands)
        if (operand.kind == Operand::Kind::label) operand.target = place[at(operand.target)];
    for (auto& [name, target] : function_.labels) target = place[at(target)];
    for (auto& [name, targets] : function_.branch_targets)
      for (int& target : targets) target = place[at(target)];
  }

  /// A block would begin at each.
  void drop_unused_labels() {
    std::set<int> named;
    for (const Instruction& ins : body_)
      for (const Operand& operand : ins.operands)
        if (operand.kind == Operand::Kind::label) named.insert(operand.target);
    for (const auto& [name, targets] : function_.branch_targets)
      named.insert(targets.begin(), targets.end());
    std::erase_if(function_.labels,
                  [&](const auto& label) { return !named.contains(label.second); });
  }

  Function& function_;
  std::vector<Instruction>& body_;
  std::vector<int> arrivals_;  // branches to each instruction
  std::vector<bool> agreeing_, dropped_;
};

}  // namespace

void convert_short_branches(Function& function) { Converter(function).run(); }

}  // namespace vgpu::translate
