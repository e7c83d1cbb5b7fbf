// memory.cpp - ld, st, ldu, prefetch, fence, membar over every space and vector width.
//
// Cache and eviction modifiers change no result and are accepted; volatile, relaxed, acquire and
// release accesses are fenced so that a loop that waits for another thread's store sees it, and
// move a lane's bundle (v2, v4) as a whole.
#include "vgpu/isa/alignment.h"
#include "vgpu/isa/async.h"
#include "vgpu/isa/memory_access.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Space;
using ptx::Type;

void check_modifiers(Emitter& e) {
  for (const std::string& m : e.ins->modifiers) {
    static const char* known[] = {"global",
                                  "const",
                                  "shared",
                                  "shared::cta",
                                  "shared::cluster",
                                  "local",
                                  "param",
                                  "param::entry",
                                  "param::func",
                                  "nc",
                                  "ca",
                                  "cg",
                                  "cs",
                                  "lu",
                                  "cv",
                                  "wb",
                                  "wt",
                                  "volatile",
                                  "relaxed",
                                  "acquire",
                                  "release",
                                  "weak",
                                  "mmio",
                                  "cta",
                                  "gpu",
                                  "sys",
                                  "cluster",
                                  "v2",
                                  "v4",
                                  "v8",
                                  "L1::evict_last",
                                  "L1::evict_first",
                                  "L1::evict_normal",
                                  "L1::evict_unchanged",
                                  "L1::no_allocate",
                                  "L2::64B",
                                  "L2::128B",
                                  "L2::256B",
                                  "L2::evict_last",
                                  "L2::evict_first",
                                  "L2::evict_normal",
                                  "L2::cache_hint",
                                  "async",
                                  "mbarrier::complete_tx::bytes",
                                  "unified"};
    bool found = ptx::type_from_name(m) != Type::none;
    for (const char* k : known) found |= m == k;
    if (!found) e.unsupported("modifier ." + m);
  }
}

bool is_ordered(const Emitter& e) {
  return e.has("volatile") || e.has("relaxed") || e.has("acquire") || e.has("release") ||
         e.has("mmio") || e.has("cv");
}

void compiler_fence(Emitter& e) {
  e.ir.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent, llvm::SyncScope::SingleThread);
}

Access access_of(Emitter& e) {
  const Type type = e.type_from_end();
  const int count = e.ins->vector_length();
  if (type == Type::none || type == Type::pred || ptx::bits_of(type) > 64) e.unsupported("type");
  return {type, e.element(type), count};
}

/// Values narrower than 16 bits widen by the type's sign; the register's own width is write()'s
/// business.
Value* widen_loaded(Emitter& e, Value* v, Type type) {
  if (!is_integer(type) || !is_signed(type)) {
    if (ptx::bits_of(type) >= 32 || !is_integer(type)) return v;
  }
  llvm::Type* wide = e.ir.getInt64Ty();
  if (v->getType()->isVectorTy()) wide = Emitter::vector_of(wide);
  if (ptx::bits_of(type) == 64) return v;
  return is_signed(type) ? e.ir.CreateSExt(v, wide) : e.ir.CreateZExt(v, wide);
}

void emit_load(Emitter& e) {
  check_modifiers(e);
  const Access a = access_of(e);
  const Space space = e.space();
  const LaneAddresses at = e.addresses(1, space);
  if (a.count > 1 && space != Space::param) require_alignment(e, at, a.bytes());
  if (is_ordered(e)) compiler_fence(e);
  const std::vector<Value*> values = is_ordered(e) ? load_ordered(e, a, at) : load(e, a, at);
  if (is_ordered(e)) compiler_fence(e);
  const Operand& d = e.ins->operands[0];
  for (int w = 0; w < a.count; ++w) {
    const Operand& to =
        d.kind == Operand::Kind::vector ? d.elements[static_cast<std::size_t>(w)] : d;
    if (to.kind != Operand::Kind::discard) e.write(to, widen_loaded(e, values[w], a.type));
  }
}

void emit_store(Emitter& e) {
  check_modifiers(e);
  const Access a = access_of(e);
  const Space space = e.space();
  const LaneAddresses at = e.addresses(0, space);
  const Operand& s = e.ins->operands[1];
  std::vector<Value*> parts;
  for (int w = 0; w < a.count; ++w)
    parts.push_back(
        e.read(s.kind == Operand::Kind::vector ? s.elements[static_cast<std::size_t>(w)] : s,
               a.type, true));
  if (a.count > 1 && space != Space::param) require_alignment(e, at, a.bytes());
  if (is_ordered(e)) compiler_fence(e);
  is_ordered(e) ? store_ordered(e, a, at, parts) : store(e, a, at, parts);
  if (is_ordered(e)) compiler_fence(e);
  if (e.has("async")) close_transactions(e, 2, a.bytes());
}

}  // namespace

bool emit_memory(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "ld" || op == "ldu") return emit_load(e), true;
  if (op == "st") return emit_store(e), true;
  if (op == "membar" || op == "fence") {
    e.ir.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent);
    return true;
  }
  // A cache policy changes no result; loads and stores do not look at it.
  if (op == "createpolicy") return e.out(e.number(e.shaped(Type::b64), 0)), true;
  return op == "prefetch" || op == "prefetchu" || op == "applypriority" || op == "discard";
}

}  // namespace vgpu::isa
