#include <llvm/IR/MDBuilder.h>

#include <set>

#include "vgpu/translate/affine_range.h"
#include "vgpu/translate/affine_slots.h"
#include "vgpu/translate/lane_emitter.h"
#include "vgpu/translate/translate.h"

namespace vgpu::translate {
namespace {

using llvm::BasicBlock;
using llvm::Value;
using ptx::Instruction;
using ptx::Operand;
using ptx::Type;

constexpr std::uint32_t kRetriesAfterRefusal = 16;
/// Lanes' numbers that lie further apart are compared one by one: a narrow type would wrap.
constexpr std::int64_t kFarthestApart = 1 << 15;

class FullTranslator : public LaneEmitter {
 public:
  FullTranslator(const Program& program, Effort effort, llvm::Module& llvm_module,
                 llvm::IRBuilder<>& builder, const std::string& name)
      : LaneEmitter(program, effort, llvm_module, builder, name, true) {}

  void run() {
    const int count = program_.block_count();
    if (!compact) make_registers();
    for (int k = 0; k < count; ++k) code_of_.push_back(new_block("b" + std::to_string(k)));
    make_entries();
    for (int k = 0; k < count; ++k) translate_block(k);
  }

  Value* active() override { return mask_; }

 private:
  const Shape& shape(int reg) const { return program_.shapes.of_register[reg]; }
  const RegisterSet& live(int k) const { return program_.flow.blocks[k].live_in; }

  // --- registers: in LLVM's hands, which leaves them in the processor's over blocks and loops; in
  // compact code in the warp's frame between blocks, as in masked code, so that entering and
  // leaving takes next to no code ---

  void make_registers() {
    ir.SetInsertPoint(top_);
    for (std::size_t r = 0; r < program_.function.registers.size(); ++r) {
      const int reg = static_cast<int>(r);
      llvm::Type* type = register_type(reg);
      if (!shape(reg).affine()) type = vector_of(type);
      registers_.push_back(ir.CreateAlloca(type, nullptr, "r" + std::to_string(reg)));
      ir.CreateStore(llvm::Constant::getNullValue(type), registers_.back());
    }
  }

  Value* load_register(int reg) {
    if (!compact) return ir.CreateLoad(registers_[reg]->getAllocatedType(), registers_[reg]);
    Value*& value = values_[reg];
    if (!value) value = shape(reg).affine() ? load_scalar_slot(reg) : load_vector_slot(reg);
    return value;
  }

  void store_register(int reg, Value* value) {
    if (!compact) {
      ir.CreateStore(value, registers_[reg]);
      return;
    }
    values_[reg] = value;
    written_.insert(reg);
  }

  /// What the block wrote and lives on goes into the frame.
  void end_block(int k) {
    RegisterSet live_out(static_cast<int>(program_.function.registers.size()));
    for (int s : program_.flow.blocks[k].successors) live_out.merge(live(s));
    for (const int reg : written_) {
      if (!live_out.has(reg)) continue;
      if (shape(reg).affine())
        store_scalar_slot(reg, values_.at(reg));
      else
        store_vector_slot(reg, values_.at(reg));
    }
  }

  Value* read_register(int reg, bool as_vector) override {
    Value* value = load_register(reg);
    return shape(reg).affine() && as_vector ? expand(value, shape(reg)) : value;
  }

  void write(const Operand& destination, Value* value) override {
    if (destination.kind == Operand::Kind::discard) return;
    if (destination.kind != Operand::Kind::reg) unsupported("destination operand");
    const int reg = destination.reg;
    agreements_.erase(reg);
    value = coerce(value, register_type(reg));
    if (shape(reg).affine()) {
      if (value->getType()->isVectorTy()) value = ir.CreateExtractElement(value, std::uint64_t{0});
      if (uniform_guard_) value = ir.CreateSelect(uniform_guard_, value, load_register(reg));
    } else {
      if (!value->getType()->isVectorTy()) value = expand(value, wide ? Shape::scalar() : result_);
      if (mask_) value = ir.CreateSelect(mask_, value, load_register(reg));
    }
    store_register(reg, value);
  }

  // --- entering and leaving ---

  void make_entries() {
    BasicBlock* dispatch = new_block("dispatch");
    ir.SetInsertPoint(top_);
    ir.CreateBr(dispatch);
    ir.SetInsertPoint(dispatch);
    Value* key = ir.CreateAdd(ir.CreateShl(load_warp(offsetof(WarpState, pc)), 1),
                              load_warp(offsetof(WarpState, masked)));
    BasicBlock* nowhere = new_block("nowhere");
    llvm::SwitchInst* table = ir.CreateSwitch(key, nowhere);
    for (int k = 0; k < program_.block_count(); ++k) {
      const auto number_of = [&](int masked) {
        return ir.getInt32(static_cast<std::uint32_t>(2 * k + masked));
      };
      if (program_.resume[k]) table->addCase(number_of(0), make_resume(k));
      if (program_.entry[k]) table->addCase(number_of(1), make_reconvergence(k));
    }
    ir.SetInsertPoint(nowhere);
    ir.CreateUnreachable();
  }

  /// The registers' places in the frame, once for all that change the same ones.
  Value* affine_slots(const RegisterSet& registers, std::uint32_t& count) {
    std::vector<llvm::Constant*> rows;
    const auto i32 = [&](std::uint64_t value) {
      return llvm::ConstantInt::get(ir.getInt32Ty(), value);
    };
    const auto i64 = [&](std::int64_t value) {
      return llvm::ConstantInt::get(ir.getInt64Ty(), static_cast<std::uint64_t>(value));
    };
    std::vector<int> key;
    for (int reg : registers.list()) {
      if (program_.shapes.invariant[reg] || !shape(reg).affine()) continue;
      key.push_back(reg);
      const std::uint64_t bits = register_type(reg)->getPrimitiveSizeInBits();
      rows.push_back(llvm::ConstantStruct::getAnon(
          {i32(program_.layout.vector_slot[reg]), i32(program_.layout.scalar_slot[reg]),
           i32(bits / 8), i32(static_cast<std::uint64_t>(program_.rows.lanes)),
           i64(shape(reg).stride), i64(shape(reg).jump)}));
    }
    count = static_cast<std::uint32_t>(rows.size());
    llvm::GlobalVariable*& table = affine_slots_[key];
    if (table || rows.empty()) return table;
    auto* type = llvm::ArrayType::get(rows[0]->getType(), rows.size());
    table = new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::PrivateLinkage,
                                     llvm::ConstantArray::get(type, rows), "affine");
    return table;
  }

  /// Calls `helper` (affine_slots.h) with the registers that only full code holds as scalars; null
  /// when there are none.
  Value* change_affine(const char* helper, llvm::Type* result, const RegisterSet& registers) {
    std::uint32_t count = 0;
    Value* slots = affine_slots(registers, count);
    if (count == 0) return nullptr;
    return call(helper, result, {warp_field(sizeof(WarpState)), slots, ir.getInt32(count)});
  }

  void load_registers(int k) {
    if (compact) return;
    for (int reg : live(k).list())
      ir.CreateStore(shape(reg).affine() ? load_scalar_slot(reg) : load_vector_slot(reg),
                     registers_[reg]);
  }

  BasicBlock* make_resume(int k) {
    BasicBlock* entry = new_block("resume" + std::to_string(k));
    ir.SetInsertPoint(entry);
    load_registers(k);
    ir.CreateBr(code_of_[k]);
    return entry;
  }

  /// Lanes come from masked code, each with its own values: what full code takes for affine must be
  /// so.
  BasicBlock* make_reconvergence(int k) {
    BasicBlock* entry = new_block("reconverge" + std::to_string(k));
    ir.SetInsertPoint(entry);
    if (Value* differs = change_affine("vgpu_gather_affine", ir.getInt32Ty(), live(k))) {
      BasicBlock *refuse = new_block("refuse" + std::to_string(k)),
                 *accept = new_block("accept" + std::to_string(k));
      ir.CreateCondBr(ir.CreateICmpEQ(differs, ir.getInt32(0)), accept, refuse);
      ir.SetInsertPoint(refuse);
      store_lane_pcs(splat(ir.getInt32(static_cast<std::uint32_t>(k))));
      store_warp(offsetof(WarpState, retries), ir.getInt32(kRetriesAfterRefusal));
      end_with(RunResult::diverged);
      ir.SetInsertPoint(accept);
    }
    load_registers(k);
    ir.CreateBr(code_of_[k]);
    return entry;
  }

  void store_registers(const RegisterSet& registers) {
    if (compact) return;
    for (int reg : registers.list()) {
      if (shape(reg).affine())
        store_scalar_slot(reg, load_register(reg));
      else
        store_vector_slot(reg, load_register(reg));
    }
  }

  void leave(int k, RunResult result) {
    store_registers(live(k));
    store_warp(offsetof(WarpState, pc), ir.getInt32(static_cast<std::uint32_t>(k)));
    store_warp(offsetof(WarpState, masked), ir.getInt32(0));
    end_with(result);
  }

  void diverge(Value* lane_pc, const RegisterSet& registers, std::uint32_t retries = 0) {
    store_for_masked(lane_pc, registers);
    store_warp(offsetof(WarpState, retries), ir.getInt32(retries));
    end_with(RunResult::diverged);
  }

  void store_for_masked(Value* lane_pc, const RegisterSet& registers) {
    store_registers(registers);
    change_affine("vgpu_spread_affine", ir.getVoidTy(), registers);
    store_lane_pcs(lane_pc);
    store_warp(offsetof(WarpState, masked), ir.getInt32(1));
  }

  Value* pc_value(int k) { return splat(ir.getInt32(static_cast<std::uint32_t>(k))); }

  /// Masked code does this block: it begins with what full code cannot do.
  void give_up(int k) { diverge(pc_value(k), live(k), 1); }

  // --- code ---

  void translate_block(int k) {
    const Block& block = program_.flow.blocks[k];
    ir.SetInsertPoint(code_of_[k]);
    set_carry(nullptr);
    values_.clear();
    written_.clear();
    agreements_.clear();
    const Instruction& last = program_.function.body[block.last - 1];
    const bool terminator = is_branch(last) || ends_thread(last) || is_block_barrier(last);
    for (int i = block.first; i < block.last - terminator; ++i) translate_instruction(k, i);
    mask_ = uniform_guard_ = nullptr;
    if (last.opcode != "brx") count_block(k, ir.getInt32(kAllLanes));
    end_block(k);
    if (!terminator) return go(k, k + 1);
    begin_instruction(block.last - 1);
    LaneEmitter::observe_registers(ir.getInt32(kAllLanes), ir.getInt32(kAllLanes));
    if (is_block_barrier(last)) return translate_barrier(k);
    if (last.opcode == "brx") return translate_indexed_branch(k);
    if (is_branch(last)) return translate_branch(k);
    translate_end(k);
  }

  /// Full code that another takes over has an entry at every target of a backward jump, for lanes
  /// that come from masked code (program.cpp): so do these.
  void visit_machine(int to) {
    BasicBlock* leave = leave_sometimes();
    BasicBlock* stay = ir.GetInsertBlock();
    ir.SetInsertPoint(leave);
    store_for_masked(pc_value(to), live(to));
    store_warp(offsetof(WarpState, pc), ir.getInt32(static_cast<std::uint32_t>(to)));
    end_with(RunResult::reconverged);
    ir.SetInsertPoint(stay);
  }

  void go(int from, int to) {
    if (to <= from && hasty_) visit_machine(to);
    if (to > from || !program_.polls[from]) {
      ir.CreateBr(code_of_[to]);
      return;
    }
    Value* turns = ir.CreateSub(load_warp(offsetof(WarpState, turns)), ir.getInt32(kTurnsOfAPoll));
    store_warp(offsetof(WarpState, turns), turns);
    BasicBlock* yield = new_block("yield");
    ir.CreateCondBr(ir.CreateICmpSGT(turns, ir.getInt32(0)), code_of_[to], yield);
    ir.SetInsertPoint(yield);
    leave(to, RunResult::yielded);
  }

  Value* guard_value(const Instruction& i, bool as_vector) {
    Value* value = read_register(i.guard, as_vector);
    return i.guard_negated ? ir.CreateNot(value) : value;
  }

  void translate_instruction(int k, int at) {
    begin_instruction(at);
    mask_ = uniform_guard_ = nullptr;
    observe_registers();
    BasicBlock* skip = nullptr;
    // What may leave to masked code is counted once it has not.
    const bool skips = ins->guard >= 0 && shape(ins->guard).uniform() && !compact;
    if (skips || !widens_affine(*ins, program_.shapes, program_.rows)) count_guard_lanes();
    if (ins->guard >= 0 && shape(ins->guard).uniform() && compact) {
      uniform_guard_ = guard_value(*ins, false);
      mask_ = splat(uniform_guard_);
    } else if (ins->guard >= 0 && shape(ins->guard).uniform()) {
      BasicBlock* perform = new_block("do");
      skip = new_block("skip");
      ir.CreateCondBr(guard_value(*ins, false), perform, skip);
      ir.SetInsertPoint(perform);
    } else if (ins->guard >= 0) {
      mask_ = guard_value(*ins, true);
    }
    perform_instruction(k);
    if (!skip) return;
    ir.CreateBr(skip);
    ir.SetInsertPoint(skip);
  }

  void perform_instruction(int k) {
    if (ins->opcode == "call") return emit_call();
    if (ins->opcode == "barrier_result") return out(load_warp(offsetof(WarpState, barrier_value)));
    if (is_warp_barrier(*ins)) {
      observe_exchange();
      ir.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent, llvm::SyncScope::SingleThread);
      return;
    }
    const Shape result = result_shape(*ins, program_.shapes, program_.rows);
    const bool memory = ins->opcode == "ld" || ins->opcode == "ldu" || ins->opcode == "vote" ||
                        ins->opcode == "activemask";
    std::vector<int> written;
    registers_written(*ins, written);
    // A zero may follow from the sizes of lanes that differ (value_bits.h): nothing to compute.
    wide = true;
    if (!memory && written.size() == 1 && result.value_bits == 0)
      return write(ins->operands[0], llvm::Constant::getNullValue(register_type(written[0])));
    wide = memory || written.empty() || !result.affine();
    result_ = result;
    if (!wide && widens_affine(*ins, program_.shapes, program_.rows)) {
      check_widening(k);
      if (mask_) count_guard_lanes();
    }
    observe();
    isa::emit(*this);
    if (ins->opcode == "setp" && ins->guard < 0) note_agreement();
  }

  void count_guard_lanes() {
    if (ins->guard >= 0 && program_.checks.counters)
      count_guard(ir.getInt32(kAllLanes), lanes_to_bits(guard_value(*ins, true)));
  }

  void observe_registers() {
    if (!watches_registers()) return;
    Value* all = ir.getInt32(kAllLanes);
    LaneEmitter::observe_registers(all,
                                   ins->guard < 0 ? all : lanes_to_bits(guard_value(*ins, true)));
  }

  void observe() {
    if (is_warp_exchange(*ins)) observe_exchange();
    if (Value* allowed = observe_accesses()) mask_ = bits_to_lanes(allowed);
    observe_fence();
  }

  Shape operand_shape(int k) { return shape_of(ins->operands[k], program_.shapes, program_.rows); }

  /// `i < n` with an affine i: the branch on it then needs no lane's value where all agree.
  void note_agreement() {
    const Operand& destination = ins->operands[0];
    const Type type = type_from_end();
    if (destination.kind != Operand::Kind::reg || ins->operands.size() != 3) return;
    if (!isa::is_integer(type) || shape(destination.reg).affine()) return;
    const int moving = operand_shape(1).uniform() ? 2 : 1, other = 3 - moving;
    const Shape moves = operand_shape(moving);
    if (!moves.affine() || moves.uniform() || !operand_shape(other).uniform()) return;
    const Extent extent = extent_of(moves, program_.rows);
    if (extent.up - extent.down >= kFarthestApart) return;
    agreements_[destination.reg] =
        agreement_of(*this, scalar_operand(moving), extent, moving, scalar_operand(other));
  }

  Value* scalar_operand(int k) {
    const Type type = type_from_end();
    return coerce(read(ins->operands[k], type, false), element(type));
  }

  /// The narrow operand that moves with the lane must not wrap within the warp.
  void check_widening(int k) {
    int moving = 1;
    while (operand_shape(moving).uniform()) ++moving;
    if (ins->opcode == "mad" && moving == 3) return;  // the addend is wide already
    const Extent extent = extent_of(operand_shape(moving), program_.rows);
    Value* either = wraps(*this, scalar_operand(moving), type_from_end(), extent);
    BasicBlock *refuse = new_block("wraps"), *next = new_block("wide");
    ir.CreateCondBr(either, refuse, next, unlikely());
    ir.SetInsertPoint(refuse);
    give_up(k);
    ir.SetInsertPoint(next);
  }

  llvm::MDNode* unlikely() {
    return llvm::MDBuilder(ir.getContext()).createBranchWeights(1, 10000);
  }

  /// Calls all(), none() or mixed() where all lanes, no lane or some lanes hold the guard.
  template <class All, class None, class Mixed>
  void split(const std::string& name, All all, None none, Mixed mixed) {
    BasicBlock *on_all = new_block(name + ".all"), *rest = new_block(name + ".rest"),
               *on_none = new_block(name + ".none"), *on_mixed = new_block(name + ".mixed");
    if (const auto found = agreements_.find(ins->guard); found != agreements_.end()) {
      BasicBlock *alike = new_block(name + ".alike"), *apart = new_block(name + ".apart");
      ir.CreateCondBr(found->second.alike, alike, apart);
      ir.SetInsertPoint(alike);
      ir.CreateCondBr(found->second.holds, ins->guard_negated ? on_none : on_all,
                      ins->guard_negated ? on_all : on_none);
      ir.SetInsertPoint(apart);
    }
    Value* bits = lanes_to_bits(guard_value(*ins, true));
    ir.CreateCondBr(ir.CreateICmpEQ(bits, ir.getInt32(kAllLanes)), on_all, rest);
    ir.SetInsertPoint(rest);
    ir.CreateCondBr(ir.CreateICmpEQ(bits, ir.getInt32(0)), on_none, on_mixed);
    ir.SetInsertPoint(on_all);
    all();
    ir.SetInsertPoint(on_none);
    none();
    ir.SetInsertPoint(on_mixed);
    mixed(bits);
  }

  void translate_branch(int k) {
    const int target = program_.flow.block_of[ins->operands[0].target];
    if (ins->guard < 0) return go(k, target);
    if (program_.checks.counters)
      count_branch(ir.getInt32(kAllLanes), lanes_to_bits(guard_value(*ins, true)));
    if (shape(ins->guard).uniform()) {
      BasicBlock *taken = new_block("taken"), *fall = new_block("fall");
      ir.CreateCondBr(guard_value(*ins, false), taken, fall);
      ir.SetInsertPoint(taken);
      go(k, target);
      ir.SetInsertPoint(fall);
      return go(k, k + 1);
    }
    split(
        "bra", [&] { go(k, target); }, [&] { go(k, k + 1); },
        [&](Value* bits) {
          RegisterSet registers = live(target);
          registers.merge(live(k + 1));
          diverge(ir.CreateSelect(bits_to_lanes(bits), pc_value(target), pc_value(k + 1)),
                  registers);
        });
  }

  /// brx.idx: on one index for all lanes; otherwise masked code does it.
  void translate_indexed_branch(int k) {
    const auto targets = branch_targets();
    Value* index_lanes = read(ins->operands[0], Type::u32, true);
    Value* first = ir.CreateExtractElement(index_lanes, std::uint64_t{0});
    Value* same = lanes_to_bits(ir.CreateICmpEQ(index_lanes, splat(first)));
    if (ins->guard >= 0) same = ir.CreateAnd(same, lanes_to_bits(guard_value(*ins, true)));
    BasicBlock *together = new_block("brx.same"), *apart = new_block("brx.apart");
    ir.CreateCondBr(ir.CreateICmpEQ(same, ir.getInt32(kAllLanes)), together, apart);
    ir.SetInsertPoint(apart);
    give_up(k);
    ir.SetInsertPoint(together);
    count_block(k, ir.getInt32(kAllLanes));
    count_indexed_branch(ir.getInt32(kAllLanes), index_lanes);
    BasicBlock* outside = new_block("brx.outside");
    llvm::SwitchInst* table = ir.CreateSwitch(first, outside);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      BasicBlock* way = new_block("brx.way");
      table->addCase(ir.getInt32(static_cast<std::uint32_t>(i)), way);
      ir.SetInsertPoint(way);
      go(k, program_.flow.block_of[targets[i]]);
    }
    ir.SetInsertPoint(outside);
    end_with_fault();
  }

  const std::vector<int>& branch_targets() {
    const auto found = program_.function.branch_targets.find(ins->operands[1].name);
    if (found == program_.function.branch_targets.end())
      unsupported("branch table '" + ins->operands[1].name + "'");
    return found->second;
  }

  void exit_all() {
    store_warp(offsetof(WarpState, live), ir.getInt32(0));
    end_with(RunResult::exited);
  }

  void translate_end(int k) {
    const bool trap = ins->opcode == "trap";
    const auto stop = [&] { trap ? end_with_fault() : exit_all(); };
    if (ins->guard < 0) return stop();
    split(
        "end", stop, [&] { go(k, k + 1); },
        [&](Value* bits) {
          if (trap) return end_with_fault();
          store_warp(offsetof(WarpState, live), ir.CreateNot(bits));
          diverge(pc_value(k + 1), live(k + 1));
        });
  }

  void translate_barrier(int k) {
    if (ins->has("arrive")) {
      arrive(ir.getInt32(kAllLanes));
      return go(k, k + 1);
    }
    const bool reduces = ins->has("red");
    const std::size_t plain = ins->operands.size() - (reduces ? 1 : 0);
    store_warp(offsetof(WarpState, barrier_id), barrier_operand(0, 0));
    store_warp(offsetof(WarpState, barrier_threads),
               plain > 1 ? barrier_operand(1, 0) : ir.getInt32(0));
    if (reduces)
      store_warp(offsetof(WarpState, barrier_predicate),
                 lanes_to_bits(read(ins->operands.back(), Type::pred, true)));
    const std::uint32_t operation = !reduces ? 0 : ins->has("popc") ? 1 : ins->has("and") ? 2 : 3;
    store_warp(offsetof(WarpState, barrier_operation), ir.getInt32(operation));
    leave(k + 1, RunResult::barrier);
  }

  std::vector<llvm::AllocaInst*> registers_;
  std::map<std::vector<int>, llvm::GlobalVariable*> affine_slots_;
  std::vector<BasicBlock*> code_of_;
  Value *mask_ = nullptr, *uniform_guard_ = nullptr;
  Shape result_;                         // of the instruction
  std::map<int, Value*> values_;         // in compact code: of the block's registers
  std::map<int, Agreement> agreements_;  // of predicates that the block computed
  std::set<int> written_;
};

}  // namespace

void translate_full(const Program& program, Effort effort, llvm::Module& module,
                    const std::string& name, Places places) {
  llvm::IRBuilder<> builder(module.getContext());
  FullTranslator translator(program, effort, module, builder, name);
  if (places == Places::kept) translator.keep_places();
  translator.run();
}

}  // namespace vgpu::translate
