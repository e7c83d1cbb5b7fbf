#include "vgpu/isa/emitter.h"

#include <algorithm>
#include <vector>

namespace vgpu::isa {

using llvm::Value;
using ptx::Type;

bool is_float(Type t) { return t == Type::f32 || t == Type::f64; }
bool is_half(Type t) { return t == Type::f16 || t == Type::bf16; }
bool is_packed_half(Type t) { return t == Type::f16x2 || t == Type::bf16x2; }
bool is_signed(Type t) {
  return t == Type::s8 || t == Type::s16 || t == Type::s32 || t == Type::s64;
}
bool is_integer(Type t) {
  return (t >= Type::b8 && t <= Type::b64) || (t >= Type::u8 && t <= Type::u64) || is_signed(t);
}

llvm::Type* Emitter::element(Type type) {
  switch (type) {
    case Type::pred:
      return ir.getInt1Ty();
    case Type::f32:
      return ir.getFloatTy();
    case Type::f64:
      return ir.getDoubleTy();
    default:
      return ir.getIntNTy(static_cast<unsigned>(ptx::bits_of(type)));
  }
}

Value* Emitter::lane_numbers(llvm::Type* element, const LaneStep& step, int lanes) {
  std::vector<llvm::Constant*> values;
  for (int i = 0; i < lanes; ++i) {
    const std::int64_t part = step.column * (i % step.row_lanes) + step.row * (i / step.row_lanes);
    values.push_back(llvm::ConstantInt::get(element, static_cast<std::uint64_t>(part)));
  }
  return llvm::ConstantVector::get(values);
}

Value* Emitter::pointers(const LaneAddresses& at) {
  if (at.pointers) return at.pointers;
  return ir.CreateGEP(ir.getInt8Ty(), at.base, lane_numbers(ir.getInt64Ty(), at.step));
}

Value* Emitter::spill(Value* value) {
  Value* room = scratch(value->getType());
  ir.CreateStore(value, room);
  return room;
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

llvm::CallInst* Emitter::call(const char* helper, llvm::Type* result,
                              std::initializer_list<Value*> arguments) {
  std::vector<llvm::Type*> types;
  for (Value* a : arguments) types.push_back(a->getType());
  auto callee = module.getOrInsertFunction(helper, llvm::FunctionType::get(result, types, false));
  return ir.CreateCall(callee, std::vector<Value*>(arguments));
}

Value* Emitter::call_lanes(const char* helper, llvm::Type* result_element,
                           std::initializer_list<Value*> arguments) {
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
  auto callee =
      module.getOrInsertFunction(helper, llvm::FunctionType::get(ir.getVoidTy(), types, false));
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

namespace {

using Family = bool (*)(Emitter&);

struct Meaning {
  const char* opcode;
  std::initializer_list<Family> families;  // asked in order
};

const Meaning kMeanings[] = {
    {"abs", {emit_integer, emit_float, emit_half}},
    {"activemask", {emit_warp}},
    {"add", {emit_carry, emit_pairs, emit_integer, emit_mixed, emit_float, emit_half}},
    {"addc", {emit_carry}},
    {"and", {emit_bits}},
    {"applypriority", {emit_memory}},
    {"atom", {emit_atomic}},
    {"bfe", {emit_bits}},
    {"bfi", {emit_bits}},
    {"bfind", {emit_bits}},
    {"bmsk", {emit_bits}},
    {"brev", {emit_bits}},
    {"clz", {emit_bits}},
    {"cnot", {emit_bits}},
    {"copysign", {emit_float}},
    {"cos", {emit_float}},
    {"cp", {emit_async}},
    {"createpolicy", {emit_memory}},
    {"cvt", {emit_convert}},
    {"cvta", {emit_move}},
    {"discard", {emit_memory}},
    {"div", {emit_integer, emit_float}},
    {"dp2a", {emit_pairs}},
    {"dp4a", {emit_pairs}},
    {"elect", {emit_warp}},
    {"ex2", {emit_float, emit_half}},
    {"fence", {emit_memory}},
    {"fma", {emit_pairs, emit_mixed, emit_float, emit_half}},
    {"fns", {emit_bits}},
    {"getctarank", {emit_move}},
    {"griddepcontrol", {emit_warp}},
    {"isspacep", {emit_move}},
    {"ld", {emit_memory}},
    {"ldmatrix", {emit_matrix}},
    {"ldu", {emit_memory}},
    {"lg2", {emit_float}},
    {"lop3", {emit_bits}},
    {"mad", {emit_carry, emit_integer, emit_float}},
    {"mad24", {emit_integer}},
    {"madc", {emit_carry}},
    {"mapa", {emit_move}},
    {"match", {emit_warp}},
    {"max", {emit_pairs, emit_integer, emit_float, emit_half}},
    {"mbarrier", {emit_async}},
    {"membar", {emit_memory}},
    {"min", {emit_pairs, emit_integer, emit_float, emit_half}},
    {"mma", {emit_matrix}},
    {"mov", {emit_move}},
    {"movmatrix", {emit_matrix}},
    {"mul", {emit_pairs, emit_integer, emit_float, emit_half}},
    {"mul24", {emit_integer}},
    {"nanosleep", {emit_warp}},
    {"neg", {emit_integer, emit_float, emit_half}},
    {"not", {emit_bits}},
    {"or", {emit_bits}},
    {"pmevent", {emit_warp}},
    {"popc", {emit_bits}},
    {"prefetch", {emit_memory}},
    {"prefetchu", {emit_memory}},
    {"prmt", {emit_bits}},
    {"rcp", {emit_float}},
    {"red", {emit_atomic}},
    {"redux", {emit_warp}},
    {"rem", {emit_integer}},
    {"rsqrt", {emit_float}},
    {"sad", {emit_integer}},
    {"selp", {emit_compare}},
    {"set", {emit_compare}},
    {"setmaxnreg", {emit_warp}},
    {"setp", {emit_compare}},
    {"shf", {emit_bits}},
    {"shfl", {emit_warp}},
    {"shl", {emit_bits}},
    {"shr", {emit_bits}},
    {"sin", {emit_float}},
    {"slct", {emit_compare}},
    {"sqrt", {emit_float}},
    {"st", {emit_memory}},
    {"stmatrix", {emit_matrix}},
    {"sub", {emit_carry, emit_pairs, emit_integer, emit_mixed, emit_float, emit_half}},
    {"subc", {emit_carry}},
    {"suld", {emit_surface}},
    {"suq", {emit_texture}},
    {"sured", {emit_surface}},
    {"sust", {emit_surface}},
    {"szext", {emit_bits}},
    {"tanh", {emit_float, emit_half}},
    {"testp", {emit_float}},
    {"tex", {emit_texture}},
    {"tld4", {emit_texture}},
    {"txq", {emit_texture}},
    {"vabsdiff2", {emit_video}},
    {"vabsdiff4", {emit_video}},
    {"vadd2", {emit_video}},
    {"vadd4", {emit_video}},
    {"vavrg2", {emit_video}},
    {"vavrg4", {emit_video}},
    {"vmax2", {emit_video}},
    {"vmax4", {emit_video}},
    {"vmin2", {emit_video}},
    {"vmin4", {emit_video}},
    {"vote", {emit_warp}},
    {"vset2", {emit_video}},
    {"vset4", {emit_video}},
    {"vsub2", {emit_video}},
    {"vsub4", {emit_video}},
    {"wmma", {emit_matrix}},
    {"xor", {emit_bits}},
};

}  // namespace

void emit(Emitter& e) {
  const auto meaning =
      std::lower_bound(std::begin(kMeanings), std::end(kMeanings), e.ins->opcode,
                       [](const Meaning& m, const std::string& name) { return m.opcode < name; });
  if (meaning != std::end(kMeanings) && meaning->opcode == e.ins->opcode)
    for (Family family : meaning->families)
      if (family(e)) return;
  e.unsupported();
}

std::vector<std::string> opcodes() {
  std::vector<std::string> out;
  for (const Meaning& meaning : kMeanings) out.push_back(meaning.opcode);
  return out;
}

}  // namespace vgpu::isa
