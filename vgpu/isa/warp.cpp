// warp.cpp - shfl, vote, match, redux, elect, activemask, nanosleep.
//
// The translator brings all lanes that a member mask names together before such an instruction
// runs; what is active here takes part. A source lane that is not active gives its register's value
// as it stands.
#include "vgpu/isa/emitter.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Type;

constexpr std::uint64_t kLaneMask = kWarpSize - 1;

void write_with_predicate(Emitter& e, Value* value, Value* predicate) {
  const Operand& d = e.ins->operands[0];
  if (d.kind != Operand::Kind::pair) return e.write(d, value);
  e.write(d.elements[0], value);
  e.write(d.elements[1], predicate);
}

/// source[index[lane]] for each lane.
Value* permute(Emitter& e, Value* source, Value* index) {
  if (auto* known = llvm::dyn_cast<llvm::ConstantDataVector>(index)) {
    std::vector<int> lanes;
    for (unsigned i = 0; i < kWarpSize; ++i)
      lanes.push_back(static_cast<int>(known->getElementAsInteger(i)));
    return e.ir.CreateShuffleVector(source, lanes);
  }
  Value* room = e.scratch(source->getType());
  e.ir.CreateStore(source, room);
  llvm::Type* element = source->getType()->getScalarType();
  Value* pointers = e.ir.CreateGEP(element, room, index);
  return e.ir.CreateMaskedGather(
      source->getType(), pointers, llvm::Align(element->getScalarSizeInBits() / 8),
      llvm::Constant::getAllOnesValue(Emitter::vector_of(e.ir.getInt1Ty())));
}

/// shfl.sync.mode.b32 d[|p], a, b, c, mask: c holds the last lane of a segment and, from bit 8, the
/// segment mask.
void emit_shuffle(Emitter& e) {
  e.allow({"sync", "up", "down", "bfly", "idx"});
  llvm::Type* t = e.shaped(e.ir.getInt32Ty());
  Value* lane = e.lane_numbers(e.ir.getInt32Ty(), 1);
  Value *b = e.in(2, Type::b32), *c = e.in(3, Type::b32);
  Value* distance = e.ir.CreateAnd(b, e.number(t, kLaneMask));
  Value* clamp = e.ir.CreateAnd(c, e.number(t, kLaneMask));
  Value* segment = e.ir.CreateAnd(e.ir.CreateLShr(c, e.number(t, 8)), e.number(t, kLaneMask));
  Value* inside = e.ir.CreateNot(segment);
  Value* low = e.ir.CreateAnd(lane, segment);
  Value* high = e.ir.CreateOr(low, e.ir.CreateAnd(clamp, inside));
  Value *from = nullptr, *valid = nullptr;
  if (e.has("up")) {
    from = e.ir.CreateSub(lane, distance);
    valid = e.ir.CreateICmpSGE(from, high);
  } else {
    if (e.has("down")) from = e.ir.CreateAdd(lane, distance);
    if (e.has("bfly")) from = e.ir.CreateXor(lane, distance);
    if (e.has("idx")) from = e.ir.CreateOr(low, e.ir.CreateAnd(distance, inside));
    if (!from) e.unsupported();
    valid = e.ir.CreateICmpSLE(from, high);
  }
  Value* source = e.ir.CreateAnd(e.ir.CreateSelect(valid, from, lane), e.number(t, kLaneMask));
  write_with_predicate(e, permute(e, e.in(1, Type::b32), source), valid);
}

/// The lanes that each lane's member mask names, as far as they are active; null: all active lanes,
/// for every lane.
Value* members(Emitter& e) {
  const int last = static_cast<int>(e.ins->operands.size()) - 1;
  std::int64_t mask = 0;
  if (!e.has("sync")) return nullptr;
  if (e.constant(last, mask) && static_cast<std::uint32_t>(mask) == kAllLanes) return nullptr;
  return e.ir.CreateAnd(e.in_wide(last, Type::b32), e.splat(e.active_bits()));
}

void emit_vote(Emitter& e) {
  e.allow({"sync", "all", "any", "uni", "ballot", "pred"});
  Value* named = members(e);  // scalars where every lane votes with every other, else a mask a lane
  Value* mask = named ? named : e.active_bits();
  Value* votes = e.lanes_to_bits(e.in_wide(1, Type::pred));
  votes = e.ir.CreateAnd(named ? e.splat(votes) : votes, mask);
  Value* zero = e.number(mask->getType(), 0);
  if (e.has("ballot")) return e.out(votes);
  if (e.has("all")) return e.out(e.ir.CreateICmpEQ(votes, mask));
  if (e.has("any")) return e.out(e.ir.CreateICmpNE(votes, zero));
  if (!e.has("uni")) e.unsupported();
  e.out(e.ir.CreateOr(e.ir.CreateICmpEQ(votes, mask), e.ir.CreateICmpEQ(votes, zero)));
}

Value* members_of_each(Emitter& e) {
  Value* named = members(e);
  return named ? named : e.splat(e.active_bits());
}

/// Calls `void helper(active, masks, values, out)`.
Value* call_on_sets(Emitter& e, const std::string& helper, Value* masks, Value* values) {
  Value* rooms[2] = {e.scratch(masks->getType()), e.scratch(values->getType())};
  e.ir.CreateStore(masks, rooms[0]);
  e.ir.CreateStore(values, rooms[1]);
  llvm::Type* result = Emitter::vector_of(e.ir.getInt32Ty());
  Value* out = e.scratch(result);
  e.call(helper.c_str(), e.ir.getVoidTy(), {e.active_bits(), rooms[0], rooms[1], out});
  return e.ir.CreateLoad(result, out);
}

void emit_match(Emitter& e) {
  e.allow({"sync", "any", "all"});
  const Type type = e.type_from_end();
  if (type != Type::b32 && type != Type::b64) e.unsupported("type");
  Value* masks = members_of_each(e);
  Value* values = e.as_int(e.in_wide(1, type));
  Value* alike =
      call_on_sets(e, std::string("vgpu_match_any_") + ptx::name_of(type), masks, values);
  if (!e.has("all")) return e.out(alike);
  Value* same = e.ir.CreateICmpEQ(alike, masks);
  write_with_predicate(e, e.ir.CreateSelect(same, masks, e.number(masks->getType(), 0)), same);
}

void emit_reduction(Emitter& e) {
  e.allow({"sync", "add", "min", "max", "and", "or", "xor"});
  const Type type = e.type_from_end();
  if (!is_integer(type) || ptx::bits_of(type) != 32) e.unsupported("type");
  const bool s = is_signed(type);
  struct Row {
    const char* name;
    llvm::Intrinsic::ID id;
    std::uint64_t neutral;
  };
  const Row rows[] = {
      {"add", llvm::Intrinsic::vector_reduce_add, 0},
      {"min", s ? llvm::Intrinsic::vector_reduce_smin : llvm::Intrinsic::vector_reduce_umin,
       s ? 0x7fffffffu : ~0u},
      {"max", s ? llvm::Intrinsic::vector_reduce_smax : llvm::Intrinsic::vector_reduce_umax,
       s ? 0x80000000u : 0},
      {"and", llvm::Intrinsic::vector_reduce_and, ~0u},
      {"or", llvm::Intrinsic::vector_reduce_or, 0},
      {"xor", llvm::Intrinsic::vector_reduce_xor, 0}};
  Value* values = e.in_wide(1, type);
  for (const Row& row : rows) {
    if (!e.has(row.name)) continue;
    if (Value* named = members(e))
      return e.out(call_on_sets(e, std::string("vgpu_redux_") + row.name + "_" + ptx::name_of(type),
                                named, values));
    if (Value* active = e.active())
      values = e.ir.CreateSelect(active, values, e.number(values->getType(), row.neutral));
    return e.out(e.ir.CreateIntrinsic(e.ir.getInt32Ty(), row.id, {values}));
  }
  e.unsupported();
}

/// elect.sync d|p, mask: the lowest lane that the mask names.
void emit_election(Emitter& e) {
  e.allow({"sync"});
  Value* masks = members_of_each(e);
  Value* first =
      e.ir.CreateIntrinsic(masks->getType(), llvm::Intrinsic::cttz, {masks, e.ir.getFalse()});
  write_with_predicate(e, first, e.ir.CreateICmpEQ(e.lane_numbers(e.ir.getInt32Ty(), 1), first));
}

}  // namespace

bool emit_warp(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "shfl") return emit_shuffle(e), true;
  if (op == "vote") return emit_vote(e), true;
  if (op == "match") return emit_match(e), true;
  if (op == "redux") return emit_reduction(e), true;
  if (op == "activemask") return e.out(e.active_bits()), true;
  if (op == "elect") return emit_election(e), true;
  return op == "nanosleep" || op == "griddepcontrol" || op == "pmevent" || op == "setmaxnreg";
}

}  // namespace vgpu::isa
