// errors.cpp - the last error, sticky errors, and the text behind a code.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>

#include "vgpu/machine/machine.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/device.h"

namespace vgpu::runtime {
namespace {

thread_local cudaError_t last = cudaSuccess;
std::atomic<cudaError_t> sticky = cudaSuccess;
std::mutex text_mutex;
std::string fault_text;
std::set<std::string> printed;

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

cudaError_t run(const std::function<cudaError_t()>& body) {
  try {
    return body();
  } catch (const Fault& fault) {
    report(fault.what());
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

cudaError_t answer(const char* name, const std::function<cudaError_t()>& body) {
  if (std::string(name) == "cudaDeviceReset") forget_errors();
  cudaError_t code = sticky.load();
  if (code == cudaSuccess) {
    code = run(body);
    if (is_sticky(code)) sticky = code;
  }
  if (code != cudaSuccess && code != cudaErrorNotReady) last = code;
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
  const cudaError_t code = sticky.load() != cudaSuccess ? sticky.load() : last;
  if (clear) last = cudaSuccess;
  return code;
}

void forget_errors() {
  sticky = cudaSuccess;
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
