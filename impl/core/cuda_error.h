// cuda_error.h - every CUDA call goes through one of two macros; nothing fails silently.
#pragma once

#include <cuda_runtime_api.h>

#include "impl/core/error.h"

namespace plumb {

struct CudaError : Error {
  CudaError(const std::string& text, cudaError_t error_code) : Error(text), code(error_code) {}
  cudaError_t code;
};

/// Throws CudaError "file:line: expression: name (text)"; clears the runtime's last error first.
[[noreturn]] void throw_cuda_error(cudaError_t code, const char* expression, const char* file,
                                   int line);
/// Prints the same to stderr and counts it: for destructors. Of a device that is lost to a kernel's
/// fault, which fails every call, one line a process.
void report_cuda_error(cudaError_t code, const char* expression, const char* file,
                       int line) noexcept;
/// Whether the device keeps an error (a kernel's fault): every call in this process fails with it.
bool device_is_lost() noexcept;
/// Errors reported and not thrown in this process.
int reported_cuda_errors() noexcept;

}  // namespace plumb

#define PLUMB_CUDA(expression)                                                 \
  do {                                                                         \
    const cudaError_t plumb_code_ = (expression);                              \
    if (plumb_code_ != cudaSuccess)                                            \
      ::plumb::throw_cuda_error(plumb_code_, #expression, __FILE__, __LINE__); \
  } while (false)

#define PLUMB_CUDA_NOTHROW(expression)                                          \
  do {                                                                          \
    const cudaError_t plumb_code_ = (expression);                               \
    if (plumb_code_ != cudaSuccess)                                             \
      ::plumb::report_cuda_error(plumb_code_, #expression, __FILE__, __LINE__); \
  } while (false)
