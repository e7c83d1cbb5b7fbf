// corpus.h - kernels with one seeded bug each, and their repaired twins.
//
// A kernel is a template over `kFixed`, so that bug and repair stand side by side. Own writing;
// `hunts` names where the bug was met.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <vector>

#include "vgpu/observe/report.h"

namespace vgpu::observe::corpus {

struct Seeded {
  const char* name;
  Kind kind;          // that must be found
  const char* hunts;  // the bug, and where it was met
  void (*run)(bool fixed);
  const char* checks = "all";
};

std::vector<Seeded> memory_bugs();
std::vector<Seeded> host_bugs();
std::vector<Seeded> init_bugs();
std::vector<Seeded> shared_races();
std::vector<Seeded> global_races();
std::vector<Seeded> barrier_bugs();
std::vector<Seeded> stream_bugs();

/// Device memory for a test; filled unless `fill` is false.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t count, bool fill = true) : count_(count) {
    cudaMalloc(&data_, count * sizeof(T));
    if (!fill) return;
    cudaMemset(data_, 0, count * sizeof(T));
    cudaDeviceSynchronize();  // streams made with cudaStreamNonBlocking do not wait for it
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { cudaFree(data_); }
  operator T*() const { return data_; }

 private:
  T* data_ = nullptr;
  std::size_t count_;
};

/// Calls the kernel's repaired or seeded instance.
#define PLUMB_TWINS(kernel, fixed, grid, block, shared, ...)    \
  ((fixed) ? kernel<true><<<grid, block, shared>>>(__VA_ARGS__) \
           : kernel<false><<<grid, block, shared>>>(__VA_ARGS__))

}  // namespace vgpu::observe::corpus
