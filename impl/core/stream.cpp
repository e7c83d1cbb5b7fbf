#include "impl/core/stream.h"

#include "impl/core/cuda_error.h"

namespace plumb {

Stream Stream::create() {
  Stream stream;
  PLUMB_CUDA(cudaStreamCreateWithFlags(&stream.handle_, cudaStreamNonBlocking));
  stream.owner_.reset(stream.handle_,
                      [](cudaStream_t handle) { PLUMB_CUDA_NOTHROW(cudaStreamDestroy(handle)); });
  return stream;
}

void Stream::synchronize() const { PLUMB_CUDA(cudaStreamSynchronize(handle_)); }

}  // namespace plumb
