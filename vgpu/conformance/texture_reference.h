// texture_reference.h - what a read of a texture gives, computed on the host: nested interpolation
// in long double, texels decoded one by one, faces of a cube by the guide's table.
#pragma once

#include <array>

#include "vgpu/conformance/line.h"
#include "vgpu/isa/texture_object.h"

namespace vgpu::conformance {

/// A lane's operands.
struct TextureRead {
  TextureRequest request{};
  float at[3] = {};
  s32 integers[3] = {};
  u32 layer = 0;
  float level = 0;
  s32 integer_level = 0;
  float gradient[2][3] = {};
  int offset[3] = {};
};

struct TextureAnswer {
  std::array<u32, 4> words{};  // as the instruction returns them, before halves are packed
  bool exact = true;           // else an f32 may be one unit off
};

TextureAnswer reference_read(const TextureObject& object, const TextureRead& read);

}  // namespace vgpu::conformance
