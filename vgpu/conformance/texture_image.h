// texture_image.h - images of random texels with random samplers, for the instructions to read.
#pragma once

#include <deque>
#include <vector>

#include "vgpu/conformance/values.h"
#include "vgpu/isa/texture_object.h"

namespace vgpu::conformance {

struct TestImage {
  TextureObject object;
  std::vector<std::vector<std::uint8_t>> levels;  // the texels, which the object points to
};

/// Every kind of texel in turn: integers, halves, floats, fractions; 1, 2 and 4 channels.
const std::vector<TexelFormat>& texel_formats();

/// `count` images that suit the geometry. Addresses stay.
std::deque<TestImage> test_textures(ImageGeometry geometry, int count, Random& random);

/// A surface of this format, 1 to 7 texels wide.
TestImage test_surface(ImageGeometry geometry, const TexelFormat& format, Random& random);

/// A texel component's bits: no NaN nor infinity.
u32 any_component(const TexelFormat& format, Random& random);

}  // namespace vgpu::conformance
