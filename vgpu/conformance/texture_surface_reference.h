// texture_surface_reference.h - what an instruction on surfaces loads, and what it leaves in a
// surface, computed on the host.
#pragma once

#include "vgpu/conformance/texture_image.h"
#include "vgpu/conformance/texture_runner.h"

namespace vgpu::conformance {

/// A lane's words: the handle, x in units of the access, y, z, layer; values, whose high words
/// follow.
enum SurfaceWord { kHandle = 0, kX = 2, kY = 3, kZ = 4, kLayer = 5, kValues = 8 };

struct SurfaceLane {
  TestImage image;
  TextureWords words{};
};

/// Does it to the lane's surface; what a load gives.
TextureResults perform(const SurfaceLane& lane, const SurfaceRequest& request, bool loads);

}  // namespace vgpu::conformance
