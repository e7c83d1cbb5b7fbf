// alignment.h - an access whose address is no multiple of its size stops the launch, as a GPU does.
//
// Bundles (v2, v4, v8) and atomics are tested. Loads and stores of single elements are not: a test
// before each took 0.4 of the speed of a 16 x 16 tile's product, whose addresses are not affine.
#pragma once

#include "vgpu/isa/emitter.h"

namespace vgpu::isa {

/// Emits the test of the active lanes' addresses before an access of `bytes` (a power of two) a
/// lane: one scalar test where every lane's address has the same last bits. Only the addresses of
/// `lanes` count.
void require_alignment(Emitter& e, const LaneAddresses& at, std::int64_t bytes,
                       std::uint32_t lanes = kAllLanes);

}  // namespace vgpu::isa
