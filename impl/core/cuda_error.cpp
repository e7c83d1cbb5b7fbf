#include "impl/core/cuda_error.h"

#include <atomic>
#include <cstdio>

namespace plumb {
namespace {

std::atomic<int> reported = 0;
std::atomic<bool> loss_is_told = false;

/// Of a lost device one line is enough.
bool is_told() { return device_is_lost() && loss_is_told.exchange(true); }

std::string text_of(cudaError_t code, const char* expression, const char* file, int line) {
  return format_message("{}: {}: {} ({})", source_place(file, line), expression,
                        cudaGetErrorName(code), cudaGetErrorString(code));
}

}  // namespace

void throw_cuda_error(cudaError_t code, const char* expression, const char* file, int line) {
  cudaGetLastError();
  throw CudaError(text_of(code, expression, file, line), code);
}

void report_cuda_error(cudaError_t code, const char* expression, const char* file,
                       int line) noexcept {
  ++reported;
  try {
    cudaGetLastError();
    if (is_told()) return;
    std::fprintf(stderr, "%s\n", text_of(code, expression, file, line).c_str());
  } catch (...) {
    std::fputs("a CUDA error that could not be described\n", stderr);
  }
}

bool device_is_lost() noexcept { return cudaDeviceSynchronize() != cudaSuccess; }

int reported_cuda_errors() noexcept { return reported; }

}  // namespace plumb
