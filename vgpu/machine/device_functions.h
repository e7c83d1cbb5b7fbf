// device_functions.h - what translated code calls: the warp's waiting, clocks, printf, assertions,
// the device heap.
#pragma once

#include "vgpu/machine/state.h"

namespace vgpu {

/// Makes the functions known to the translator; safe to call again.
void register_device_functions();

}  // namespace vgpu

// Called from translated code by these names.
extern "C" {
/// No lane of the warp can run: 0 when some now can, else the RunResult to end with.
std::int32_t vgpu_warp_idle(vgpu::WarpState* warp, vgpu::BlockState* block);
/// Lets waiting lanes go on whose member masks are met.
void vgpu_warp_release(vgpu::WarpState* warp, vgpu::BlockState* block);
}
