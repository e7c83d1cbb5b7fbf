// crash_guard.h - a wild address in a kernel becomes a Fault instead of the end of the process.
#pragma once

#include "vgpu/machine/block_runner.h"

namespace vgpu {

/// runner.run() with SIGSEGV, SIGBUS and SIGFPE caught where they come from translated code. Throws
/// Fault.
void run_guarded(BlockRunner& runner);

}  // namespace vgpu
