#include "vgpu/translate/lane_emitter.h"

#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/MDBuilder.h>

#include "vgpu/machine/machine.h"
#include "vgpu/translate/calls.h"
#include "vgpu/translate/prepare.h"
#include "vgpu/translate/translate.h"

namespace vgpu::translate {
using llvm::Value;
using ptx::Operand;
using ptx::Space;
using ptx::Type;

LaneEmitter::LaneEmitter(const Program& program, Effort effort, llvm::Module& llvm_module,
                         llvm::IRBuilder<>& builder, const std::string& name, bool full)
    : Emitter(builder, llvm_module),
      program_(program),
      full_(full),
      hasty_(effort == Effort::little) {
  auto* pointer = ir.getPtrTy();
  auto* type = llvm::FunctionType::get(ir.getInt32Ty(), {pointer, pointer}, false);
  code_ = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, llvm_module);
  code_->addFnAttr("prefer-vector-width", "512");
  code_->addFnAttr("min-legal-vector-width", "512");
  code_->addFnAttr(llvm::Attribute::NoUnwind);
  noisy = program.noisy;
  compact = effort != Effort::full;
  warp_ = code_->getArg(0);
  block_ = code_->getArg(1);
  for (unsigned i = 0; i < 2; ++i) code_->addParamAttr(i, llvm::Attribute::NoAlias);
  code_->addParamAttr(0, llvm::Attribute::getWithAlignment(ir.getContext(), llvm::Align(64)));
  top_ = new_block("top");
}

void LaneEmitter::keep_places() {
  module.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  llvm::DIBuilder builder(module);
  llvm::DIFile* file = builder.createFile("kernel", "");
  builder.createCompileUnit(llvm::dwarf::DW_LANG_C, file, "vgpu", true, "", 0, "",
                            llvm::DICompileUnit::LineTablesOnly);
  places_ =
      builder.createFunction(file, code_->getName(), "", file, 1, builder.createSubroutineType({}),
                             1, llvm::DINode::FlagZero, llvm::DISubprogram::SPFlagDefinition);
  code_->setSubprogram(places_);
  builder.finalize();
}

void LaneEmitter::begin_instruction(int at) {
  if (places_)
    ir.SetCurrentDebugLocation(llvm::DILocation::get(
        ir.getContext(), static_cast<unsigned>(at + kFirstInstructionsLine), 1, places_));
  index = at;
  ins = &program_.function.body[at];
  scratch_used_.clear();
  allowed_ = nullptr;
}

llvm::BasicBlock* LaneEmitter::leave_sometimes() {
  Value* trips = ir.CreateAdd(load_warp(offsetof(WarpState, trips)), ir.getInt32(1));
  store_warp(offsetof(WarpState, trips), trips);
  llvm::BasicBlock *leave = new_block("visit"), *stay = new_block("stay");
  ir.CreateCondBr(
      ir.CreateICmpEQ(ir.CreateAnd(trips, ir.getInt32(kTripsOfAVisit - 1)), ir.getInt32(0)), leave,
      stay);
  ir.SetInsertPoint(stay);
  return leave;
}

void LaneEmitter::refuse(const std::string& why) {
  throw Fault(Fault::Kind::unsupported_instruction,
              program_.module->place_of(*ins, program_.function.name) + " is not supported" +
                  (why.empty() ? "" : ": " + why));
}

llvm::AllocaInst* LaneEmitter::alloca_at_top(llvm::Type* type, const std::string& name) {
  llvm::IRBuilder<> top(top_, top_->begin());
  return top.CreateAlloca(type, nullptr, name);
}

Value* LaneEmitter::scratch(llvm::Type* type) {
  llvm::AllocaInst*& room = scratch_[{type, scratch_used_[type]++}];
  if (!room) room = alloca_at_top(type, "scratch");
  return room;
}

Value* LaneEmitter::carry() {
  if (!carry_) unsupported("a carry from another basic block");
  return carry_;
}

Value* LaneEmitter::block_value(std::size_t offset, llvm::Type* type) {
  Value*& value = block_values_[offset];
  if (value) return value;
  llvm::IRBuilder<> top(top_);
  if (top_->getTerminator()) top.SetInsertPoint(top_->getTerminator());
  Value* at =
      offset == 0 ? block_ : top.CreateConstInBoundsGEP1_64(top.getInt8Ty(), block_, offset);
  value = top.CreateLoad(type, at);
  return value;
}

Value* LaneEmitter::coerce(Value* value, llvm::Type* type) {
  llvm::Type* from = value->getType()->getScalarType();
  if (from == type) return value;
  const bool vector = value->getType()->isVectorTy();
  auto like = [&](llvm::Type* t) { return vector ? static_cast<llvm::Type*>(vector_of(t)) : t; };
  Value* bits = as_int(value);
  llvm::Type* target = type->isIntegerTy() ? type : ir.getIntNTy(type->getScalarSizeInBits());
  bits = ir.CreateZExtOrTrunc(bits, like(target));
  return type->isIntegerTy() ? bits : ir.CreateBitCast(bits, like(type));
}

Value* LaneEmitter::expand(Value* base, const Shape& shape) {
  Value* all = splat(base);
  if (shape.uniform()) return all;
  return ir.CreateAdd(
      all, lane_numbers(base->getType(), {shape.stride, shape.jump, program_.rows.lanes}));
}

Value* LaneEmitter::load_vector_slot(int reg) {
  llvm::Type* type = register_type(reg);
  if (type->isIntegerTy(1)) return bits_to_lanes(ir.CreateLoad(ir.getInt32Ty(), vector_slot(reg)));
  return ir.CreateAlignedLoad(vector_of(type), vector_slot(reg), llvm::Align(64));
}

void LaneEmitter::store_vector_slot(int reg, Value* value) {
  if (register_type(reg)->isIntegerTy(1))
    ir.CreateStore(lanes_to_bits(value), vector_slot(reg));
  else
    ir.CreateAlignedStore(value, vector_slot(reg), llvm::Align(64));
}

bool LaneEmitter::constant(int k, std::int64_t& value) {
  if (k < 0 || k >= static_cast<int>(ins->operands.size())) return false;
  const Operand& operand = ins->operands[k];
  if (operand.kind == Operand::Kind::integer) {
    value = static_cast<std::int64_t>(operand.bits);
    return true;
  }
  if (operand.kind != Operand::Kind::reg) return false;
  const Shape& shape = program_.shapes.of_register[operand.reg];
  if (!shape.uniform() || !shape.constant || !(full_ || program_.shapes.invariant[operand.reg]))
    return false;
  value = *shape.constant;
  return true;
}

Value* LaneEmitter::read(const Operand& operand, Type type, bool as_vector) {
  llvm::Type* target = element(type);
  switch (operand.kind) {
    case Operand::Kind::reg: {
      Value* value = coerce(read_register(operand.reg, as_vector), target);
      return operand.negated ? ir.CreateNot(value) : value;
    }
    case Operand::Kind::integer:
      if (target->isFloatingPointTy())
        return widened(
            ir.CreateBitCast(ir.getIntN(target->getScalarSizeInBits(), operand.bits), target),
            as_vector);
      return widened(ir.getIntN(target->getIntegerBitWidth(), operand.bits), as_vector);
    case Operand::Kind::real: {
      const auto& semantics =
          operand.width == 64 ? llvm::APFloat::IEEEdouble() : llvm::APFloat::IEEEsingle();
      const llvm::APFloat encoded(semantics,
                                  llvm::APInt(static_cast<unsigned>(operand.width), operand.bits));
      return widened(coerce(llvm::ConstantFP::get(ir.getContext(), encoded), target), as_vector);
    }
    case Operand::Kind::special:
      return widened(coerce(special(operand.name, as_vector), target), as_vector);
    case Operand::Kind::symbol:
      return widened(symbol_address(operand, type), as_vector);
    default:
      unsupported("operand");
  }
}

// --- special registers ---

Value* LaneEmitter::thread_index(int dimension, bool as_vector) {
  const std::size_t at = offsetof(WarpState, tid) +
                         sizeof(std::uint32_t[kWarpSize]) * static_cast<std::size_t>(dimension);
  if (full_ && program_.rows.known) {
    Value* base = ir.CreateLoad(ir.getInt32Ty(), warp_field(at));
    return as_vector ? expand(base, Shape::lanes(dimension == 0, dimension == 1, 0)) : base;
  }
  return ir.CreateAlignedLoad(vector_of(ir.getInt32Ty()), warp_field(at), llvm::Align(64));
}

Value* LaneEmitter::special(const std::string& name, bool as_vector) {
  const auto i32 = ir.getInt32Ty();
  const auto dimension = [&] { return name.back() == 'x' ? 0 : name.back() == 'y' ? 1 : 2; };
  const auto triple = [&](std::size_t offset) {
    return block_value(offset + 4 * static_cast<std::size_t>(dimension()), i32);
  };
  const bool has_axis =
      name.size() > 2 && name[name.size() - 2] == '.' && name.back() >= 'x' && name.back() <= 'z';
  const std::string stem = has_axis ? name.substr(0, name.size() - 2) : name;
  if (stem == "tid") return thread_index(dimension(), as_vector);
  if (stem == "ntid") return triple(offsetof(BlockState, ntid));
  if (stem == "ctaid" || stem == "clusterid") return triple(offsetof(BlockState, ctaid));
  if (stem == "nctaid" || stem == "nclusterid") return triple(offsetof(BlockState, nctaid));
  if (stem == "cluster_ctaid" || stem == "cluster_ctarank") return ir.getInt32(0);
  if (stem == "cluster_nctaid" || stem == "cluster_nctarank") return ir.getInt32(1);
  if (stem == "is_explicit_cluster") return ir.getFalse();
  if (stem == "laneid") return as_vector ? lane_numbers(i32, 1) : ir.getInt32(0);
  if (stem == "warpid") return load_warp(offsetof(WarpState, warp_index));
  if (stem == "smid") return block_value(offsetof(BlockState, smid), i32);
  if (stem == "gridid") return block_value(offsetof(BlockState, grid_id), ir.getInt64Ty());
  if (stem == "dynamic_smem_size")
    return block_value(offsetof(BlockState, dynamic_shared_bytes), i32);
  if (stem == "total_smem_size" || stem == "aggr_smem_size")
    return ir.CreateTrunc(block_value(offsetof(BlockState, shared_bytes), ir.getInt64Ty()), i32);
  if (stem == "envreg1" || stem == "envreg2") {
    Value* at = block_value(offsetof(BlockState, grid_workspace), ir.getInt64Ty());
    return ir.CreateTrunc(stem == "envreg1" ? ir.CreateLShr(at, 32) : at, i32);
  }
  if (stem == "nwarpid") {
    Value* threads = ir.CreateMul(block_value(offsetof(BlockState, ntid), i32),
                                  ir.CreateMul(block_value(offsetof(BlockState, ntid) + 4, i32),
                                               block_value(offsetof(BlockState, ntid) + 8, i32)));
    return ir.CreateLShr(ir.CreateAdd(threads, ir.getInt32(kWarpSize - 1)), 5);
  }
  if (stem.rfind("lanemask_", 0) == 0) {
    std::vector<std::uint32_t> masks;
    for (std::uint32_t lane = 0; lane < kWarpSize; ++lane) {
      const std::uint32_t eq = 1u << lane, lt = eq - 1;
      const std::string kind = stem.substr(9);
      masks.push_back(kind == "eq"   ? eq
                      : kind == "lt" ? lt
                      : kind == "le" ? lt | eq
                      : kind == "gt" ? ~(lt | eq)
                                     : ~lt);
    }
    return llvm::ConstantDataVector::get(ir.getContext(), masks);
  }
  if (stem == "clock" || stem == "clock64" || stem == "clock_hi" ||
      stem.rfind("globaltimer", 0) == 0) {
    const bool clock = stem[0] == 'c';
    Value* now = call(clock ? "vgpu_clock" : "vgpu_globaltimer", ir.getInt64Ty(), {});
    const bool high = stem.size() > 3 && stem.substr(stem.size() - 3) == "_hi";
    return high ? ir.CreateLShr(now, 32) : now;
  }
  unsupported("special register %" + name);
}

// --- addresses ---

std::uint64_t LaneEmitter::offset_of(const std::unordered_map<std::string, std::uint64_t>& map,
                                     const std::string& name) {
  const auto found = map.find(name);
  if (found == map.end()) unsupported("'" + name + "' is not a variable of this space");
  return found->second;
}

/// mov of a variable's address: an offset in shared, local and param space, a host address
/// elsewhere.
Value* LaneEmitter::symbol_address(const Operand& operand, Type type) {
  const Layout& layout = program_.layout;
  const auto number_of = [&](std::uint64_t at) {
    return llvm::ConstantInt::get(element(type), at + static_cast<std::uint64_t>(operand.offset));
  };
  for (const auto* map : {&layout.shared, &layout.local, &layout.parameter})
    if (const auto found = map->find(operand.name); found != map->end())
      return number_of(found->second);
  const auto found = layout.symbol.find(operand.name);
  if (found == layout.symbol.end()) {
    const std::uint64_t function = function_address(*program_.module, operand.name);
    if (function == 0) unsupported("symbol '" + operand.name + "'");
    return number_of(function);
  }
  Value* table = block_value(offsetof(BlockState, symbols), ir.getPtrTy());
  Value* at = ir.CreateLoad(
      ir.getInt64Ty(),
      ir.CreateConstGEP1_64(ir.getInt64Ty(), table, static_cast<std::uint64_t>(found->second)));
  return coerce(ir.CreateAdd(at, ir.getInt64(static_cast<std::uint64_t>(operand.offset))),
                element(type));
}

Value* LaneEmitter::local_base(bool as_vector) {
  Value* base = ir.CreateLoad(ir.getPtrTy(), warp_field(offsetof(WarpState, local)));
  if (!as_vector) return base;
  return ir.CreateGEP(
      ir.getInt8Ty(), base,
      lane_numbers(ir.getInt64Ty(), static_cast<std::int64_t>(program_.layout.local_bytes)));
}

isa::LaneAddresses LaneEmitter::addresses(int k, Space space) {
  if (k < 0) return isa::LaneAddresses::any(local_base(true));
  const Operand& operand = ins->operands[k];
  if (operand.kind != Operand::Kind::address && operand.kind != Operand::Kind::symbol)
    unsupported("address operand");
  isa::LaneAddresses out = space_addresses(operand, space);
  if (allowed_ && out.affine && out.stride == 0) out.base = harmless(out.base);
  return out;
}

isa::LaneAddresses LaneEmitter::space_addresses(const Operand& operand, Space space) {
  const auto i64 = ir.getInt64Ty();
  const bool offsets = space == Space::shared || space == Space::local || space == Space::param;
  const bool by_lane = space == Space::local;
  const auto lane_step = static_cast<std::int64_t>(by_lane ? program_.layout.local_bytes : 0);
  const int row = program_.rows.lanes;
  Value* base = nullptr;
  if (space == Space::shared) base = block_value(offsetof(BlockState, shared), ir.getPtrTy());
  if (space == Space::param) base = block_value(offsetof(BlockState, params), ir.getPtrTy());
  if (space == Space::local) base = local_base(false);
  const auto at_scalar = [&](Value* scalar, const Shape& shape) -> isa::LaneAddresses {
    Value* p = offsets ? ir.CreateGEP(ir.getInt8Ty(), base, scalar)
                       : ir.CreateIntToPtr(scalar, ir.getPtrTy());
    return isa::LaneAddresses::in_rows(
        p, {shape.stride + lane_step, shape.jump + lane_step * row, row});
  };
  if (operand.reg < 0) {
    if (operand.name.empty())
      return at_scalar(ir.getInt64(static_cast<std::uint64_t>(operand.offset)), Shape::scalar());
    return at_scalar(symbol_address(operand, Type::b64), Shape::scalar());
  }
  // Offsets in a space are small: a narrow register is widened by sign, so that base - 4 + 4 * lane
  // keeps its meaning.
  const Shape& shape = program_.shapes.of_register[operand.reg];
  const Type type =
      ptx::bits_of(program_.function.registers[operand.reg].type) == 32 ? Type::s32 : Type::s64;
  const bool scalar = full_ ? shape.affine() : program_.shapes.invariant[operand.reg];
  Operand reg = operand;
  reg.kind = Operand::Kind::reg;
  Value* value = read(reg, type, !scalar);
  value = ir.CreateSExt(value, scalar ? static_cast<llvm::Type*>(i64) : vector_of(i64));
  Value* offset = ir.getInt64(static_cast<std::uint64_t>(operand.offset));
  value = ir.CreateAdd(value, scalar ? offset : splat(offset));
  if (scalar) return at_scalar(value, shape);
  if (!offsets) return isa::LaneAddresses::any(ir.CreateIntToPtr(value, vector_of(ir.getPtrTy())));
  if (lane_step != 0) value = ir.CreateAdd(value, lane_numbers(i64, lane_step));
  return isa::LaneAddresses::any(ir.CreateGEP(ir.getInt8Ty(), base, value));
}

// --- calls and barriers ---

void LaneEmitter::end_with_fault() {
  ir.CreateStore(ir.getInt32(static_cast<std::uint32_t>(index)),
                 block_field(offsetof(BlockState, fault_pc)));
  end_with(RunResult::fault);
}

void LaneEmitter::fault_if(Value* wrong, std::int64_t bytes,
                           const std::function<Value*()>& address) {
  llvm::BasicBlock *stop = new_block("fault"), *next = new_block("aligned");
  ir.CreateCondBr(wrong, stop, next,
                  llvm::MDBuilder(ir.getContext()).createUnlikelyBranchWeights());
  ir.SetInsertPoint(stop);
  ir.CreateStore(address(), block_field(offsetof(BlockState, fault_address)));
  ir.CreateStore(ir.getInt32(static_cast<std::uint32_t>(bytes)),
                 block_field(offsetof(BlockState, fault_bytes)));
  end_with_fault();
  ir.SetInsertPoint(next);
}

void LaneEmitter::stop_with(Value* text) {
  llvm::BasicBlock *stop = new_block("refused"), *next = new_block("granted");
  ir.CreateCondBr(ir.CreateIsNotNull(text), stop, next,
                  llvm::MDBuilder(ir.getContext()).createUnlikelyBranchWeights());
  ir.SetInsertPoint(stop);
  ir.CreateStore(text, block_field(offsetof(BlockState, fault_text)));
  end_with_fault();
  ir.SetInsertPoint(next);
}

void LaneEmitter::emit_call() {
  const Call parts = parts_of_call(*ins);
  std::vector<Value*> arguments{warp_, block_, active_bits(),
                                ir.getInt64(program_.layout.local_bytes)};
  const auto local_offset = [&](const Operand* operand) {
    return ir.getInt64(operand ? offset_of(program_.layout.local, operand->name)
                               : ~std::uint64_t{0});
  };
  arguments.push_back(local_offset(parts.result));
  constexpr std::size_t kMost = 5;  // __assertfail's
  for (std::size_t i = 0; i < kMost; ++i)
    arguments.push_back(local_offset(i < parts.arguments.size() ? parts.arguments[i] : nullptr));
  std::vector<llvm::Type*> types;
  for (Value* a : arguments) types.push_back(a->getType());
  auto callee = module.getOrInsertFunction("vgpu_call_" + parts.callee->name,
                                           llvm::FunctionType::get(ir.getInt32Ty(), types, false));
  Value* refused = ir.CreateICmpNE(ir.CreateCall(callee, arguments), ir.getInt32(0));
  llvm::BasicBlock *stop = new_block("call.fault"), *next = new_block("call.done");
  ir.CreateCondBr(refused, stop, next);
  ir.SetInsertPoint(stop);
  end_with_fault();
  ir.SetInsertPoint(next);
}

Value* LaneEmitter::barrier_operand(std::size_t k, std::uint32_t otherwise) {
  if (k >= ins->operands.size()) return ir.getInt32(otherwise);
  const Operand& operand = ins->operands[k];
  if (operand.kind == Operand::Kind::integer)
    return ir.getInt32(static_cast<std::uint32_t>(operand.bits));
  Value* lanes = read(operand, Type::b32, true);
  Value* first =
      ir.CreateIntrinsic(ir.getInt32Ty(), llvm::Intrinsic::cttz, {active_bits(), ir.getFalse()});
  return ir.CreateExtractElement(lanes, ir.CreateAnd(first, ir.getInt32(kWarpSize - 1)));
}

void LaneEmitter::arrive(Value* bits) {
  Value* lanes = ir.CreateIntrinsic(ir.getInt32Ty(), llvm::Intrinsic::ctpop, {bits});
  call("vgpu_barrier_arrive", ir.getVoidTy(),
       {block_, barrier_operand(0, 0), barrier_operand(1, 0), lanes});
}

}  // namespace vgpu::translate
