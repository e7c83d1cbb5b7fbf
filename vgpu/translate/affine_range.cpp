#include "vgpu/translate/affine_range.h"

#include <algorithm>
#include <cstdlib>

#include "vgpu/isa/compare.h"

namespace vgpu::translate {
namespace {

using llvm::Value;
using ptx::Type;

/// Whether base + distance is no number of the type; null for no distance.
Value* wraps_by(isa::Emitter& e, Value* base, Type type, std::int64_t distance) {
  if (distance == 0) return nullptr;
  const llvm::Intrinsic::ID id = isa::is_signed(type)
                                     ? (distance > 0 ? llvm::Intrinsic::sadd_with_overflow
                                                     : llvm::Intrinsic::ssub_with_overflow)
                                     : (distance > 0 ? llvm::Intrinsic::uadd_with_overflow
                                                     : llvm::Intrinsic::usub_with_overflow);
  Value* by = e.number(base->getType(), static_cast<std::uint64_t>(std::abs(distance)));
  return e.ir.CreateExtractValue(e.ir.CreateBinaryIntrinsic(id, base, by), 1);
}

/// Whether a number lies below the least or above the greatest.
Value* is_outside(isa::Emitter& e, Value* number, Value* least, Value* greatest, Type type) {
  if (isa::is_signed(type))
    return e.ir.CreateOr(e.ir.CreateICmpSLT(number, least), e.ir.CreateICmpSGT(number, greatest));
  return e.ir.CreateOr(e.ir.CreateICmpULT(number, least), e.ir.CreateICmpUGT(number, greatest));
}

}  // namespace

Extent extent_of(const Shape& shape, WarpRows rows) {
  const std::int64_t columns = shape.stride * (rows.lanes - 1);
  const std::int64_t across = shape.jump * (rows.count() - 1);
  return {std::min<std::int64_t>(columns, 0) + std::min<std::int64_t>(across, 0),
          std::max<std::int64_t>(columns, 0) + std::max<std::int64_t>(across, 0)};
}

Value* wraps(isa::Emitter& e, Value* base, Type type, const Extent& extent) {
  Value* up = wraps_by(e, base, type, extent.up);
  Value* down = wraps_by(e, base, type, extent.down);
  return up && down ? e.ir.CreateOr(up, down) : up ? up : down;
}

Agreement agreement_of(isa::Emitter& e, Value* base, const Extent& extent, int moving,
                       Value* against) {
  const Type type = e.type_from_end();
  const auto at = [&](std::int64_t distance) {
    return e.ir.CreateAdd(base, e.number(base->getType(), static_cast<std::uint64_t>(distance)));
  };
  const auto holds = [&](Value* moved) {
    return moving == 1 ? isa::compare_integers(e, moved, against, type)
                       : isa::compare_integers(e, against, moved, type);
  };
  Value *least = at(extent.down), *greatest = at(extent.up);
  Value* alike = e.has("eq") || e.has("ne") ? is_outside(e, against, least, greatest, type)
                                            : e.ir.CreateICmpEQ(holds(least), holds(greatest));
  if (Value* wrapping = wraps(e, base, type, extent))
    alike = e.ir.CreateAnd(alike, e.ir.CreateNot(wrapping));
  return {alike, holds(least)};
}

}  // namespace vgpu::translate
