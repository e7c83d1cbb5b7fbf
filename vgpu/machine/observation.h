// observation.h - a launch's observers, while its settings ask for any.
#pragma once

#include <memory>
#include <mutex>

#include "vgpu/machine/kernel.h"
#include "vgpu/observe/launch_observer.h"

namespace vgpu {

class Observation {
 public:
  /// Holds the memory map for as long as it lives.
  /// `workspace`: what a cooperative grid's barrier counts in, or null.
  Observation(const Launch& launch, KernelForm& form, std::uint64_t number, const void* workspace,
              std::size_t workspace_bytes);
  ~Observation();

  observe::LaunchObserver& observer() { return *observer_; }

 private:
  std::unique_lock<std::mutex> lock_;
  const void* workspace_;
  observe::Subject subject_;
  std::unique_ptr<observe::LaunchObserver> observer_;
};

}  // namespace vgpu
