// api.h - how a function of the CUDA runtime is defined once for both forms of this library.
//
//   VGPU_API(cudaMalloc, (void** p, size_t n), (p, n)) { ... }
//
// In libvgpu.a this defines __wrap_cudaMalloc: on a virtual device it runs the body, otherwise the
// real function. In libvgpu_cudart.so it defines cudaMalloc itself, which always runs the body.
// CMakeLists.txt collects the names for the linker's --wrap. The body may throw: the exception
// becomes CUDA's error code, its text last_fault().
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <stdexcept>
#include <string>

/// At an object of a namespace: it is there before the program's own static objects, whose
/// constructors may call CUDA, and goes after them.
#define VGPU_EARLY __attribute__((init_priority(200)))

namespace vgpu::runtime {

/// Whether calls are executed here; the first question settles the choice of device.
bool on_virtual_device();

/// Runs a call's body: refuses it after a sticky error, turns exceptions into codes, keeps the last
/// error.
cudaError_t answer(const char* name, const std::function<cudaError_t()>& body);
/// A launch by <<<>>>, whose code the program does not get.
cudaError_t answer_launch(const std::function<cudaError_t()>& body);
/// The same for calls that neither fail after a sticky error nor change the last error.
cudaError_t answer_always(const std::function<cudaError_t()>& body);

/// A refusal with CUDA's code for it: what() becomes last_fault() and is printed.
struct ApiError : std::runtime_error {
  ApiError(cudaError_t error, const std::string& text) : std::runtime_error(text), code(error) {}
  cudaError_t code;
};

/// *out = value; a null `out` is cudaErrorInvalidValue.
template <class T, class Value>
cudaError_t give(T* out, Value value) {
  if (!out) return cudaErrorInvalidValue;
  *out = static_cast<T>(value);
  return cudaSuccess;
}

/// Sets last_fault() and prints it to stderr, once for each text.
void report(const std::string& text);

cudaError_t last_error(bool clear);
/// cudaDeviceReset: forgets the current device's sticky error.
void forget_errors();

}  // namespace vgpu::runtime

#ifdef VGPU_SHARED
#define VGPU_API(name, parameters, arguments)                                      \
  static cudaError_t virtual_##name parameters;                                    \
  extern "C" __attribute__((visibility("default"))) cudaError_t name parameters {  \
    return vgpu::runtime::answer(#name, [&] { return virtual_##name arguments; }); \
  }                                                                                \
  static cudaError_t virtual_##name parameters
#define VGPU_HOOK(type, name, parameters) \
  extern "C" __attribute__((visibility("default"))) type name parameters
#define VGPU_FORWARD(name, arguments) (void)0
#else
#define VGPU_API(name, parameters, arguments)                                      \
  static cudaError_t virtual_##name parameters;                                    \
  extern "C" cudaError_t __real_##name parameters;                                 \
  extern "C" cudaError_t __wrap_##name parameters {                                \
    if (!vgpu::runtime::on_virtual_device()) return __real_##name arguments;       \
    return vgpu::runtime::answer(#name, [&] { return virtual_##name arguments; }); \
  }                                                                                \
  static cudaError_t virtual_##name parameters
#define VGPU_HOOK(type, name, parameters)   \
  extern "C" type __real_##name parameters; \
  extern "C" type __wrap_##name parameters
#define VGPU_FORWARD(name, arguments) __real_##name arguments
#endif
