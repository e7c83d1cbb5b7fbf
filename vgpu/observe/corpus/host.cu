// What the host does wrong with device memory.
#include "vgpu/observe/corpus/corpus.h"

namespace vgpu::observe::corpus {
namespace {

void freed_twice(bool fixed) {
  float* x = nullptr;
  cudaMalloc(&x, 1024);
  cudaFree(x);
  if (!fixed) cudaFree(x);
  cudaGetLastError();
}

void freed_inside(bool fixed) {
  float* x = nullptr;
  cudaMalloc(&x, 1024);
  if (!fixed) cudaFree(x + 4);
  cudaGetLastError();
  cudaFree(x);
}

void freed_what_is_the_hosts(bool fixed) {
  float* x = nullptr;
  static float host[16];
  cudaMalloc(&x, 1024);
  if (!fixed) cudaFree(host);
  cudaGetLastError();
  cudaFree(x);
}

}  // namespace

std::vector<Seeded> host_bugs() {
  return {
      {"freed_twice", Kind::invalid_free, "cudaFree of one pointer twice", freed_twice},
      {"freed_inside", Kind::invalid_free, "cudaFree of a pointer moved on", freed_inside},
      {"freed_what_is_the_hosts", Kind::invalid_free, "cudaFree of the host's memory",
       freed_what_is_the_hosts},
  };
}

}  // namespace vgpu::observe::corpus
