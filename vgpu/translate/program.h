// program.h - a kernel with everything that analysis found: what both translations (full and
// masked) work from.
#pragma once

#include <vector>

#include "vgpu/observe/checks.h"
#include "vgpu/observe/registers.h"
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

enum class Observed { no, yes };

/// `Observed::yes`: every branch stays, for the counters, and arrays in shared and local memory
/// have room between them, so that what misses one meets no other.
Prepared prepare_kernel(const ptx::Module& module, const ptx::Function& kernel,
                        Observed observed = Observed::no);

struct Program {
  const ptx::Module* module;
  const ptx::Function& function;
  const Layout& layout;
  WarpRows rows;
  bool noisy;              // approximate results are moved (isa/approximate_noise.h)
  observe::Checks checks;  // what the code tells the observers
  Flow flow;
  Shapes shapes;
  std::vector<bool> entry;   // block: lanes that all stand here may go on in full code
  std::vector<bool> resume;  // block: full code may go on here from where it stopped (a barrier, a
                             // turn given away)
  std::vector<bool>
      polls;  // block: its backward jump closes a loop that may wait for another thread's store
  observe::UnwrittenRegisters unwritten;  // while reads of what nobody wrote are looked for

  int block_count() const { return static_cast<int>(flow.blocks.size()); }
  /// The instruction that stands before a block, as the barrier at which lanes wait that go on
  /// there.
  int instruction_before(int block) const {
    return (block < block_count() ? flow.blocks[block].first
                                  : static_cast<int>(function.body.size())) -
           1;
  }
};

/// Refers to `prepared`, which must live as long.
Program make_program(const Prepared& prepared, WarpRows rows, bool noisy = false,
                     const observe::Checks& checks = {});

}  // namespace vgpu::translate
