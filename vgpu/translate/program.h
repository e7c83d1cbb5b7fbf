// program.h - a kernel with everything that analysis found: what both translations (full and
// masked) work from.
#pragma once

#include <vector>

#include "vgpu/translate/flow.h"
#include "vgpu/translate/layout.h"
#include "vgpu/translate/shape.h"

namespace vgpu::translate {

/// What a kernel is for every arrangement of threads: ready for translation (prepare.h), with a
/// place for all that it has.
struct Prepared {
  const ptx::Module* module;
  ptx::Function function;
  Layout layout;
};

Prepared prepare_kernel(const ptx::Module& module, const ptx::Function& kernel);

struct Program {
  const ptx::Module* module;
  const ptx::Function& function;
  const Layout& layout;
  WarpRows rows;
  bool noisy;  // approximate results are moved (isa/approximate_noise.h)
  Flow flow;
  Shapes shapes;
  std::vector<bool> entry;   // block: lanes that all stand here may go on in full code
  std::vector<bool> resume;  // block: full code may go on here from where it stopped (a barrier, a
                             // turn given away)
  std::vector<bool>
      polls;  // block: its backward jump closes a loop that may wait for another thread's store

  int block_count() const { return static_cast<int>(flow.blocks.size()); }
};

/// Refers to `prepared`, which must live as long.
Program make_program(const Prepared& prepared, WarpRows rows, bool noisy = false);

}  // namespace vgpu::translate
