// interrupt.h - ends a running launch from outside: at its deadline, or when the user presses
// Ctrl-C.
//
// A thread that sleeps until then signals the launch's threads again and again; one that is found
// in translated code leaves it at once (crash_guard.h), one that is in the machine's own code at
// its next look at Work::interruption. The kernels' code pays nothing for it.
#pragma once

#include "vgpu/machine/block_runner.h"

namespace vgpu {

/// Sent to threads; does nothing to one that is not in translated code.
int interrupt_signal();

/// A launch while it runs; one at a time. Ctrl-C ends it unless the program handles SIGINT itself;
/// while none runs Ctrl-C does what it did before.
class RunningLaunch {
 public:
  /// `timeout_seconds` from now on; 0: none.
  RunningLaunch(Work& work, double timeout_seconds);
  ~RunningLaunch();
  RunningLaunch(const RunningLaunch&) = delete;
  RunningLaunch& operator=(const RunningLaunch&) = delete;
};

/// The calling thread while it runs blocks of the launch.
class RunningWorker {
 public:
  RunningWorker();
  ~RunningWorker();
  RunningWorker(const RunningWorker&) = delete;
  RunningWorker& operator=(const RunningWorker&) = delete;
};

}  // namespace vgpu
