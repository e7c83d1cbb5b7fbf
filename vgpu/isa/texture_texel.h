// texture_texel.h - texels in memory and as an instruction sees them: four words, each the bits of
// an integer or an f32.
#pragma once

#include <array>
#include <cstdint>

#include "vgpu/isa/texture_object.h"

namespace vgpu::isa {

using Texel = std::array<std::uint32_t, 4>;

/// Components that the format lacks read as 0, the fourth as 1. `srgb`: the first three components
/// of 8-bit normalized texels are made linear.
Texel load_texel(const TexelFormat& format, const std::uint8_t* at, bool srgb);

/// Stores the words that the format has components for, converted from f32 or a 32-bit integer: a
/// number out of the component's range becomes its nearest.
void store_texel(const TexelFormat& format, std::uint8_t* at, const Texel& texel);

/// The component that the format lacks.
std::uint32_t missing_component(const TexelFormat& format, int channel);

std::uint16_t half_of_float(float value);

/// The object behind a handle; null, with `refusal` set, when it is none of the kind `mark`.
const TextureObject* object_of(std::uint64_t handle, std::uint64_t mark, const char** refusal);

}  // namespace vgpu::isa
