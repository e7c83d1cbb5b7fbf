// atomic.cpp - atom and red: every lane's operation in lane order, each a real atomic of the host.
//
// Orders and scopes (relaxed, acquire, release, acq_rel; cta, gpu, sys) are all met by sequentially
// consistent ones.
#include "vgpu/isa/emitter.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Space;
using ptx::Type;

Space space_of(const Emitter& e) {
  if (e.has("global")) return Space::global;
  if (e.has("shared") || e.has("shared::cta") || e.has("shared::cluster")) return Space::shared;
  return Space::generic;
}

const char* operation(Emitter& e) {
  static const char* names[] = {"add", "min", "max", "inc",  "dec",
                                "and", "or",  "xor", "exch", "cas"};
  for (const char* name : names)
    if (e.has(name)) return name;
  e.unsupported();
}

}  // namespace

bool emit_atomic(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op != "atom" && op != "red") return false;
  e.allow({"global",  "shared",  "shared::cta", "shared::cluster",
           "relaxed", "acquire", "release",     "acq_rel",
           "cta",     "gpu",     "sys",         "cluster",
           "add",     "min",     "max",         "inc",
           "dec",     "and",     "or",          "xor",
           "exch",    "cas",     "noftz"});
  const Type type = e.type_from_end();
  const int first = op == "atom" ? 1 : 0;
  const int bits = ptx::bits_of(type);
  if (bits != 16 && bits != 32 && bits != 64) e.unsupported("width");
  const LaneAddresses at = e.addresses(first, space_of(e));
  Value* pointers = at.pointers ? at.pointers
                                : e.ir.CreateGEP(e.ir.getInt8Ty(), at.base,
                                                 e.lane_numbers(e.ir.getInt64Ty(), at.stride));
  Value* where = e.scratch(pointers->getType());
  e.ir.CreateStore(pointers, where);
  llvm::Type* storage = Emitter::vector_of(e.ir.getIntNTy(static_cast<unsigned>(bits)));
  auto spill = [&](int k) {
    Value* room = e.scratch(storage);
    e.ir.CreateStore(e.as_int(e.in_wide(k, type)), room);
    return room;
  };
  Value* a = spill(first + 1);
  const bool cas = e.has("cas");
  Value* b = cas ? spill(first + 2) : a;
  Value* old = e.scratch(storage);
  const std::string helper = std::string("vgpu_atomic_") + operation(e) + "_" + ptx::name_of(type);
  e.call(helper.c_str(), e.ir.getVoidTy(), {e.active_bits(), where, a, b, old});
  if (op == "atom" && e.ins->operands[0].kind != ptx::Operand::Kind::discard)
    e.out(e.ir.CreateLoad(storage, old));
  return true;
}

}  // namespace vgpu::isa
