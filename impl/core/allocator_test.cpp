#include "impl/core/allocator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "impl/core/cuda_error.h"
#include "impl/core/tensor.h"

namespace plumb {
namespace {

std::size_t sum(const std::array<std::size_t, kCategories>& accounts) {
  return std::accumulate(accounts.begin(), accounts.end(), std::size_t{0});
}

TEST(Allocator, CategoriesSumToTheLiveBytesAtEveryMark) {
  Allocator& allocator = Allocator::get();
  const MemoryFigures before = allocator.figures();
  {
    MemoryScope scope(Category::parameter);
    const Tensor weight = Tensor::empty({10, 10}, Dtype::f32);
    MemoryScope inner(Category::activation);
    const Tensor x = Tensor::empty({5}, Dtype::f64);

    const MemoryFigures now = allocator.figures();

    EXPECT_EQ(now.live - before.live, 440u);
    EXPECT_EQ(now.live_by[static_cast<int>(Category::parameter)] -
                  before.live_by[static_cast<int>(Category::parameter)],
              400u);
    EXPECT_EQ(sum(now.live_by), now.live);
    EXPECT_EQ(sum(now.at_peak), now.peak);
    weight.set_category(Category::gradient);
    EXPECT_EQ(sum(allocator.figures().live_by), now.live);
  }
  EXPECT_EQ(allocator.figures().live, before.live);
}

TEST(Allocator, ABudgetRefusesOneByteMore) {
  Allocator& allocator = Allocator::get();
  allocator.set_budget(allocator.figures().live + 1000);

  const Tensor fits = Tensor::empty({1000}, Dtype::u8);
  try {
    Tensor::empty({1}, Dtype::u8);
    ADD_FAILURE() << "the budget was exceeded";
  } catch (const DeviceMemoryError& error) {
    EXPECT_NE(std::string(error.what()).find("1 bytes of temporary memory, but 0 of the budget"),
              std::string::npos)
        << error.what();
  }
  EXPECT_THROW(allocator.set_budget(1), ValueError);
  allocator.set_budget(0);
}

TEST(Allocator, PhasesHaveTheirOwnPeaks) {
  Allocator& allocator = Allocator::get();
  allocator.reset_peaks();
  const std::size_t base = allocator.figures().live;
  allocator.begin_phase("forward");
  Tensor a = Tensor::empty({100}, Dtype::u8);
  allocator.begin_phase("backward");
  Tensor b = Tensor::empty({50}, Dtype::u8);
  a = Tensor();
  b = Tensor();
  allocator.begin_phase("");

  const auto phases = allocator.phases();

  EXPECT_EQ(phases.at("forward").peak - base, 100u);
  EXPECT_EQ(phases.at("backward").peak - base, 150u);
}

TEST(Allocator, MoreThanTheDeviceHasIsRefusedWithFigures) {
  EXPECT_THROW(Tensor::empty({std::int64_t{1} << 40}, Dtype::f64), DeviceMemoryError);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(Allocator, FencesPoisonNewMemoryAndNameAWritePastTheEnd) {
  Allocator& allocator = Allocator::get();
  allocator.set_fences(true);
  {
    const Tensor x = Tensor::empty({3}, Dtype::f32), y = Tensor::empty({5}, Dtype::u8);
    for (const float value : x.to_host<float>()) EXPECT_TRUE(std::isnan(value));
    EXPECT_EQ(x.storage_block().bytes, 12u);
    EXPECT_TRUE(allocator.fence_breaks().empty());

    const float past[] = {1, 2, 3, 1};
    PLUMB_CUDA(cudaMemcpy(x.data(), past, sizeof past, cudaMemcpyHostToDevice));
    PLUMB_CUDA(cudaMemset(y.data(), 0, 6));
    const std::vector<std::string> breaks = allocator.fence_breaks();

    ASSERT_EQ(breaks.size(), 2u);
    const std::string end = " bytes was written past its end: guard word 0 of 16 is ";
    for (const std::string& text : {"temporary memory of 12" + end + "0x3f800000, want 0xfeedface",
                                    "temporary memory of 5" + end + "0xfeedfa00, want 0xfeedface"})
      EXPECT_EQ(std::count(breaks.begin(), breaks.end(), text), 1) << text;
  }
  EXPECT_TRUE(allocator.fence_breaks().empty());  // each once
  PLUMB_CUDA(cudaMemset(Tensor::empty({8}, Dtype::u8).data(), 0, 9));
  allocator.set_fences(false);
  EXPECT_EQ(allocator.fence_breaks().size(), 1u);  // found at the release
}

TEST(Allocator, FencesPoisonWithALargeNumberWhenAsked) {
  Allocator& allocator = Allocator::get();
  allocator.set_fences(true, Poison::large);
  const Tensor x = Tensor::empty({3}, Dtype::f32);
  allocator.set_fences(false);

  for (const float value : x.to_host<float>()) EXPECT_GT(value, 1e33f);
}

TEST(CudaError, NamesPlaceExpressionAndCode) {
  try {
    PLUMB_CUDA(cudaSetDevice(99));
    ADD_FAILURE();
  } catch (const CudaError& error) {
    EXPECT_EQ(error.code, cudaErrorInvalidDevice);
    EXPECT_NE(std::string(error.what()).find("impl/core/allocator_test.cpp:"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what())
                  .find("cudaSetDevice(99): cudaErrorInvalidDevice (invalid device ordinal)"),
              std::string::npos)
        << error.what();
  }
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST(CudaError, EvaluatesItsExpressionOnceAndCountsWhatItCannotThrow) {
  int calls = 0;
  const auto fail = [&] { return ++calls, cudaErrorInvalidValue; };
  const int before = reported_cuda_errors();

  PLUMB_CUDA_NOTHROW(fail());

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(reported_cuda_errors(), before + 1);
}

}  // namespace
}  // namespace plumb
