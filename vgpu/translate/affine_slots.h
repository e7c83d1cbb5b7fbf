// affine_slots.h - between full code, which holds an affine register as one scalar, and masked
// code, which holds every lane's value: what is stored where warps change from one to the other.
//
// By tables and two functions, so that a change costs a call and not some hundred instructions of
// code.
#pragma once

#include <cstdint>
#include <span>

#include "vgpu/isa/helpers.h"

namespace vgpu::translate {

/// Where a register lies in the frame, and its shape (shape.h).
struct AffineSlot {
  std::uint32_t vector_slot, scalar_slot;
  std::uint32_t bytes;  // of a lane; 0: a predicate, whose lanes are 32 bits
  std::uint32_t row;    // lanes
  std::int64_t stride, jump;
};

/// uint32 vgpu_gather_affine(uint8* frame, const AffineSlot*, uint32 count): whether any register's
/// lanes are not of its shape; else the scalars are written.
/// void vgpu_spread_affine(uint8* frame, const AffineSlot*, uint32 count): writes the lanes.
std::span<const isa::HelperSymbol> affine_slot_symbols();

}  // namespace vgpu::translate
