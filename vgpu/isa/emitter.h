// emitter.h - what an instruction's meaning is written against: operands in, results out, as LLVM
// values.
//
// A value is either one scalar that stands for all lanes or a vector <32 x T>; an instruction whose
// operands are all scalars is emitted once on scalars. The same code serves both: LLVM's builder
// does not mind. Storage types: f32 float, f64 double, pred i1, everything else (halves too) an
// integer of its width.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Module.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vgpu/machine/state.h"
#include "vgpu/ptx/module.h"

namespace vgpu::isa {

/// What lanes add to a number: column * (lane % row_lanes) + row * (lane / row_lanes).
struct LaneStep {
  std::int64_t column = 0, row = 0;
  int row_lanes = kWarpSize;
  /// Whether it is column * lane.
  bool is_one_row() const { return row_lanes == kWarpSize || row == column * row_lanes; }
};

/// An address of each lane.
struct LaneAddresses {
  bool affine = false;          // base + stride * lane, in bytes
  bool rows = false;            // base + step, in bytes, and not affine
  llvm::Value* base = nullptr;  // ptr, lane 0's address, when affine or in rows
  std::int64_t stride = 0;
  LaneStep step;
  llvm::Value* pointers = nullptr;  // <32 x ptr>, when neither

  static LaneAddresses in_rows(llvm::Value* base, const LaneStep& step) {
    const bool affine = step.is_one_row();
    return {affine, !affine, base, affine ? step.column : 0, step, nullptr};
  }
  static LaneAddresses any(llvm::Value* pointers) {
    return {false, false, nullptr, 0, {}, pointers};
  }
};

/// One instruction being translated.
class Emitter {
 public:
  Emitter(llvm::IRBuilder<>& builder, llvm::Module& llvm_module)
      : ir(builder), module(llvm_module) {}
  virtual ~Emitter() = default;

  llvm::IRBuilder<>& ir;
  llvm::Module& module;
  const ptx::Instruction* ins = nullptr;
  int index = 0;         // of the instruction in its function
  bool wide = true;      // operands and results are vectors
  bool compact = false;  // compile time matters more than what a call costs
  bool noisy = false;    // approximate results are moved (approximate_noise.h)

  /// Operand k as a value of `type`, scalar or vector as `wide` says.
  llvm::Value* in(int k, ptx::Type type) { return read(ins->operands[k], type, wide); }
  llvm::Value* in_wide(int k, ptx::Type type) { return read(ins->operands[k], type, true); }
  /// The operand's literal value, when it is one in the text or a register that only ever holds it.
  virtual bool constant(int k, std::int64_t& value) = 0;
  virtual llvm::Value* read(const ptx::Operand& operand, ptx::Type type, bool as_vector) = 0;
  /// The type that a register was declared with; none of any other operand.
  virtual ptx::Type declared_type(const ptx::Operand& operand) const = 0;
  /// Writes a destination (operand 0 or an element of it): blends under the guard and the mask.
  virtual void write(const ptx::Operand& destination, llvm::Value* value) = 0;
  void out(llvm::Value* value) { write(ins->operands[0], value); }

  /// Lanes that execute this instruction, <32 x i1>; null: all 32.
  virtual llvm::Value* active() = 0;
  /// Addresses of operand k in `space`.
  virtual LaneAddresses addresses(int k, ptx::Space space) = 0;
  /// One pointer a lane, <32 x ptr>.
  llvm::Value* pointers(const LaneAddresses& at);

  /// Ends the launch where `wrong` (i1) holds: the address, an i64 made there alone, is no multiple
  /// of `bytes`.
  virtual void fault_if(llvm::Value* wrong, std::int64_t bytes,
                        const std::function<llvm::Value*()>& address) = 0;
  /// Ends the launch where `text` (a ptr to characters that stay) is not null: why.
  virtual void stop_with(llvm::Value* text) = 0;

  /// Pointer to a field of the warp's or the block's state.
  virtual llvm::Value* warp_field(std::size_t offset) = 0;
  virtual llvm::Value* block_field(std::size_t offset) = 0;

  // What checked launches are told of accesses and orders that only the instruction itself knows;
  // nothing in others (translate/observed.cpp). `lanes`: i32; the others point to 32 u64, 32 u32.

  /// `bytes` at each lane's address; ends the launch where one is not the kernel's.
  virtual void watch_pieces(llvm::Value* lanes, llvm::Value* addresses, llvm::Value* bytes,
                            ptx::Space space, bool writes) = 0;
  /// Lanes arrive at barrier objects, and see the phase over that others arrived at.
  virtual void watch_arrival(llvm::Value* lanes, llvm::Value* objects) = 0;
  virtual void watch_wait(llvm::Value* lanes, llvm::Value* objects) = 0;

  // --- types ---
  llvm::Type* element(ptx::Type type);
  llvm::Type* shaped(llvm::Type* element) { return wide ? vector_of(element) : element; }
  llvm::Type* shaped(ptx::Type type) { return shaped(element(type)); }
  static llvm::FixedVectorType* vector_of(llvm::Type* element, int lanes = kWarpSize) {
    return llvm::FixedVectorType::get(element, static_cast<unsigned>(lanes));
  }
  /// An integer constant of the value's type, splat over vectors.
  llvm::Value* number(llvm::Type* type, std::uint64_t value) {
    return llvm::ConstantInt::get(type, value);
  }
  llvm::Value* real(llvm::Type* type, double value) { return llvm::ConstantFP::get(type, value); }
  llvm::Value* splat(llvm::Value* scalar, int lanes = kWarpSize) {
    return ir.CreateVectorSplat(static_cast<unsigned>(lanes), scalar);
  }
  llvm::Value* lane_numbers(llvm::Type* element, std::int64_t step, int lanes = kWarpSize) {
    return lane_numbers(element, LaneStep{step, 0, kWarpSize}, lanes);
  }
  llvm::Value* lane_numbers(llvm::Type* element, const LaneStep& step, int lanes = kWarpSize);
  llvm::Value* bits_to_lanes(llvm::Value* i32) {
    return ir.CreateBitCast(i32, vector_of(ir.getInt1Ty()));
  }
  llvm::Value* lanes_to_bits(llvm::Value* lanes) {
    return ir.CreateBitCast(ir.CreateFreeze(lanes), ir.getInt32Ty());
  }
  /// active() as bits; all ones when every lane takes part.
  llvm::Value* active_bits();
  /// Value as an integer vector/scalar of the same width, and back.
  llvm::Value* as_int(llvm::Value* value);
  llvm::Value* as_float(llvm::Value* value);

  llvm::Value* intrinsic(llvm::Intrinsic::ID id, std::initializer_list<llvm::Value*> arguments);
  /// Calls a helper of isa/helpers.h by name.
  llvm::CallInst* call(const char* helper, llvm::Type* result,
                       std::initializer_list<llvm::Value*> arguments);
  /// Calls a helper `void f(const In* a, const In* b ..., Out* out)` over 32 lanes (or lane 0 alone
  /// when scalar).
  llvm::Value* call_lanes(const char* helper, llvm::Type* result_element,
                          std::initializer_list<llvm::Value*> arguments);
  /// Room in the function's frame.
  virtual llvm::Value* scratch(llvm::Type* type) = 0;
  /// Pointer to room that holds `value`.
  llvm::Value* spill(llvm::Value* value);

  /// The condition code of carry chains (add.cc, addc ...): i1 as `wide` says. carry() before any
  /// set_carry() in the basic block is unsupported.
  virtual llvm::Value* carry() = 0;
  virtual void set_carry(llvm::Value* value) = 0;

  /// Throws Fault::unsupported_instruction with the instruction's text, kernel and line.
  [[noreturn]] void unsupported(const std::string& why = {}) {
    refuse(why);
    __builtin_unreachable();
  }

  virtual void refuse(const std::string& why) = 0;  // throws

  // --- modifiers ---
  bool has(std::string_view modifier) const { return ins->has(modifier); }
  /// The state space that the modifiers name; generic when none does.
  ptx::Space space() const { return ins->space(); }
  /// The i-th type among the modifiers counted from the last one (0: the last).
  ptx::Type type_from_end(int i = 0) const;
  /// Throws unless every modifier is a type or one of `allowed`.
  void allow(std::initializer_list<const char*> allowed);
};

/// Translates one instruction other than control flow (bra, brx, ret, exit, trap, call, block
/// barriers).
void emit(Emitter& e);
/// The opcodes that emit() knows, in order.
std::vector<std::string> opcodes();

// Each family handles an instruction (true) or says that it is not its own.
bool emit_integer(Emitter& e);
bool emit_bits(Emitter& e);
bool emit_carry(Emitter& e);
bool emit_compare(Emitter& e);
bool emit_float(Emitter& e);
bool emit_half(Emitter& e);
bool emit_convert(Emitter& e);
bool emit_move(Emitter& e);
bool emit_memory(Emitter& e);
bool emit_pairs(Emitter& e);
bool emit_atomic(Emitter& e);
bool emit_warp(Emitter& e);
bool emit_video(Emitter& e);
bool emit_texture(Emitter& e);
bool emit_surface(Emitter& e);
bool emit_matrix(Emitter& e);
bool emit_async(Emitter& e);
bool emit_mixed(Emitter& e);

bool is_float(ptx::Type type);
bool is_half(ptx::Type type);
bool is_packed_half(ptx::Type type);
bool is_signed(ptx::Type type);
bool is_integer(ptx::Type type);  // u, s and b types of 8 to 64 bits

}  // namespace vgpu::isa
