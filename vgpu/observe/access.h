// access.h - which memory an instruction touches, for the observers.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "vgpu/ptx/module.h"

namespace vgpu::observe {

enum class Effect : std::uint8_t { read, write, atomic };

/// One access of an instruction: `bytes` at the address of each active lane.
struct Access {
  int operand = 0;  // that holds the address
  Effect effect = Effect::read;
  ptx::Space space = ptx::Space::generic;
  int bytes = 0;
  /// May meet others of its kind without a race: atomic, volatile, relaxed, acquire, release.
  bool strong = false;
  bool releases = false;  // a fence comes before it
  /// Lanes whose addresses count: those of ldmatrix.x1 are lanes 0 to 7.
  std::uint32_t lanes = ~0u;
  int align = 0;    // what the address is a multiple of; 0: the bytes
  int stored = -1;  // operand with the values that a plain store writes, or -1

  std::uint64_t alignment() const {
    return align != 0 ? static_cast<std::uint64_t>(align)
                      : std::bit_floor(static_cast<std::uint64_t>(bytes));
  }
  bool reads() const { return effect != Effect::write; }
  bool writes() const { return effect != Effect::read; }
};

/// Of ld, ldu, st, atom, red, cp.async, ldmatrix, stmatrix and mbarrier. Kernel parameters
/// (ld.param) are left out: nobody else sees them. wmma.load, wmma.store and bulk copies tell of
/// theirs themselves (isa/emitter.h, watch_pieces). Not covered: textures and surfaces.
std::vector<Access> accesses_of(const ptx::Instruction& instruction);

/// membar, fence: what a thread wrote becomes visible to other blocks.
bool is_fence(const ptx::Instruction& instruction);

}  // namespace vgpu::observe
