// approximate_noise.h - results of approximate instructions moved within NVIDIA's documented
// bounds, to show that a verdict does not hang on their bits.
#pragma once

#include <cstdint>

#include "vgpu/isa/emitter.h"

namespace vgpu::isa {

/// Of the launches to come; code without noise does not ask for it.
void set_approximate_noise_seed(std::uint64_t seed);

/// `plain`, an approximate result of the instruction in `type` (f32, f16 or bf16), moved when the
/// kernel is a noisy one. The operands are floats, as the instruction saw them.
llvm::Value* with_noise(Emitter& e, ptx::Type type, std::initializer_list<llvm::Value*> operands,
                        llvm::Value* plain);

}  // namespace vgpu::isa
