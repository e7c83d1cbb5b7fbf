// matrix_values.h - packed elements of a matrix to what arithmetic is done in, and back.
#pragma once

#include <cstdint>

#include "vgpu/isa/matrix.h"

namespace vgpu::isa {

/// `count` elements of up to 32 bits as floats, exactly; tf32 without its low 13 bits.
void floats_of(Element element, const void* packed, int count, float* out);
/// Rounded to nearest even; NaN becomes 0x7fff.
void halves_of(const float* values, int count, std::uint16_t* out);
/// `count` integers of 8 or 4 bits, the low half of a byte first.
void words_of(Element element, const void* packed, int count, std::int16_t* out);

}  // namespace vgpu::isa
