#include "vgpu/runtime/checked_errors.h"

#include <cuda_runtime_api.h>

#include <map>
#include <mutex>
#include <thread>

#include "vgpu/machine/machine.h"
#include "vgpu/observe/report.h"
#include "vgpu/runtime/api.h"

namespace vgpu::runtime::checked {
namespace {

struct Failure {
  cudaError_t code;
  std::string why;
};
std::mutex mutex;
VGPU_EARLY std::map<std::thread::id, Failure> untold;

void tell(const Failure& failure) {
  observe::Log::get().add(
      {observe::Kind::unchecked_error, failure.why, -1, -1, observe::Severity::error}, [&] {
        observe::Report r;
        r.kind = observe::Kind::unchecked_error;
        r.what = std::string("a launch failed with ") + cudaGetErrorName(failure.code) +
                 ", and nothing asked for its error";
        r.place = failure.why;
        return r;
      });
}

}  // namespace

void launch_failed(cudaError_t code, const std::string& why) {
  if (!settings().checks.stream) return;
  const std::lock_guard lock(mutex);
  const auto [at, fresh] = untold.try_emplace(std::this_thread::get_id(), Failure{code, why});
  if (fresh) return;
  tell(at->second);
  at->second = {code, why};
}

void error_told() {
  if (!settings().checks.stream) return;
  const std::lock_guard lock(mutex);
  untold.erase(std::this_thread::get_id());
}

void errors_lost() {
  const std::lock_guard lock(mutex);
  for (const auto& [thread, failure] : untold) tell(failure);
  untold.clear();
}

}  // namespace vgpu::runtime::checked
