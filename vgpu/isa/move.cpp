// move.cpp - mov (registers, literals, special registers, addresses, packing and unpacking), cvta,
// isspacep, mapa, getctarank.
//
// Addresses: a generic address is a host address. Global and const addresses are generic ones; a
// shared address is an offset into the block's shared memory, a local one an offset into the lane's
// local memory, a param one an offset into the launch's parameters.
#include <cstddef>

#include "vgpu/isa/emitter.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Type;

llvm::Type* shaped_like(Emitter& e, int bits) {
  return e.shaped(e.ir.getIntNTy(static_cast<unsigned>(bits)));
}

/// mov.b32 d, {a, b}: the first element lowest.
void pack(Emitter& e, Type type) {
  const auto& parts = e.ins->operands[1].elements;
  const int bits = ptx::bits_of(type), part_bits = bits / static_cast<int>(parts.size());
  llvm::Type* whole = shaped_like(e, bits);
  const Type part_type = part_bits == 8    ? Type::b8
                         : part_bits == 16 ? Type::b16
                         : part_bits == 32 ? Type::b32
                                           : Type::b64;
  Value* result = e.number(whole, 0);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Value* v = e.ir.CreateZExt(e.read(parts[i], part_type, e.wide), whole);
    result = e.ir.CreateOr(
        result, e.ir.CreateShl(v, e.number(whole, static_cast<std::uint64_t>(part_bits) * i)));
  }
  e.out(result);
}

void unpack(Emitter& e, Type type) {
  const auto& parts = e.ins->operands[0].elements;
  const int bits = ptx::bits_of(type), part_bits = bits / static_cast<int>(parts.size());
  Value* whole = e.as_int(e.in(1, type));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].kind == Operand::Kind::discard) continue;
    Value* shifted = e.ir.CreateLShr(
        whole, e.number(whole->getType(), static_cast<std::uint64_t>(part_bits) * i));
    e.write(parts[i], e.ir.CreateTrunc(shifted, shaped_like(e, part_bits)));
  }
}

/// Base of a space as an integer scalar or vector: what an offset in that space lacks to be a
/// generic address.
Value* space_base(Emitter& e, const char* space) {
  llvm::Type* i64 = e.ir.getInt64Ty();
  const std::string name = space;
  if (name == "shared") {
    Value* base = e.ir.CreateLoad(i64, e.block_field(offsetof(BlockState, shared)));
    return e.wide ? e.splat(base) : base;
  }
  if (name == "param") {
    Value* base = e.ir.CreateLoad(i64, e.block_field(offsetof(BlockState, params)));
    return e.wide ? e.splat(base) : base;
  }
  if (name != "local") return e.number(e.shaped(i64), 0);
  if (!e.wide) e.unsupported("a local address for the whole warp");
  LaneAddresses local = e.addresses(-1, ptx::Space::local);
  return e.ir.CreatePtrToInt(local.pointers, Emitter::vector_of(i64));
}

void convert_address(Emitter& e) {
  e.allow({"to", "global", "shared", "shared::cta", "shared::cluster", "local", "const", "param"});
  const char* space = e.has("local")   ? "local"
                      : e.has("param") ? "param"
                      : e.has("shared") || e.has("shared::cta") || e.has("shared::cluster")
                          ? "shared"
                          : "global";
  const Type type = e.type_from_end();
  Value* address = e.in(1, type);
  if (std::string(space) == "global") return e.out(address);
  if (ptx::bits_of(type) == 32) e.unsupported("32-bit generic addresses");
  Value* base = space_base(e, space);
  e.out(e.has("to") ? e.ir.CreateSub(address, base) : e.ir.CreateAdd(address, base));
}

void test_space(Emitter& e) {
  e.allow({"global", "shared", "shared::cta", "shared::cluster", "local", "const", "param"});
  Value* address = e.in(1, Type::b64);
  auto inside = [&](Value* base, Value* bytes) {
    return e.ir.CreateICmpULT(e.ir.CreateSub(address, base), bytes);
  };
  auto widen = [&](Value* v) { return e.wide ? e.splat(v) : v; };
  Value* shared_bytes =
      widen(e.ir.CreateLoad(e.ir.getInt64Ty(), e.block_field(offsetof(BlockState, shared_bytes))));
  Value* in_shared = inside(space_base(e, "shared"), shared_bytes);
  Value* warp_local = e.ir.CreateLoad(e.ir.getInt64Ty(), e.warp_field(offsetof(WarpState, local)));
  Value* local_bytes =
      widen(e.call("vgpu_warp_local_bytes", e.ir.getInt64Ty(), {e.block_field(0)}));
  Value* in_local = inside(widen(warp_local), local_bytes);
  if (e.has("local")) return e.out(in_local);
  if (e.has("global")) return e.out(e.ir.CreateNot(e.ir.CreateOr(in_shared, in_local)));
  if (e.has("const") || e.has("param")) return e.out(e.ir.CreateICmpNE(address, address));
  e.out(in_shared);
}

/// A cluster of one block: an address in the block of rank 0 is the address itself.
void find_in_cluster(Emitter& e) {
  e.allow({"shared::cluster"});
  if (e.ins->opcode == "mapa") return e.out(e.in(1, e.type_from_end()));
  e.out(e.number(e.shaped(e.ir.getInt32Ty()), 0));
}

}  // namespace

bool emit_move(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "cvta") return convert_address(e), true;
  if (op == "isspacep") return test_space(e), true;
  if (op == "mapa" || op == "getctarank") return find_in_cluster(e), true;
  if (op != "mov") return false;
  e.allow({});
  const Type type = e.type_from_end();
  if (e.ins->operands[0].kind == Operand::Kind::vector) return unpack(e, type), true;
  if (e.ins->operands[1].kind == Operand::Kind::vector) return pack(e, type), true;
  return e.out(e.in(1, type)), true;
}

}  // namespace vgpu::isa
