// translate.h - a kernel's two forms as LLVM functions `i32 name(ptr warp, ptr block)` (see
// machine/state.h).
#pragma once

#include <string>

#include "vgpu/translate/program.h"

namespace llvm {
class Module;
}

namespace vgpu::translate {

/// Whether machine code tells which PTX instruction it came from: as debug information, whose line
/// is the instruction's index + kFirstInstructionsLine; the line before is the function's own.
enum class Places { left_out, kept };
constexpr int kFirstInstructionsLine = 2;

/// How much compile time code is worth. `little`: next to nothing is kept in registers, and
/// long loops come back to the machine now and then, which may have better code. `medium`:
/// registers lie in the warp's frame between blocks, and what takes much code is called; so with
/// `little` too. `full`: for speed. Warps may change from one to another wherever they enter code.
enum class Effort { little, medium, full };

/// All 32 lanes together. Registers that are the same or affine in all lanes are scalars; a branch
/// that parts the lanes, or an affine value that would wrap, ends the run with RunResult::diverged
/// and every lane's place and values stored.
void translate_full(const Program& program, Effort effort, llvm::Module& module,
                    const std::string& name, Places places = Places::left_out);

/// Any lanes, each with a place of its own: the lanes at the lowest one run, under a mask. Ends
/// with RunResult::reconverged where all 32 stand at an entry of the full code.
void translate_masked(const Program& program, Effort effort, llvm::Module& module,
                      const std::string& name, Places places = Places::left_out);

}  // namespace vgpu::translate
