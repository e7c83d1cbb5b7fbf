// plugin_sample.cu - a kernel and a variable in a library that a program loads while it runs. Built
// twice with another PLUGIN_VALUE, so that two libraries have both under the same names.
#include <cuda_runtime.h>

namespace {

__device__ int plugin_value = PLUGIN_VALUE;

template <class Number>
__global__ void plugin_kernel(Number* out) {
  *out = plugin_value;
}

}  // namespace

/// What the kernel writes; -1 after an error.
extern "C" int plugin_run() {
  int *out = nullptr, value = -1;
  if (cudaMalloc(&out, sizeof *out) != cudaSuccess) return -1;
  plugin_kernel<int><<<1, 1>>>(out);
  if (cudaMemcpy(&value, out, sizeof value, cudaMemcpyDeviceToHost) != cudaSuccess) value = -1;
  cudaFree(out);
  return value;
}

extern "C" const void* plugin_function() {
  return reinterpret_cast<const void*>(plugin_kernel<int>);
}

extern "C" void* plugin_variable() {
  void* address = nullptr;
  return cudaGetSymbolAddress(&address, plugin_value) == cudaSuccess ? address : nullptr;
}
