// errors.cpp - the last error, sticky errors, and the text behind a code.
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "vgpu/machine/machine.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/checked_errors.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

thread_local cudaError_t last = cudaSuccess;
std::array<std::atomic<cudaError_t>, kMostDevices> sticky_of{};  // by device
std::mutex text_mutex;
VGPU_EARLY std::string fault_text;
VGPU_EARLY std::set<std::string> printed;

cudaError_t code_of(Fault::Kind kind) {
  switch (kind) {
    case Fault::Kind::invalid_ptx:
      return cudaErrorInvalidPtx;
    case Fault::Kind::unsupported_instruction:
      return cudaErrorNotSupported;
    case Fault::Kind::invalid_configuration:
      return cudaErrorInvalidConfiguration;
    case Fault::Kind::out_of_resources:
      return cudaErrorLaunchOutOfResources;
    case Fault::Kind::illegal_address:
      return cudaErrorIllegalAddress;
    case Fault::Kind::misaligned_address:
      return cudaErrorMisalignedAddress;
    case Fault::Kind::trap:
      return cudaErrorLaunchFailure;
    case Fault::Kind::device_assert:
      return cudaErrorAssert;
    case Fault::Kind::deadlock:
    case Fault::Kind::timeout:
      return cudaErrorLaunchTimeout;
    default:
      return cudaErrorUnknown;
  }
}

bool is_sticky(cudaError_t code) {
  return code == cudaErrorIllegalAddress || code == cudaErrorMisalignedAddress ||
         code == cudaErrorLaunchFailure || code == cudaErrorAssert ||
         code == cudaErrorLaunchTimeout;
}

std::atomic<cudaError_t>& sticky(int device = current_device()) {
  return sticky_of[static_cast<std::size_t>(device)];
}

/// Calls that ask or choose, and work on a lost device too.
bool is_always_answered(std::string_view name) {
  return name == "cudaGetDevice" || name == "cudaSetDevice" || name == "cudaGetDeviceCount" ||
         name == "cudaDriverGetVersion" || name == "cudaRuntimeGetVersion";
}

/// The user wants the program to end; the launch only said first where it stood.
void end_as_ctrl_c_does() {
  std::signal(SIGINT, SIG_DFL);
  raise(SIGINT);
}

cudaError_t run(const std::function<cudaError_t()>& body) {
  try {
    return body();
  } catch (const Fault& fault) {
    report(fault.what());
    if (fault.kind == Fault::Kind::interrupted) end_as_ctrl_c_does();
    return code_of(fault.kind);
  } catch (const ApiError& error) {
    report(error.what());
    return error.code;
  } catch (const std::bad_alloc&) {
    return cudaErrorMemoryAllocation;
  } catch (const std::exception& error) {
    report(error.what());
    return cudaErrorUnknown;
  }
}

}  // namespace

namespace {

cudaError_t perform(const char* name, const std::function<cudaError_t()>& body) {
  if (std::string_view(name) == "cudaDeviceReset") forget_errors();
  cudaError_t code = is_always_answered(name) ? cudaSuccess : sticky().load();
  if (code == cudaSuccess) {
    code = run(body);
    const int device = take_device_of_fault();
    if (is_sticky(code)) sticky(device) = code;
  }
  if (code != cudaSuccess && code != cudaErrorNotReady) last = code;
  return code;
}

}  // namespace

cudaError_t answer(const char* name, const std::function<cudaError_t()>& body) {
  const cudaError_t code = perform(name, body);
  if (code != cudaSuccess && code != cudaErrorNotReady) checked::error_told();
  return code;
}

cudaError_t answer_launch(const std::function<cudaError_t()>& body) {
  const cudaError_t lost = sticky().load(), code = perform("cudaLaunchKernel", body);
  if (code != cudaSuccess && lost == cudaSuccess) checked::launch_failed(code, last_fault());
  return code;
}

cudaError_t answer_always(const std::function<cudaError_t()>& body) { return run(body); }

void report(const std::string& text) {
  const std::lock_guard lock(text_mutex);
  fault_text = text;
  if (printed.insert(text).second) std::fprintf(stderr, "vgpu: %s\n", text.c_str());
}

std::string last_fault() {
  const std::lock_guard lock(text_mutex);
  return fault_text;
}

cudaError_t last_error(bool clear) {
  const cudaError_t lost = sticky().load(), code = lost != cudaSuccess ? lost : last;
  if (clear) last = cudaSuccess;
  if (code != cudaSuccess) checked::error_told();
  return code;
}

void forget_errors() {
  checked::errors_lost();
  sticky() = cudaSuccess;
  last = cudaSuccess;
}

}  // namespace vgpu::runtime

#ifdef VGPU_SHARED
extern "C" __attribute__((visibility("default"))) cudaError_t cudaGetLastError() {
  return vgpu::runtime::last_error(true);
}
extern "C" __attribute__((visibility("default"))) cudaError_t cudaPeekAtLastError() {
  return vgpu::runtime::last_error(false);
}
#else
extern "C" cudaError_t __real_cudaGetLastError();
extern "C" cudaError_t __real_cudaPeekAtLastError();
extern "C" cudaError_t __wrap_cudaGetLastError() {
  return vgpu::runtime::on_virtual_device() ? vgpu::runtime::last_error(true)
                                            : __real_cudaGetLastError();
}
extern "C" cudaError_t __wrap_cudaPeekAtLastError() {
  return vgpu::runtime::on_virtual_device() ? vgpu::runtime::last_error(false)
                                            : __real_cudaPeekAtLastError();
}
#endif
