#include "impl/core/launch.cuh"

#include <gtest/gtest.h>

#include "impl/core/tensor.h"

namespace plumb {
namespace {

__global__ void write_index_kernel(int* out, int offset) {
  out[blockIdx.x * blockDim.x + threadIdx.x] = static_cast<int>(threadIdx.x) + offset;
}

template <class Body>
std::string message(Body&& body) {
  try {
    body();
  } catch (const CudaError& error) {
    return error.what();
  }
  return "nothing thrown";
}

TEST(Launch, RunsTheKernelWithItsArguments) {
  const Tensor out = Tensor::zeros({6}, Dtype::i32);

  launch("test/write_index", write_index_kernel, {dim3(2), dim3(3)}, {}, out.data_as<int>(), 10);

  EXPECT_EQ(out.to_host<std::int32_t>(), (std::vector<std::int32_t>{10, 11, 12, 10, 11, 12}));
}

TEST(Launch, AGridOfNothingIsNoWork) {
  launch("test/write_index", write_index_kernel, {dim3(0), dim3(3)}, {}, nullptr, 0);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

TEST(Launch, ARefusalNamesTheKernelAndItsShape) {
  const std::string text = message([] {
    launch("test/write_index", write_index_kernel, {dim3(12), dim3(2048)}, {}, nullptr, 0);
  });

  EXPECT_NE(text.find("launch test/write_index<<<(12,1,1),(2048,1,1),0>>>: "
                      "cudaErrorInvalidConfiguration (invalid configuration argument)"),
            std::string::npos)
      << text;
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(Launch, DoesNotInheritAStaleError) {
  const Tensor out = Tensor::zeros({1}, Dtype::i32);
  ASSERT_EQ(cudaSetDevice(99), cudaErrorInvalidDevice);

  const std::string text = message([&] {
    launch("test/write_index", write_index_kernel, {dim3(1), dim3(1)}, {}, out.data_as<int>(), 7);
  });

  EXPECT_NE(text.find("cudaPeekAtLastError(): cudaErrorInvalidDevice"), std::string::npos) << text;
  EXPECT_EQ(out.item(), 0);
}

TEST(Stream, AnOwnedOneLivesAsLongAsItsCopiesAndOrdersItsWork) {
  const Tensor out = Tensor::zeros({1}, Dtype::i32);
  PLUMB_CUDA(cudaDeviceSynchronize());
  Stream copy;
  {
    const Stream stream = Stream::create();
    copy = stream;
  }

  for (int value = 1; value <= 3; ++value)
    launch("test/write_index", write_index_kernel, {dim3(1), dim3(1)}, copy, out.data_as<int>(),
           value);
  copy.synchronize();

  EXPECT_NE(copy.get(), nullptr);
  EXPECT_EQ(out.to_host<std::int32_t>(copy), (std::vector<std::int32_t>{3}));
}

}  // namespace
}  // namespace plumb
