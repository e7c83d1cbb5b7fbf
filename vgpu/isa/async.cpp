// async.cpp - cp.async, cp.async.bulk, cp.reduce.async.bulk with their groups and barriers;
// mbarrier.
//
// A copy is done when it is issued, so that waiting for a group finds nothing to wait for, and an
// arrival that depends on copies is made at once. A barrier object (mbarrier.h) lies in the block's
// own shared memory. A wait that finds its phase open gives the other warps a turn at the next
// backward jump. Left out, and refused: cp.async.bulk.tensor.
#include "vgpu/isa/async.h"

#include <cstddef>

#include "vgpu/isa/alignment.h"
#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

using llvm::Value;
using ptx::Operand;
using ptx::Space;
using ptx::Type;

constexpr std::int64_t kBarrierBytes = 8, kBulkBytes = 16;

bool is_space(const std::string& modifier) {
  return modifier == "global" || modifier == "shared" || modifier == "shared::cta" ||
         modifier == "shared::cluster";
}

/// The i-th space that the modifiers name.
Space space_number(const Emitter& e, int i) {
  for (const std::string& m : e.ins->modifiers)
    if (is_space(m) && i-- == 0) return m == "global" ? Space::global : Space::shared;
  return Space::generic;
}

/// Operand k's addresses, which must be multiples of `bytes`, in memory.
Value* spilled_addresses(Emitter& e, int k, Space space, std::int64_t bytes) {
  const LaneAddresses at = e.addresses(k, space);
  require_alignment(e, at, bytes);
  return e.spill(e.pointers(at));
}

Value* spilled(Emitter& e, int k, Type type) { return e.spill(e.in_wide(k, type)); }

/// How many operands there are without a cache policy.
int operand_count(const Emitter& e) {
  return static_cast<int>(e.ins->operands.size()) - (e.has("L2::cache_hint") ? 1 : 0);
}

// --- mbarrier ---

Space barrier_space(const Emitter& e) { return space_number(e, 0); }

/// Each lane's transactions and arrivals at the barrier of operand `address`.
void update_barrier(Emitter& e, int address, Value* arrivals, Value* transactions,
                    std::uint32_t flags) {
  Value* where = spilled_addresses(e, address, barrier_space(e), kBarrierBytes);
  e.watch_arrival(e.active_bits(), where);
  Value* states = e.scratch(Emitter::vector_of(e.ir.getInt64Ty()));
  e.stop_with(e.call("vgpu_mbarrier_update", e.ir.getPtrTy(),
                     {e.block_field(0), e.active_bits(), where, e.ir.getInt32(flags),
                      e.spill(arrivals), e.spill(transactions), states}));
  if (address == 1 && e.ins->operands[0].kind != Operand::Kind::discard)
    e.out(e.ir.CreateLoad(Emitter::vector_of(e.ir.getInt64Ty()), states));
}

Value* lanes_of(Emitter& e, std::uint32_t value) { return e.splat(e.ir.getInt32(value)); }

/// arrive, arrive_drop, expect_tx, complete_tx.
void emit_update(Emitter& e) {
  e.allow({"arrive", "arrive_drop", "expect_tx", "complete_tx", "noComplete", "relaxed", "release",
           "cta", "cluster", "shared", "shared::cta", "shared::cluster"});
  const bool drops = e.has("arrive_drop"), arrives = drops || e.has("arrive");
  const int address = arrives ? 1 : 0;
  const bool given = operand_count(e) > address + 1;
  Value* number = given ? e.in_wide(address + 1, Type::b32) : lanes_of(e, 1);
  Value* none = lanes_of(e, 0);
  const std::uint32_t flags = (drops ? 1u : 0u) | (e.has("noComplete") ? 2u : 0u);
  if (e.has("expect_tx")) {
    if (!given) e.unsupported("a transaction count");
    return update_barrier(e, address, arrives ? lanes_of(e, 1) : none, number, flags);
  }
  if (e.has("complete_tx")) return update_barrier(e, address, none, e.ir.CreateNeg(number), flags);
  update_barrier(e, address, number, none, flags);
}

/// d = whether the phase is over; where it is not, a loop's next turn goes to others.
void emit_test(Emitter& e) {
  e.allow({"test_wait", "try_wait", "parity", "relaxed", "acquire", "cta", "cluster", "shared",
           "shared::cta"});
  Value* where = spilled_addresses(e, 1, barrier_space(e), kBarrierBytes);
  const bool parity = e.has("parity");
  Value* active = e.active_bits();
  Value* over =
      e.call(parity ? "vgpu_mbarrier_test_parity" : "vgpu_mbarrier_test", e.ir.getInt32Ty(),
             {active, where, spilled(e, 2, parity ? Type::b32 : Type::b64)});
  e.watch_wait(over, where);
  Value* turns = e.warp_field(offsetof(WarpState, turns));
  Value* now = e.ir.CreateLoad(e.ir.getInt32Ty(), turns);
  e.ir.CreateStore(e.ir.CreateSelect(e.ir.CreateICmpEQ(over, active), now, e.ir.getInt32(1)),
                   turns);
  e.out(e.bits_to_lanes(over));
}

void emit_mbarrier(Emitter& e) {
  if (e.has("test_wait") || e.has("try_wait")) return emit_test(e);
  if (e.has("pending_count")) {
    Value* counts = e.scratch(Emitter::vector_of(e.ir.getInt32Ty()));
    e.call("vgpu_mbarrier_pending", e.ir.getVoidTy(), {spilled(e, 1, Type::b64), counts});
    return e.out(e.ir.CreateLoad(Emitter::vector_of(e.ir.getInt32Ty()), counts));
  }
  if (!e.has("init") && !e.has("inval")) return emit_update(e);
  e.allow({"init", "inval", "shared", "shared::cta"});
  Value* where = spilled_addresses(e, 0, barrier_space(e), kBarrierBytes);
  if (e.has("init"))
    e.stop_with(e.call("vgpu_mbarrier_init", e.ir.getPtrTy(),
                       {e.active_bits(), where, spilled(e, 1, Type::b32)}));
}

// --- copies ---

/// cp.async.mbarrier.arrive: without .noinc it counts itself in and out.
void emit_copy_arrival(Emitter& e) {
  e.allow({"async", "mbarrier", "arrive", "noinc", "shared", "shared::cta"});
  if (e.has("noinc")) return update_barrier(e, 0, lanes_of(e, 1), lanes_of(e, 0), 0);
  e.watch_arrival(e.active_bits(), spilled_addresses(e, 0, barrier_space(e), kBarrierBytes));
}

/// Bytes that each lane reads: all, src-size, or none where ignore-src holds.
Value* bytes_taken(Emitter& e, std::int64_t bytes) {
  Value* all = lanes_of(e, static_cast<std::uint32_t>(bytes));
  if (operand_count(e) < 4) return all;
  if (e.declared_type(e.ins->operands[3]) != Type::pred) return e.in_wide(3, Type::b32);
  return e.ir.CreateSelect(e.in_wide(3, Type::pred), lanes_of(e, 0), all);
}

void emit_copy(Emitter& e) {
  e.allow({"async", "ca", "cg", "shared", "shared::cta", "global", "L2::64B", "L2::128B",
           "L2::256B", "L2::cache_hint"});
  std::int64_t bytes = 0;
  if (!e.constant(2, bytes) || (bytes != 4 && bytes != 8 && bytes != 16) ||
      (e.has("cg") && bytes != 16))
    e.unsupported("size: 4, 8 or 16, of cg 16");
  Value* to = spilled_addresses(e, 0, Space::shared, bytes);
  Value* from = spilled_addresses(e, 1, Space::global, bytes);
  e.call("vgpu_copy_async", e.ir.getVoidTy(),
         {e.active_bits(), to, from, e.ir.getInt32(static_cast<std::uint32_t>(bytes)),
          e.spill(bytes_taken(e, bytes))});
}

/// The name of the atomic helper that reduces, and bytes of its element.
std::pair<std::string, std::uint32_t> reduction_of(Emitter& e) {
  const Type type = e.type_from_end();
  for (const char* name : {"add", "min", "max", "inc", "dec", "and", "or", "xor"}) {
    if (!e.has(name)) continue;
    std::string helper = std::string("vgpu_atomic_") + name + "_" + ptx::name_of(type);
    if (!is_helper(helper)) e.unsupported("type");
    return {helper, static_cast<std::uint32_t>(ptx::bits_of(type)) / 8};
  }
  e.unsupported("operation");
}

/// [to], [from], bytes [, [barrier]] [, mask of blocks] [, cache policy]
void emit_bulk_copy(Emitter& e) {
  e.allow({"async", "bulk", "reduce", "global", "shared::cta", "shared::cluster", "bulk_group",
           "mbarrier::complete_tx::bytes", "multicast::cluster", "L2::cache_hint", "add", "min",
           "max", "inc", "dec", "and", "or", "xor", "noftz"});
  Value* to = spilled_addresses(e, 0, space_number(e, 0), kBulkBytes);
  Value* from = spilled_addresses(e, 1, space_number(e, 1), kBulkBytes);
  Value* bytes = spilled(e, 2, Type::b32);
  Value* barriers = llvm::ConstantPointerNull::get(e.ir.getPtrTy());
  if (e.has("mbarrier::complete_tx::bytes")) {
    if (operand_count(e) < 4) e.unsupported("a barrier");
    barriers = spilled_addresses(e, 3, Space::shared, kBarrierBytes);
  }
  e.watch_pieces(e.active_bits(), from, bytes, space_number(e, 1), false);
  e.watch_pieces(e.active_bits(), to, bytes, space_number(e, 0), true);
  if (e.has("mbarrier::complete_tx::bytes")) e.watch_arrival(e.active_bits(), barriers);
  if (!e.has("reduce"))
    return e.stop_with(e.call("vgpu_copy_bulk", e.ir.getPtrTy(),
                              {e.block_field(0), e.active_bits(), to, from, bytes, barriers}));
  const auto [helper, element] = reduction_of(e);
  llvm::Type* pointer = e.ir.getPtrTy();
  auto* type = llvm::FunctionType::get(
      e.ir.getVoidTy(), {e.ir.getInt32Ty(), pointer, pointer, pointer, pointer}, false);
  Value* atomic = e.module.getOrInsertFunction(helper, type).getCallee();
  e.stop_with(e.call("vgpu_reduce_bulk", e.ir.getPtrTy(),
                     {e.block_field(0), e.active_bits(), to, from, bytes, barriers, atomic,
                      e.ir.getInt32(element)}));
}

void emit_copies(Emitter& e) {
  if (!e.has("async") || e.has("tensor")) e.unsupported();
  if (e.has("commit_group") || e.has("wait_group") || e.has("wait_all")) {
    e.ir.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent, llvm::SyncScope::SingleThread);
    return;
  }
  if (e.has("mbarrier")) return emit_copy_arrival(e);
  if (e.has("prefetch")) return;
  if (e.has("bulk")) return emit_bulk_copy(e);
  emit_copy(e);
}

}  // namespace

void close_transactions(Emitter& e, int k, std::int64_t bytes) {
  Value* barriers = spilled_addresses(e, k, Space::shared, kBarrierBytes);
  Value* closed = e.spill(lanes_of(e, static_cast<std::uint32_t>(bytes)));
  e.watch_arrival(e.active_bits(), barriers);
  e.stop_with(e.call("vgpu_close_transactions", e.ir.getPtrTy(),
                     {e.block_field(0), e.active_bits(), barriers, closed}));
}

bool emit_async(Emitter& e) {
  const std::string& op = e.ins->opcode;
  if (op == "cp") return emit_copies(e), true;
  if (op == "mbarrier") return emit_mbarrier(e), true;
  return false;
}

}  // namespace vgpu::isa
