// stream.h - a queue of work on the device, borrowed or owned.
#pragma once

#include <cuda_runtime_api.h>

#include <memory>

namespace plumb {

/// A stream handle. Default: the default stream. Copies of an owned stream share it; the last one
/// destroys it.
class Stream {
 public:
  Stream() = default;
  /// Borrows.
  Stream(cudaStream_t handle) : handle_(handle) {}  // NOLINT: a handle is a stream
  /// Makes a stream that does not wait for the default stream. Throws CudaError.
  static Stream create();

  cudaStream_t get() const { return handle_; }
  /// Waits until all work so far is done; throws CudaError for what failed in it.
  void synchronize() const;

 private:
  cudaStream_t handle_ = nullptr;
  std::shared_ptr<CUstream_st> owner_;
};

}  // namespace plumb
