// atomic.cpp - atom and red: every lane's operation in lane order, each a real atomic of the host.
//
// Orders and scopes (relaxed, acquire, release, acq_rel; cta, gpu, sys) are all met by sequentially
// consistent ones.
#include <vector>

#include "vgpu/isa/alignment.h"
#include "vgpu/isa/async.h"
#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Space;
using ptx::Type;

const char* operation(Emitter& e) {
  static const char* names[] = {"add", "min", "max", "inc",  "dec",
                                "and", "or",  "xor", "exch", "cas"};
  for (const char* name : names)
    if (e.has(name)) return name;
  e.unsupported();
}

void check_modifiers(Emitter& e) {
  e.allow({"global",
           "shared",
           "shared::cta",
           "shared::cluster",
           "relaxed",
           "acquire",
           "release",
           "acq_rel",
           "cta",
           "gpu",
           "sys",
           "cluster",
           "add",
           "min",
           "max",
           "inc",
           "dec",
           "and",
           "or",
           "xor",
           "exch",
           "cas",
           "noftz",
           "v2",
           "v4",
           "v8",
           "L2::cache_hint",
           "async",
           "mbarrier::complete_tx::bytes"});
}

/// Element w of an operand that is a vector, or the operand.
const Operand& element(const Operand& operand, int w) {
  return operand.kind == Operand::Kind::vector ? operand.elements.at(static_cast<std::size_t>(w))
                                               : operand;
}

}  // namespace

bool emit_atomic(Emitter& e) {
  const bool returns = e.ins->opcode == "atom";
  if (!returns && e.ins->opcode != "red") return false;
  check_modifiers(e);
  const Type type = e.type_from_end();
  const auto bits = static_cast<unsigned>(ptx::bits_of(type));
  const std::string helper = std::string("vgpu_atomic_") + operation(e) + "_" + ptx::name_of(type);
  if (!is_helper(helper)) e.unsupported("type");
  const int count = e.ins->vector_length();
  const int address = returns ? 1 : 0;
  const LaneAddresses at = e.addresses(address, e.space());
  require_alignment(e, at, static_cast<std::int64_t>(bits) / 8 * count);
  Value* pointers = e.pointers(at);
  llvm::Type* storage = Emitter::vector_of(e.ir.getIntNTy(bits));
  std::vector<Value*> before;
  for (int w = 0; w < count; ++w) {
    Value* step = e.ir.getInt64(static_cast<std::uint64_t>(w) * bits / 8);
    Value* where = e.spill(w == 0 ? pointers : e.ir.CreateGEP(e.ir.getInt8Ty(), pointers, step));
    auto operand = [&](int k) {
      return e.spill(e.as_int(
          e.read(element(e.ins->operands.at(static_cast<std::size_t>(k)), w), type, true)));
    };
    Value* a = operand(address + 1);
    Value* b = e.has("cas") ? operand(address + 2) : a;
    Value* old = e.scratch(storage);
    e.call(helper.c_str(), e.ir.getVoidTy(), {e.active_bits(), where, a, b, old});
    before.push_back(e.ir.CreateLoad(storage, old));
  }
  if (e.has("async")) close_transactions(e, 2, static_cast<std::int64_t>(bits) / 8 * count);
  for (int w = 0; returns && w < count; ++w)
    if (const Operand& d = element(e.ins->operands[0], w); d.kind != Operand::Kind::discard)
      e.write(d, before[static_cast<std::size_t>(w)]);
  return true;
}

}  // namespace vgpu::isa
