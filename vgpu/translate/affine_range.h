// affine_range.h - what full code asks at run time of a number that is affine in the lane: whether
// it wraps within the warp, and whether all lanes compare alike. Scalars alone answer.
#pragma once

#include "vgpu/isa/emitter.h"
#include "vgpu/translate/shape.h"

namespace vgpu::translate {

/// The least and the most that a lane adds to the base.
struct Extent {
  std::int64_t down = 0, up = 0;
};
Extent extent_of(const Shape& shape, WarpRows rows);

/// Whether base + down or base + up is no number of the type, as i1; null for no extent.
llvm::Value* wraps(isa::Emitter& e, llvm::Value* base, ptx::Type type, const Extent& extent);

/// A comparison's outcome: `holds` (i1) is that of every lane where `alike` (i1).
struct Agreement {
  llvm::Value *alike = nullptr, *holds = nullptr;
};

/// Of the integer setp e.ins between base + what the lanes add, as operand `moving` (1 or 2), and
/// `against`, which is one number. Where the least and the greatest lane's number compare alike,
/// those between do so too, unless they wrap; with eq and ne only where `against` lies outside.
/// The extent must be smaller than half of the type's range.
Agreement agreement_of(isa::Emitter& e, llvm::Value* base, const Extent& extent, int moving,
                       llvm::Value* against);

}  // namespace vgpu::translate
