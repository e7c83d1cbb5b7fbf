// observed.cpp - what code of checked launches tells the observers (vgpu/observe).
//
// A warp's access is told before it is made, with each lane's address; lanes that would touch what
// is not theirs are then left out of it. The observers see whole instructions, so that full and
// masked code tell the same.
#include "vgpu/observe/access.h"
#include "vgpu/translate/lane_emitter.h"

namespace vgpu::translate {
using llvm::Value;
using ptx::Operand;
using ptx::Type;

namespace {

/// Instructions whose accesses leave out the lanes that are not active.
bool honours_mask(const ptx::Instruction& ins) {
  for (const char* opcode : {"ld", "ldu", "st", "atom", "red", "cp"})
    if (ins.opcode == opcode) return true;
  return false;
}

}  // namespace

Value* LaneEmitter::observe_accesses() {
  if (!program_.checks.sees_accesses()) return nullptr;
  const std::vector<observe::Access> all = observe::accesses_of(*ins);
  if (all.empty()) return nullptr;
  Value* before = active_bits();
  Value* allowed = before;
  for (std::size_t which = 0; which < all.size(); ++which) {
    const observe::Access& a = all[which];
    Value* where = spill(pointers(addresses(a.operand, a.space)));
    Value* values = program_.checks.race && a.stored >= 0
                        ? stored_values(a.stored)
                        : llvm::ConstantPointerNull::get(ir.getPtrTy());
    Value* these = call("vgpu_observe_access", ir.getInt32Ty(),
                        {warp_, block_, ir.getInt32(static_cast<std::uint32_t>(index)),
                         ir.getInt32(static_cast<std::uint32_t>(which)), before, where, values});
    allowed = ir.CreateAnd(allowed, these);
  }
  if (!program_.checks.memory) return nullptr;  // every lane goes on
  if (honours_mask(*ins)) return allowed_ = allowed;
  stop_unless(allowed, before);
  return nullptr;
}

/// What takes no mask cannot leave lanes out.
void LaneEmitter::stop_unless(Value* allowed, Value* wanted) {
  auto* why =
      ir.CreateGlobalStringPtr("an access that the memory check refuses", "why", 0, &module);
  stop_with(ir.CreateSelect(ir.CreateICmpEQ(allowed, wanted),
                            llvm::ConstantPointerNull::get(ir.getPtrTy()), why));
}

void LaneEmitter::watch_pieces(Value* lanes, Value* addresses, Value* bytes, ptx::Space space,
                               bool writes) {
  if (!program_.checks.sees_accesses()) return;
  Value* allowed =
      call("vgpu_observe_pieces", ir.getInt32Ty(),
           {warp_, block_, ir.getInt32(static_cast<std::uint32_t>(index)), lanes, addresses, bytes,
            ir.getInt32(static_cast<std::uint32_t>(space)), ir.getInt32(writes)});
  if (program_.checks.memory) stop_unless(allowed, lanes);
}

void LaneEmitter::watch_object(const char* hook, Value* lanes, Value* objects) {
  if (program_.checks.race) call(hook, ir.getVoidTy(), {warp_, block_, lanes, objects});
}

void LaneEmitter::watch_arrival(Value* lanes, Value* objects) {
  watch_object("vgpu_observe_object_arrival", lanes, objects);
}

void LaneEmitter::watch_wait(Value* lanes, Value* objects) {
  watch_object("vgpu_observe_object_wait", lanes, objects);
}

/// The values that a store writes, [element][lane], in memory.
Value* LaneEmitter::stored_values(int operand) {
  const Operand& given = ins->operands[static_cast<std::size_t>(operand)];
  const bool many = given.kind == Operand::Kind::vector;
  const std::size_t count = many ? given.elements.size() : 1;
  const Type type = ins->last_type();
  auto* lanes = vector_of(element(type));
  Value* room = scratch(llvm::ArrayType::get(lanes, count));
  for (std::size_t w = 0; w < count; ++w)
    ir.CreateStore(read(many ? given.elements[w] : given, type, true),
                   ir.CreateConstInBoundsGEP1_64(lanes, room, w));
  return room;
}

/// One address for all lanes is loaded from without a mask: from zeros where no lane may.
Value* LaneEmitter::harmless(Value* base) {
  constexpr std::uint64_t kBytes = 64;
  llvm::GlobalVariable* zeros = module.getNamedGlobal("zeros");
  if (!zeros) {
    auto* type = llvm::ArrayType::get(ir.getInt8Ty(), kBytes);
    zeros = new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::PrivateLinkage,
                                     llvm::Constant::getNullValue(type), "zeros");
    zeros->setAlignment(llvm::Align(kBytes));
  }
  return ir.CreateSelect(ir.CreateICmpEQ(allowed_, ir.getInt32(0)), zeros, base);
}

void LaneEmitter::observe_exchange() {
  if (!program_.checks.race && !program_.checks.sync) return;
  Value* none = llvm::ConstantPointerNull::get(ir.getPtrTy());
  const bool named = !takes_whole_warp(*ins);
  Value* masks = named ? spill(read(ins->operands.back(), Type::b32, true)) : none;
  const bool shuffle = ins->opcode == "shfl";
  Value* lanes = shuffle ? spill(read(ins->operands.at(2), Type::b32, true)) : none;
  Value* bounds = shuffle ? spill(read(ins->operands.at(3), Type::b32, true)) : none;
  call("vgpu_observe_exchange", ir.getVoidTy(),
       {warp_, block_, ir.getInt32(static_cast<std::uint32_t>(index)), active_bits(), masks, lanes,
        bounds});
}

void LaneEmitter::observe_arrival(Value* bits, Value* named) {
  if (!program_.checks.sync) return;
  call("vgpu_observe_arrival", ir.getVoidTy(),
       {warp_, block_, ir.getInt32(static_cast<std::uint32_t>(index)), bits, named});
}

void LaneEmitter::observe_fence() {
  if (program_.checks.race && observe::is_fence(*ins))
    call("vgpu_observe_fence", ir.getVoidTy(), {block_});
}

void LaneEmitter::observe_registers(Value* block, Value* lanes) {
  const auto found = program_.unwritten.uses.find(index);
  if (found == program_.unwritten.uses.end()) return;
  const auto kind = found->second.kind;
  const auto predicate = [&](std::size_t k) {
    return lanes_to_bits(read(ins->operands.at(k), Type::pred, true));
  };
  Value *first = ir.getInt32(0), *second = first;
  if (kind == observe::RegisterUse::Kind::selects) {
    first = predicate(3);
  } else if (found->second.depends()) {
    first = predicate(1);
    second = predicate(2);
  }
  call(
      "vgpu_observe_registers", ir.getVoidTy(),
      {warp_, block_, ir.getInt32(static_cast<std::uint32_t>(index)), block, lanes, first, second});
}

void LaneEmitter::count_block(int k, Value* bits) {
  if (program_.checks.counters)
    call("vgpu_count_block", ir.getVoidTy(),
         {block_, ir.getInt32(static_cast<std::uint32_t>(k)), bits});
}

void LaneEmitter::count_guard(Value* bits, Value* on) {
  if (program_.checks.counters) call("vgpu_count_guard", ir.getVoidTy(), {block_, bits, on});
}

void LaneEmitter::count_branch(Value* bits, Value* taken) {
  if (program_.checks.counters) call("vgpu_count_branch", ir.getVoidTy(), {block_, bits, taken});
}

void LaneEmitter::count_indexed_branch(Value* bits, Value* indices) {
  if (program_.checks.counters)
    call("vgpu_count_indexed_branch", ir.getVoidTy(), {block_, bits, spill(indices)});
}

}  // namespace vgpu::translate
