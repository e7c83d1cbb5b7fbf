// value_bits.h - how large the numbers in a register can be: what a shift or a mask leaves of them.
//
// Compilers guard index arithmetic against numbers that cannot occur (a negative threadIdx.x):
// knowing that they cannot keeps the arithmetic affine in the lane (shape.h).
#pragma once

#include <string>
#include <vector>

#include "vgpu/ptx/module.h"
#include "vgpu/translate/shape.h"

namespace vgpu::translate {

/// b such that what the instruction writes is below 2^b in every lane, as an unsigned number of its
/// type; Shape::kAnyBits when nothing is known. `in` holds the shapes of the operands after the
/// destination.
int value_bits(const ptx::Instruction& instruction, const std::vector<Shape>& in);

/// The same of a special register: from the machine's limits.
int special_bits(const std::string& name);

}  // namespace vgpu::translate
