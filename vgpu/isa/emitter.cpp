#include "vgpu/isa/emitter.h"

#include <algorithm>
#include <vector>

namespace vgpu::isa {

using llvm::Value;
using ptx::Type;

bool is_float(Type t) { return t == Type::f32 || t == Type::f64; }
bool is_half(Type t) { return t == Type::f16 || t == Type::bf16; }
bool is_packed_half(Type t) { return t == Type::f16x2 || t == Type::bf16x2; }
bool is_signed(Type t) { return t == Type::s8 || t == Type::s16 || t == Type::s32 || t == Type::s64; }
bool is_integer(Type t) {
  return (t >= Type::b8 && t <= Type::b64) || (t >= Type::u8 && t <= Type::u64) || is_signed(t);
}

llvm::Type* Emitter::element(Type type) {
  switch (type) {
    case Type::pred: return ir.getInt1Ty();
    case Type::f32: return ir.getFloatTy();
    case Type::f64: return ir.getDoubleTy();
    default: return ir.getIntNTy(static_cast<unsigned>(ptx::bits_of(type)));
  }
}

Value* Emitter::lane_numbers(llvm::Type* element, std::int64_t step, int lanes) {
  std::vector<llvm::Constant*> values;
  for (int i = 0; i < lanes; ++i)
    values.push_back(llvm::ConstantInt::get(element, static_cast<std::uint64_t>(step * i)));
  return llvm::ConstantVector::get(values);
}

Value* Emitter::active_bits() {
  Value* lanes = active();
  return lanes ? lanes_to_bits(lanes) : ir.getInt32(kAllLanes);
}

Value* Emitter::as_int(Value* value) {
  llvm::Type* t = value->getType()->getScalarType();
  if (t->isIntegerTy()) return value;
  llvm::Type* i = ir.getIntNTy(t->getScalarSizeInBits());
  return ir.CreateBitCast(value, value->getType()->isVectorTy() ? vector_of(i) : i);
}

Value* Emitter::as_float(Value* value) {
  llvm::Type* t = value->getType()->getScalarType();
  if (!t->isIntegerTy()) return value;
  llvm::Type* f = t->getScalarSizeInBits() == 64 ? ir.getDoubleTy() : ir.getFloatTy();
  return ir.CreateBitCast(value, value->getType()->isVectorTy() ? vector_of(f) : f);
}

Value* Emitter::intrinsic(llvm::Intrinsic::ID id, std::initializer_list<Value*> arguments) {
  std::vector<Value*> list(arguments);
  return ir.CreateIntrinsic(list[0]->getType(), id, list);
}

llvm::CallInst* Emitter::call(const char* helper, llvm::Type* result, std::initializer_list<Value*> arguments) {
  std::vector<llvm::Type*> types;
  for (Value* a : arguments) types.push_back(a->getType());
  auto callee = module.getOrInsertFunction(helper, llvm::FunctionType::get(result, types, false));
  return ir.CreateCall(callee, std::vector<Value*>(arguments));
}

Value* Emitter::call_lanes(const char* helper, llvm::Type* result_element, std::initializer_list<Value*> arguments) {
  std::vector<llvm::Type*> types{ir.getInt32Ty()};
  std::vector<Value*> list{ir.getInt32(wide ? kWarpSize : 1)};
  for (Value* a : arguments) {
    Value* room = scratch(a->getType());
    ir.CreateStore(a, room);
    list.push_back(room);
    types.push_back(room->getType());
  }
  llvm::Type* result = shaped(result_element);
  Value* room = scratch(result);
  list.push_back(room);
  types.push_back(room->getType());
  auto callee = module.getOrInsertFunction(helper, llvm::FunctionType::get(ir.getVoidTy(), types, false));
  ir.CreateCall(callee, list);
  return ir.CreateLoad(result, room);
}

Type Emitter::type_from_end(int i) const {
  for (auto it = ins->modifiers.rbegin(); it != ins->modifiers.rend(); ++it) {
    const Type t = ptx::type_from_name(*it);
    if (t != Type::none && i-- == 0) return t;
  }
  return Type::none;
}

void Emitter::allow(std::initializer_list<const char*> allowed) {
  for (const std::string& m : ins->modifiers) {
    if (ptx::type_from_name(m) != Type::none) continue;
    if (std::none_of(allowed.begin(), allowed.end(), [&](const char* a) { return m == a; }))
      unsupported("modifier ." + m);
  }
}

void emit(Emitter& e) {
  for (auto family : {emit_move, emit_carry, emit_integer, emit_float, emit_half, emit_compare, emit_bits, emit_convert, emit_memory,
                      emit_atomic, emit_warp})
    if (family(e)) return;
  e.unsupported();
}

}  // namespace vgpu::isa
