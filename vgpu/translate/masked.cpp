#include "vgpu/translate/lane_emitter.h"
#include "vgpu/translate/translate.h"

namespace vgpu::translate {
namespace {

using llvm::BasicBlock;
using llvm::Value;
using ptx::Instruction;
using ptx::Operand;
using ptx::Type;

class MaskedTranslator : public LaneEmitter {
 public:
  MaskedTranslator(const Program& program, Effort effort, llvm::Module& llvm_module,
                   llvm::IRBuilder<>& builder, const std::string& name)
      : LaneEmitter(program, effort, llvm_module, builder, name, false) {}

  void run() {
    const int count = program_.block_count();
    dispatch_ = new_block("dispatch");
    stop_ = new_block("stop");
    for (int k = 0; k < count; ++k) {
      enter_.push_back(new_block("enter" + std::to_string(k)));
      code_of_.push_back(new_block("m" + std::to_string(k)));
    }
    make_top();
    make_dispatcher();
    make_stop();
    for (int k = 0; k < count; ++k) {
      make_entrance(k);
      translate_block(k);
    }
  }

  Value* active() override { return lanes_; }

 private:
  const Block& block(int k) const { return program_.flow.blocks[k]; }
  Value* pc_value(int k) { return ir.getInt32(static_cast<std::uint32_t>(k)); }
  Value* mask() { return ir.CreateLoad(ir.getInt32Ty(), mask_); }
  Value* next() { return ir.CreateLoad(ir.getInt32Ty(), next_); }

  // --- the dispatcher ---

  void make_top() {
    ir.SetInsertPoint(top_);
    for (llvm::AllocaInst** room : {&mask_, &next_, &others_, &retries_, &stop_pc_}) {
      *room = ir.CreateAlloca(ir.getInt32Ty());
      ir.CreateStore(ir.getInt32(0), *room);
    }
    ir.CreateStore(load_warp(offsetof(WarpState, retries)), retries_);
    ir.CreateBr(dispatch_);
  }

  /// Chooses the runnable lanes with the lowest pc; after a turn given away, those with the next
  /// higher one, which then run without regard to the others.
  void make_dispatcher() {
    ir.SetInsertPoint(dispatch_);
    Value* stopped = ir.CreateOr(load_warp(offsetof(WarpState, waiting)),
                                 load_warp(offsetof(WarpState, at_barrier)));
    Value* runnable = ir.CreateAnd(load_warp(offsetof(WarpState, live)), ir.CreateNot(stopped));
    BasicBlock *idle = new_block("idle"), *leave = new_block("leave"),
               *choose = new_block("choose");
    ir.CreateCondBr(ir.CreateICmpEQ(runnable, ir.getInt32(0)), idle, choose);

    ir.SetInsertPoint(idle);
    Value* verdict = call("vgpu_warp_idle", ir.getInt32Ty(), {warp_, block_});
    ir.CreateCondBr(ir.CreateICmpEQ(verdict, ir.getInt32(0)), dispatch_, leave);
    ir.SetInsertPoint(leave);
    ir.CreateRet(verdict);

    ir.SetInsertPoint(choose);
    Value* none = splat(ir.getInt32(kNoPc));
    Value* pcs = ir.CreateSelect(bits_to_lanes(runnable), lane_pcs(), none);
    Value* passed = load_warp(offsetof(WarpState, passed));
    store_warp(offsetof(WarpState, passed), ir.getInt32(~0u));
    Value* later = lowest(ir.CreateSelect(ir.CreateICmpSGT(pcs, splat(passed)), pcs, none));
    Value* rotated = ir.CreateAnd(ir.CreateICmpNE(passed, ir.getInt32(~0u)),
                                  ir.CreateICmpNE(later, ir.getInt32(kNoPc)));
    Value* chosen = ir.CreateSelect(rotated, later, lowest(pcs));
    Value* here = ir.CreateICmpEQ(pcs, splat(chosen));
    Value* bits = lanes_to_bits(here);
    Value* next_pc = lowest(ir.CreateSelect(here, none, pcs));
    ir.CreateStore(bits, mask_);
    ir.CreateStore(ir.CreateSelect(rotated, ir.getInt32(kNoPc), next_pc), next_);
    ir.CreateStore(ir.CreateAnd(runnable, ir.CreateNot(bits)), others_);
    BasicBlock* nowhere = new_block("nowhere");
    llvm::SwitchInst* table = ir.CreateSwitch(chosen, nowhere);
    for (int k = 0; k < program_.block_count(); ++k)
      table->addCase(ir.getInt32(static_cast<std::uint32_t>(k)), enter_[k]);
    ir.SetInsertPoint(nowhere);
    ir.CreateUnreachable();
  }

  Value* lowest(Value* pcs) {
    return ir.CreateIntrinsic(ir.getInt32Ty(), llvm::Intrinsic::vector_reduce_umin, {pcs});
  }

  void make_entrance(int k) {
    ir.SetInsertPoint(enter_[k]);
    if (!program_.entry[k]) {
      ir.CreateBr(code_of_[k]);
      return;
    }
    BasicBlock *together = new_block("together"), *back = new_block("back"),
               *pass = new_block("pass");
    ir.CreateCondBr(ir.CreateICmpEQ(mask(), ir.getInt32(kAllLanes)), together, code_of_[k]);
    ir.SetInsertPoint(together);
    Value* retries = ir.CreateLoad(ir.getInt32Ty(), retries_);
    ir.CreateCondBr(ir.CreateICmpEQ(retries, ir.getInt32(0)), back, pass);
    ir.SetInsertPoint(back);
    store_warp(offsetof(WarpState, pc), pc_value(k));
    end_with(RunResult::reconverged);
    ir.SetInsertPoint(pass);
    ir.CreateStore(ir.CreateSub(retries, ir.getInt32(1)), retries_);
    ir.CreateBr(code_of_[k]);
  }

  void stand_at(Value* pc, Value* bits) {
    if (compact)
      call("vgpu_warp_stand_at", ir.getVoidTy(), {warp_, bits, pc});
    else
      store_lane_pcs(ir.CreateSelect(bits_to_lanes(bits), splat(pc), lane_pcs()));
  }
  void stand_at(int k, Value* bits) { stand_at(pc_value(k), bits); }

  /// The lanes of the mask go from block `from` to block `to`: at once while no other runnable lane
  /// stands lower or there.
  void jump(int from, int to) {
    if (to <= from) give_way(from, to);
    ir.CreateStore(pc_value(to), stop_pc_);
    ir.CreateCondBr(ir.CreateICmpSLT(pc_value(to), next()), enter_[to], stop_);
  }

  /// The lanes of the mask stop at `stop_pc_`.
  void make_stop() {
    ir.SetInsertPoint(stop_);
    stand_at(ir.CreateLoad(ir.getInt32Ty(), stop_pc_), mask());
    ir.CreateBr(dispatch_);
  }

  /// These lanes go on first, if they ran ahead of others before.
  void visit_machine(int to) {
    BasicBlock* leave = leave_sometimes();
    BasicBlock* stay = ir.GetInsertBlock();
    ir.SetInsertPoint(leave);
    stand_at(to, mask());
    store_warp(offsetof(WarpState, passed),
               ir.CreateSelect(ir.CreateICmpEQ(next(), ir.getInt32(kNoPc)),
                               ir.getInt32(static_cast<std::uint32_t>(to - 1)), ir.getInt32(~0u)));
    store_warp(offsetof(WarpState, retries), ir.CreateLoad(ir.getInt32Ty(), retries_));
    end_with(RunResult::diverged);
    ir.SetInsertPoint(stay);
  }

  /// Backward jumps are counted while others wait, lanes of this warp or threads elsewhere: nobody
  /// waits for ever.
  void give_way(int from, int to) {
    if (hasty_) visit_machine(to);
    BasicBlock *count = new_block("count"), *yield = new_block("yield"), *go_on = new_block("goon");
    if (program_.polls[from]) {
      ir.CreateBr(count);
    } else {
      Value* others = ir.CreateLoad(ir.getInt32Ty(), others_);
      ir.CreateCondBr(ir.CreateICmpNE(others, ir.getInt32(0)), count, go_on);
    }
    ir.SetInsertPoint(count);
    Value* turns = ir.CreateSub(load_warp(offsetof(WarpState, turns)),
                                ir.getInt32(program_.polls[from] ? kTurnsOfAPoll : 1));
    store_warp(offsetof(WarpState, turns), turns);
    ir.CreateCondBr(ir.CreateICmpSGT(turns, ir.getInt32(0)), go_on, yield);
    ir.SetInsertPoint(yield);
    stand_at(to, mask());
    store_warp(offsetof(WarpState, passed), pc_value(to));
    store_warp(offsetof(WarpState, retries), ir.CreateLoad(ir.getInt32Ty(), retries_));
    end_with(RunResult::yielded);
    ir.SetInsertPoint(go_on);
  }

  // --- registers: in the warp's frame between blocks, values within one ---

  Value* read_register(int reg, bool as_vector) override {
    if (program_.shapes.invariant[reg]) return widened(load_scalar_slot(reg), as_vector);
    Value*& value = values_[reg];
    if (!value) value = load_vector_slot(reg);
    return value;
  }

  void write(const Operand& destination, Value* value) override {
    if (destination.kind == Operand::Kind::discard) return;
    if (destination.kind != Operand::Kind::reg) unsupported("destination operand");
    const int reg = destination.reg;
    value = coerce(value, register_type(reg));
    if (program_.shapes.invariant[reg]) {
      if (value->getType()->isVectorTy()) value = ir.CreateExtractElement(value, first_active());
      return store_scalar_slot(reg, value);
    }
    value = widened(value, true);
    if (guarded_) value = ir.CreateSelect(lanes_, value, read_register(reg, true));
    values_[reg] = value;
    written_[reg] = true;
  }

  Value* first_active() {
    Value* first =
        ir.CreateIntrinsic(ir.getInt32Ty(), llvm::Intrinsic::cttz, {active_bits(), ir.getFalse()});
    return ir.CreateAnd(first, ir.getInt32(kWarpSize - 1));
  }

  /// What lives on goes into the frame, for the block's lanes alone.
  void store_registers(int k) {
    RegisterSet live_out(static_cast<int>(program_.function.registers.size()));
    for (int s : block(k).successors) live_out.merge(block(s).live_in);
    for (const auto& [reg, value] : values_) {
      if (!written_[reg] || !live_out.has(reg)) continue;
      store_vector_slot(reg, ir.CreateSelect(block_lanes_, value, load_vector_slot(reg)));
    }
  }

  // --- code ---

  void translate_block(int k) {
    ir.SetInsertPoint(code_of_[k]);
    values_.clear();
    written_.clear();
    set_carry(nullptr);
    const Instruction& first = program_.function.body[block(k).first];
    const Instruction& last = program_.function.body[block(k).last - 1];
    const bool warp_barrier = is_warp_barrier(first);
    if (warp_barrier || is_warp_exchange(first)) meet(k, warp_barrier);
    block_bits_ = mask();
    block_lanes_ = bits_to_lanes(block_bits_);
    const bool terminator = is_branch(last) || ends_thread(last) || is_block_barrier(last);
    for (int i = block(k).first; i < block(k).last - terminator; ++i) translate_instruction(i);
    guarded_ = false;
    lanes_ = block_lanes_;
    count_block(k, block_bits_);
    if (!terminator) {
      store_registers(k);
      return jump(k, k + 1);
    }
    begin_instruction(block(k).last - 1);
    observe_registers(block_bits_, block_bits_);
    if (is_block_barrier(last)) return translate_barrier(k);
    if (last.opcode == "brx") return translate_indexed_branch(k);
    if (is_branch(last)) return translate_branch(k);
    translate_end(k);
  }

  Value* guard_value() {
    Value* value = read_register(ins->guard, true);
    return ins->guard_negated ? ir.CreateNot(value) : value;
  }

  void translate_instruction(int at) {
    begin_instruction(at);
    guarded_ = ins->guard >= 0;
    lanes_ = guarded_ ? ir.CreateAnd(block_lanes_, guard_value()) : block_lanes_;
    if (guarded_) count_guard(block_bits_, active_bits());
    if (watches_registers()) observe_registers(block_bits_, active_bits());
    if (ins->opcode == "call") return emit_call();
    if (ins->opcode == "barrier_result") return out(load_warp(offsetof(WarpState, barrier_value)));
    if (is_warp_barrier(*ins)) return observe_exchange();
    std::vector<int> written;
    registers_written(*ins, written);
    wide = ins->opcode == "ld" || written.empty() || !program_.shapes.invariant[written[0]];
    observe();
    isa::emit(*this);
  }

  void observe() {
    if (is_warp_exchange(*ins)) observe_exchange();
    if (Value* allowed = observe_accesses()) {
      lanes_ = bits_to_lanes(allowed);
      guarded_ = true;
    }
    observe_fence();
  }

  /// A warp-synchronous instruction begins the block: waits here until every live lane that its
  /// member mask names has come. Lanes that name another mask than the first lane's wait for their
  /// own turn.
  void meet(int k, bool warp_barrier) {
    begin_instruction(block(k).first);
    block_bits_ = mask();
    lanes_ = block_lanes_ = bits_to_lanes(block_bits_);
    Value* named = member_mask(k);
    Value* need = ir.CreateAnd(named, load_warp(offsetof(WarpState, live)));
    BasicBlock *gather = new_block("meet"), *wait = new_block("wait"), *ready = new_block("ready");
    ir.CreateCondBr(ir.CreateICmpEQ(ir.CreateAnd(need, ir.CreateNot(mask())), ir.getInt32(0)),
                    ready, gather);
    ir.SetInsertPoint(gather);
    if (warp_barrier) {
      ir.CreateBr(wait);
    } else {
      Value* standing = lanes_to_bits(ir.CreateICmpEQ(lane_pcs(), splat(pc_value(k))));
      Value* waiting = load_warp(offsetof(WarpState, waiting));
      Value* arrived = ir.CreateAnd(
          ir.CreateAnd(standing, need),
          ir.CreateAnd(waiting, ir.CreateNot(load_warp(offsetof(WarpState, warp_barrier)))));
      Value* all = ir.CreateOr(mask(), arrived);
      BasicBlock* join = new_block("join");
      ir.CreateCondBr(ir.CreateICmpEQ(ir.CreateAnd(need, ir.CreateNot(all)), ir.getInt32(0)), join,
                      wait);
      ir.SetInsertPoint(join);
      ir.CreateStore(all, mask_);
      store_warp(offsetof(WarpState, waiting), ir.CreateAnd(waiting, ir.CreateNot(arrived)));
      ir.CreateBr(ready);
    }
    ir.SetInsertPoint(wait);
    wait_for(k, warp_barrier, named);
    ir.SetInsertPoint(ready);
  }

  Value* member_mask(int k) {
    if (takes_whole_warp(*ins)) return ir.getInt32(kAllLanes);
    const Operand& operand = ins->operands.back();
    if (operand.kind == Operand::Kind::integer)
      return ir.getInt32(static_cast<std::uint32_t>(operand.bits));
    Value* masks = read(operand, Type::b32, true);
    values_.clear();
    Value* named = ir.CreateExtractElement(masks, first_active());
    Value* unlike = ir.CreateAnd(mask(), lanes_to_bits(ir.CreateICmpNE(masks, splat(named))));
    BasicBlock *part = new_block("part"), *together = new_block("alike");
    ir.CreateCondBr(ir.CreateICmpNE(unlike, ir.getInt32(0)), part, together);
    ir.SetInsertPoint(part);
    stand_at(k, unlike);
    ir.CreateStore(ir.CreateAnd(mask(), ir.CreateNot(unlike)), mask_);
    ir.CreateStore(pc_value(k), next_);
    ir.CreateStore(ir.CreateOr(ir.CreateLoad(ir.getInt32Ty(), others_), unlike), others_);
    ir.CreateBr(together);
    ir.SetInsertPoint(together);
    return named;
  }

  void wait_for(int k, bool warp_barrier, Value* named) {
    Value* bits = mask();
    observe_arrival(bits, named);
    stand_at(warp_barrier ? k + 1 : k, bits);
    store_warp(offsetof(WarpState, waiting),
               ir.CreateOr(load_warp(offsetof(WarpState, waiting)), bits));
    if (warp_barrier)
      store_warp(offsetof(WarpState, warp_barrier),
                 ir.CreateOr(load_warp(offsetof(WarpState, warp_barrier)), bits));
    Value* masks = warp_field(offsetof(WarpState, sync_mask));
    auto* type = vector_of(ir.getInt32Ty());
    Value* old = ir.CreateAlignedLoad(type, masks, llvm::Align(4));
    ir.CreateAlignedStore(ir.CreateSelect(bits_to_lanes(bits), splat(named), old), masks,
                          llvm::Align(4));
    call("vgpu_warp_release", ir.getVoidTy(), {warp_, block_});
    ir.CreateBr(dispatch_);
  }

  void translate_branch(int k) {
    const int target = program_.flow.block_of[ins->operands[0].target];
    if (ins->guard < 0) {
      store_registers(k);
      return jump(k, target);
    }
    Value* taken = ir.CreateAnd(lanes_to_bits(guard_value()), block_bits_);
    count_branch(block_bits_, taken);
    store_registers(k);
    BasicBlock *some = new_block("some"), *fall = new_block("fall"), *all = new_block("all"),
               *apart = new_block("apart");
    ir.CreateCondBr(ir.CreateICmpEQ(taken, ir.getInt32(0)), fall, some);
    ir.SetInsertPoint(some);
    ir.CreateCondBr(ir.CreateICmpEQ(taken, block_bits_), all, apart);
    ir.SetInsertPoint(fall);
    jump(k, k + 1);
    ir.SetInsertPoint(all);
    jump(k, target);
    ir.SetInsertPoint(apart);
    if (target == k + 1) return jump(k, target);
    const int low = std::min(target, k + 1), high = std::max(target, k + 1);
    Value* rest = ir.CreateAnd(block_bits_, ir.CreateNot(taken));
    Value *low_bits = low == target ? taken : rest, *high_bits = low == target ? rest : taken;
    stand_at(high, high_bits);
    ir.CreateStore(low_bits, mask_);
    ir.CreateStore(ir.CreateBinaryIntrinsic(llvm::Intrinsic::umin, next(), pc_value(high)), next_);
    ir.CreateStore(ir.CreateOr(ir.CreateLoad(ir.getInt32Ty(), others_), high_bits), others_);
    jump(k, low);
  }

  void translate_indexed_branch(int k) {
    const auto found = program_.function.branch_targets.find(ins->operands[1].name);
    if (found == program_.function.branch_targets.end())
      unsupported("branch table '" + ins->operands[1].name + "'");
    Value* index_lanes = read(ins->operands[0], Type::u32, true);
    count_indexed_branch(block_bits_, index_lanes);
    Value* lanes = ins->guard >= 0 ? ir.CreateAnd(block_lanes_, guard_value()) : block_lanes_;
    Value* pcs = splat(pc_value(k + 1));
    Value* outside = lanes;
    for (std::size_t i = 0; i < found->second.size(); ++i) {
      Value* this_way = ir.CreateAnd(
          lanes, ir.CreateICmpEQ(index_lanes, splat(ir.getInt32(static_cast<std::uint32_t>(i)))));
      pcs =
          ir.CreateSelect(this_way, splat(pc_value(program_.flow.block_of[found->second[i]])), pcs);
      outside = ir.CreateAnd(outside, ir.CreateNot(this_way));
    }
    store_registers(k);
    BasicBlock *stop = new_block("brx.outside"), *go_on = new_block("brx.go");
    ir.CreateCondBr(ir.CreateICmpNE(lanes_to_bits(outside), ir.getInt32(0)), stop, go_on);
    ir.SetInsertPoint(stop);
    end_with_fault();
    ir.SetInsertPoint(go_on);
    store_lane_pcs(ir.CreateSelect(block_lanes_, pcs, lane_pcs()));
    ir.CreateBr(dispatch_);
  }

  void translate_end(int k) {
    Value* ending =
        ins->guard < 0 ? block_bits_ : ir.CreateAnd(block_bits_, lanes_to_bits(guard_value()));
    store_registers(k);
    BasicBlock *end = new_block("end"), *go_on = new_block("goon");
    ir.CreateCondBr(ir.CreateICmpNE(ending, ir.getInt32(0)), end, go_on);
    ir.SetInsertPoint(end);
    if (ins->opcode == "trap") {
      end_with_fault();
    } else {
      store_warp(offsetof(WarpState, live),
                 ir.CreateAnd(load_warp(offsetof(WarpState, live)), ir.CreateNot(ending)));
      call("vgpu_warp_release", ir.getVoidTy(),
           {warp_, block_});  // lanes may have waited for those that end
      ir.CreateStore(ir.CreateAnd(mask(), ir.CreateNot(ending)), mask_);
      ir.CreateCondBr(ir.CreateICmpEQ(mask(), ir.getInt32(0)), dispatch_, go_on);
    }
    ir.SetInsertPoint(go_on);
    if (ins->guard < 0)
      ir.CreateBr(dispatch_);
    else
      jump(k, k + 1);
  }

  void translate_barrier(int k) {
    if (ins->has("arrive")) {
      arrive(block_bits_);
      store_registers(k);
      return jump(k, k + 1);
    }
    const bool reduces = ins->has("red");
    const std::size_t plain = ins->operands.size() - (reduces ? 1 : 0);
    Value* id = barrier_operand(0, 0);
    Value* threads = plain > 1 ? barrier_operand(1, 0) : ir.getInt32(0);
    Value* predicate =
        reduces ? lanes_to_bits(read(ins->operands.back(), Type::pred, true)) : nullptr;
    store_registers(k);
    Value* waiting = load_warp(offsetof(WarpState, at_barrier));
    Value* other = ir.CreateAnd(ir.CreateICmpNE(waiting, ir.getInt32(0)),
                                ir.CreateICmpNE(load_warp(offsetof(WarpState, barrier_id)), id));
    BasicBlock *two = new_block("barrier.two"), *wait = new_block("barrier.wait");
    ir.CreateCondBr(other, two, wait);
    ir.SetInsertPoint(
        two);  // lanes of one warp at two barriers at once: not supported, and said so
    end_with_fault();
    ir.SetInsertPoint(wait);
    store_warp(offsetof(WarpState, barrier_id), id);
    store_warp(offsetof(WarpState, barrier_threads), threads);
    const std::uint32_t operation = !reduces ? 0 : ins->has("popc") ? 1 : ins->has("and") ? 2 : 3;
    store_warp(offsetof(WarpState, barrier_operation), ir.getInt32(operation));
    if (reduces) {
      Value* kept = ir.CreateAnd(load_warp(offsetof(WarpState, barrier_predicate)),
                                 ir.CreateNot(block_bits_));
      store_warp(offsetof(WarpState, barrier_predicate),
                 ir.CreateOr(kept, ir.CreateAnd(predicate, block_bits_)));
    }
    stand_at(k + 1, block_bits_);
    store_warp(offsetof(WarpState, at_barrier), ir.CreateOr(waiting, block_bits_));
    store_warp(offsetof(WarpState, retries), ir.getInt32(0));
    ir.CreateStore(ir.getInt32(0), retries_);
    ir.CreateBr(dispatch_);
  }

  BasicBlock *dispatch_ = nullptr, *stop_ = nullptr;
  std::vector<BasicBlock*> enter_, code_of_;
  llvm::AllocaInst *mask_ = nullptr, *next_ = nullptr, *others_ = nullptr, *retries_ = nullptr,
                   *stop_pc_ = nullptr;
  std::map<int, Value*> values_;  // of the block being translated
  std::map<int, bool> written_;
  Value *block_bits_ = nullptr, *block_lanes_ = nullptr, *lanes_ = nullptr;
  bool guarded_ = false;
};

}  // namespace

void translate_masked(const Program& program, Effort effort, llvm::Module& module,
                      const std::string& name, Places places) {
  llvm::IRBuilder<> builder(module.getContext());
  MaskedTranslator translator(program, effort, module, builder, name);
  if (places == Places::kept) translator.keep_places();
  translator.run();
}

}  // namespace vgpu::translate
