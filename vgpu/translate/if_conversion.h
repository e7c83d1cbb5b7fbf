// if_conversion.h - short branches over a few arithmetic instructions become guards on these, as
// ptxas does it: lanes that would part and meet again stay together.
//
//   @%p bra L; A; B; L:               ->  @!%p A; @!%p B;
//   @%p bra E; A; bra L; E: B; L:     ->  @!%p A; @%p B;
//
// Only where %p differs from lane to lane: a branch on what all lanes have alike skips its code for
// next to nothing, and so does one on an affine number compared with a uniform one (`i < n`), on
// which whole warps mostly agree.
#pragma once

#include "vgpu/ptx/module.h"

namespace vgpu::translate {

/// Of guarded instructions a branch may leave behind, both its ways together.
constexpr int kMostGuarded = 8;

/// `function` is ready for translation otherwise (prepare.h). Labels, and the places that branches
/// name, go along with their instructions; labels that no branch names are dropped.
void convert_short_branches(ptx::Function& function);

}  // namespace vgpu::translate
