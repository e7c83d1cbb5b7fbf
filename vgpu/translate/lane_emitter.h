// lane_emitter.h - what full and masked code have in common: operands, special registers,
// addresses, the state's fields.
#pragma once

#include <map>
#include <unordered_map>
#include <vector>

#include "vgpu/isa/emitter.h"
#include "vgpu/translate/program.h"
#include "vgpu/translate/translate.h"

namespace vgpu::translate {

/// What a trip of a loop that may wait for others costs of a warp's turns: it gives way sooner.
constexpr std::uint32_t kTurnsOfAPoll = 64;
constexpr std::uint32_t kTripsOfAVisit = 1 << 14;  // a power of two

class LaneEmitter : public isa::Emitter {
 public:
  LaneEmitter(const Program& program, Effort effort, llvm::Module& module,
              llvm::IRBuilder<>& builder, const std::string& name, bool full);

  /// Places::kept of translate.h.
  void keep_places();

  bool constant(int k, std::int64_t& value) override;
  llvm::Value* read(const ptx::Operand& operand, ptx::Type type, bool as_vector) override;
  ptx::Type declared_type(const ptx::Operand& operand) const override {
    return operand.reg < 0 ? ptx::Type::none : program_.function.registers[operand.reg].type;
  }
  isa::LaneAddresses addresses(int k, ptx::Space space) override;
  void fault_if(llvm::Value* wrong, std::int64_t bytes,
                const std::function<llvm::Value*()>& address) override;
  void stop_with(llvm::Value* text) override;
  void watch_pieces(llvm::Value* lanes, llvm::Value* addresses, llvm::Value* bytes,
                    ptx::Space space, bool writes) override;
  void watch_arrival(llvm::Value* lanes, llvm::Value* objects) override;
  void watch_wait(llvm::Value* lanes, llvm::Value* objects) override;
  llvm::Value* warp_field(std::size_t offset) override { return field(warp_, offset); }
  llvm::Value* block_field(std::size_t offset) override { return field(block_, offset); }
  llvm::Value* scratch(llvm::Type* type) override;
  void refuse(const std::string& why) override;
  llvm::Value* carry() override;
  void set_carry(llvm::Value* value) override { carry_ = value; }

 protected:
  virtual llvm::Value* read_register(int reg, bool as_vector) = 0;

  void begin_instruction(int index);
  llvm::Type* register_type(int reg) { return element(program_.function.registers[reg].type); }
  /// `value` as `type`: bits kept, narrowed or zero-extended; scalars and vectors alike.
  llvm::Value* coerce(llvm::Value* value, llvm::Type* type);
  llvm::Value* widened(llvm::Value* value, bool as_vector) {
    return as_vector && !value->getType()->isVectorTy() ? splat(value) : value;
  }
  /// The lanes' values as a vector of the base's type.
  llvm::Value* expand(llvm::Value* base, const Shape& shape);
  llvm::Value* vector_slot(int reg) { return frame(program_.layout.vector_slot[reg]); }
  llvm::Value* scalar_slot(int reg) { return frame(program_.layout.scalar_slot[reg]); }
  llvm::Value* load_vector_slot(int reg);
  void store_vector_slot(int reg, llvm::Value* value);
  llvm::Value* load_scalar_slot(int reg) {
    return ir.CreateLoad(register_type(reg), scalar_slot(reg));
  }
  void store_scalar_slot(int reg, llvm::Value* value) { ir.CreateStore(value, scalar_slot(reg)); }

  llvm::Value* load_warp(std::size_t offset) {
    return ir.CreateLoad(ir.getInt32Ty(), warp_field(offset));
  }
  void store_warp(std::size_t offset, llvm::Value* value) {
    ir.CreateStore(value, warp_field(offset));
  }
  /// A field of the block that never changes while it runs, loaded once at the function's top.
  llvm::Value* block_value(std::size_t offset, llvm::Type* type);
  llvm::Value* lane_pcs() {
    return ir.CreateAlignedLoad(vector_of(ir.getInt32Ty()),
                                warp_field(offsetof(WarpState, lane_pc)), llvm::Align(64));
  }
  void store_lane_pcs(llvm::Value* value) {
    ir.CreateAlignedStore(value, warp_field(offsetof(WarpState, lane_pc)), llvm::Align(64));
  }
  /// Code made with little effort: goes on at a new block, or once in kTripsOfAVisit backward jumps
  /// at the one that is returned, to come back to the machine, which may have better code by then.
  llvm::BasicBlock* leave_sometimes();
  void end_with(RunResult result) { ir.CreateRet(ir.getInt32(static_cast<std::uint32_t>(result))); }
  llvm::BasicBlock* new_block(const std::string& name) {
    return llvm::BasicBlock::Create(ir.getContext(), name, code_);
  }
  llvm::AllocaInst* alloca_at_top(llvm::Type* type, const std::string& name);

  // --- observers (observed.cpp): calls that tell them what the instruction does ---

  /// Before the instruction's accesses: the lanes that may perform them, i32; null: nobody asked.
  llvm::Value* observe_accesses();
  /// Before what lanes of a warp do together: shfl.sync, bar.warp.sync and their kin.
  void observe_exchange();
  /// Lanes come to a warp-level barrier or exchange and wait for others.
  void observe_arrival(llvm::Value* bits, llvm::Value* named);
  void observe_fence();
  /// The instruction reads or writes registers that may be unwritten; `lanes` of the `block` ones
  /// perform it.
  void observe_registers(llvm::Value* block, llvm::Value* lanes);
  bool watches_registers() const { return program_.unwritten.uses.contains(index); }
  /// What the counters are told: a basic block that ran, a guard's lanes, a branch's ways.
  void count_block(int k, llvm::Value* bits);
  void count_guard(llvm::Value* bits, llvm::Value* on);
  void count_branch(llvm::Value* bits, llvm::Value* taken);
  void count_indexed_branch(llvm::Value* bits, llvm::Value* indices);

  /// The machine's functions (vprintf ...); a refusal to go on ends the run with RunResult::fault.
  void emit_call();
  void end_with_fault();
  /// Barrier operands: id, threads (0: all), as scalars.
  llvm::Value* barrier_operand(std::size_t k, std::uint32_t otherwise);
  /// bar.arrive, which does not wait: the machine counts the lanes.
  void arrive(llvm::Value* bits);

  const Program& program_;
  const bool full_;
  const bool hasty_;  // made with little effort
  llvm::Function* code_ = nullptr;
  llvm::Value* warp_ = nullptr;
  llvm::Value* block_ = nullptr;
  llvm::BasicBlock* top_ = nullptr;  // allocas and block values; its terminator comes last

 private:
  llvm::Value* field(llvm::Value* base, std::size_t offset) {
    return offset == 0 ? base : ir.CreateConstInBoundsGEP1_64(ir.getInt8Ty(), base, offset);
  }
  llvm::Value* frame(std::uint32_t offset) { return field(warp_, sizeof(WarpState) + offset); }
  llvm::Value* special(const std::string& name, bool as_vector);
  llvm::Value* thread_index(int dimension, bool as_vector);
  llvm::Value* symbol_address(const ptx::Operand& operand, ptx::Type type);
  llvm::Value* local_base(bool as_vector);
  isa::LaneAddresses space_addresses(const ptx::Operand& operand, ptx::Space space);
  std::uint64_t offset_of(const std::unordered_map<std::string, std::uint64_t>& map,
                          const std::string& name);

  void stop_unless(llvm::Value* allowed, llvm::Value* wanted);
  void watch_object(const char* hook, llvm::Value* lanes, llvm::Value* objects);
  llvm::Value* stored_values(int operand);
  llvm::Value* harmless(llvm::Value* base);

  llvm::Value* allowed_ = nullptr;  // lanes that the observers let pass, i32; null: all
  std::map<std::pair<llvm::Type*, int>, llvm::AllocaInst*> scratch_;
  std::map<llvm::Type*, int> scratch_used_;
  std::unordered_map<std::size_t, llvm::Value*> block_values_;
  llvm::Value* carry_ = nullptr;
  llvm::DISubprogram* places_ = nullptr;
};

}  // namespace vgpu::translate
