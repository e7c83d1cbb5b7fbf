#include "vgpu/isa/alignment.h"

namespace vgpu::isa {
namespace {

using llvm::Value;

Value* misplaced(Emitter& e, Value* address, std::int64_t bytes) {
  llvm::Type* type = address->getType();
  Value* low = e.ir.CreateAnd(address, e.number(type, static_cast<std::uint64_t>(bytes - 1)));
  return e.ir.CreateICmpNE(low, e.number(type, 0));
}

/// All lanes' addresses end in the same bits: lane 0's stands for them.
void require_of_base(Emitter& e, Value* base, std::int64_t bytes, std::uint32_t counted) {
  Value* address = e.ir.CreatePtrToInt(base, e.ir.getInt64Ty());
  Value* wrong = misplaced(e, address, bytes);
  if (e.active()) {
    Value* lanes = e.ir.CreateAnd(e.active_bits(), e.ir.getInt32(counted));
    wrong = e.ir.CreateAnd(wrong, e.ir.CreateICmpNE(lanes, e.ir.getInt32(0)));
  }
  e.fault_if(wrong, bytes, [address] { return address; });
}

void require_of_lanes(Emitter& e, Value* pointers, std::int64_t bytes, std::uint32_t counted) {
  Value* addresses = e.ir.CreatePtrToInt(pointers, Emitter::vector_of(e.ir.getInt64Ty()));
  Value* wrong = e.lanes_to_bits(misplaced(e, addresses, bytes));
  if (e.active()) wrong = e.ir.CreateAnd(wrong, e.active_bits());
  wrong = e.ir.CreateAnd(wrong, e.ir.getInt32(counted));
  e.fault_if(e.ir.CreateICmpNE(wrong, e.ir.getInt32(0)), bytes, [&e, addresses, wrong] {
    Value* lane =
        e.ir.CreateIntrinsic(e.ir.getInt32Ty(), llvm::Intrinsic::cttz, {wrong, e.ir.getFalse()});
    return e.ir.CreateExtractElement(addresses, lane);
  });
}

}  // namespace

void require_alignment(Emitter& e, const LaneAddresses& at, std::int64_t bytes,
                       std::uint32_t lanes) {
  if (bytes == 1) return;
  if (at.affine && at.stride % bytes == 0) return require_of_base(e, at.base, bytes, lanes);
  require_of_lanes(e, e.pointers(at), bytes, lanes);
}

}  // namespace vgpu::isa
