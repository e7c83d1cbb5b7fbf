#include "impl/core/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "impl/core/error.h"

namespace plumb {
namespace {

Tensor iota(Shape shape) {
  std::vector<float> values(static_cast<std::size_t>(count_of(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return Tensor::from_host(values, std::move(shape));
}

using Floats = std::vector<float>;

TEST(Tensor, GoesToTheDeviceAndBack) {
  EXPECT_EQ(iota({2, 3}).to_host<float>(), (Floats{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(Tensor::from_host<std::int64_t>({1, -2}, {2}).to_host<std::int64_t>(),
            (std::vector<std::int64_t>{1, -2}));
  EXPECT_EQ(Tensor::from_host<bool>({true, false}, {2}).to_host<bool>(),
            (std::vector<bool>{true, false}));
}

TEST(Tensor, ZeroDimensionalAndEmptyTensorsExist) {
  const Tensor scalar = Tensor::full({}, 2.5, Dtype::f64);
  EXPECT_EQ(scalar.numel(), 1);
  EXPECT_EQ(scalar.item(), 2.5);
  const Tensor none = Tensor::zeros({3, 0, 2}, Dtype::f32);
  EXPECT_EQ(none.numel(), 0);
  EXPECT_TRUE(none.to_host<float>().empty());
  EXPECT_EQ(none.view({0, 7}).shape(), (Shape{0, 7}));
  EXPECT_EQ(none.clone().shape(), none.shape());
}

TEST(Tensor, ViewsShareMemoryAndReadTheRightElements) {
  const Tensor x = iota({2, 3, 4});

  EXPECT_EQ(x.transpose(0, 2).shape(), (Shape{4, 3, 2}));
  EXPECT_EQ(x.transpose(1, 2).select(0, 1).to_host<float>(),
            (Floats{12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23}));
  EXPECT_EQ(x.slice(2, 1, 4, 2).select(1, 0).to_host<float>(), (Floats{1, 3, 13, 15}));
  EXPECT_EQ(x.narrow(1, 1, 2).select(0, 0).to_host<float>(), (Floats{4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(x.select(0, -1).select(0, -1).to_host<float>(), (Floats{20, 21, 22, 23}));
  EXPECT_TRUE(x.view({6, -1}).shares_memory_with(x));
  EXPECT_EQ(x.unsqueeze(-1).squeeze(3).shape(), x.shape());
}

TEST(Tensor, ViewNeedsStridesThatPermitItAndReshapeCopies) {
  const Tensor t = iota({2, 3}).transpose(0, 1);

  EXPECT_FALSE(t.is_contiguous());
  EXPECT_THROW(t.view({6}), ShapeError);
  EXPECT_EQ(t.reshape({6}).to_host<float>(), (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(iota({4, 6}).transpose(0, 1).view({2, 3, 4}).select(0, 1).to_host<float>(),
            (Floats{3, 9, 15, 21, 4, 10, 16, 22, 5, 11, 17, 23}));
}

TEST(Tensor, ExpandRepeatsWithoutMemory) {
  const Tensor row = iota({3}).expand({2, 3});
  EXPECT_EQ(row.strides()[0], 0);
  EXPECT_EQ(row.to_host<float>(), (Floats{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(iota({3, 1}).expand({-1, 2}).to_host<float>(), (Floats{0, 0, 1, 1, 2, 2}));
  EXPECT_THROW(iota({3}).expand({4}), ShapeError);
}

TEST(Tensor, CopiesConvertAndBroadcastIntoStridedPlaces) {
  Tensor x = Tensor::zeros({2, 3}, Dtype::f64);
  x.transpose(0, 1).copy_(Tensor::from_host<float>({1.5f, 2.5f}, {2}));
  EXPECT_EQ(x.to_host<double>(), (std::vector<double>{1.5, 1.5, 1.5, 2.5, 2.5, 2.5}));
  x.narrow(1, 1, 1).fill_(-1);
  EXPECT_EQ(x.to_host<double>(), (std::vector<double>{1.5, -1, 1.5, 2.5, -1, 2.5}));
}

TEST(Tensor, ConversionsRoundOnceAndTruncate) {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor x = Tensor::from_host<float>({2.75f, -2.75f, 0.f, 65520.f, inf}, {5});

  EXPECT_EQ(x.narrow(0, 0, 3).to(Dtype::i32).to_host<std::int32_t>(),
            (std::vector<std::int32_t>{2, -2, 0}));
  EXPECT_EQ(x.to(Dtype::boolean).to_host<bool>(),
            (std::vector<bool>{true, true, false, true, true}));
  EXPECT_EQ(x.to(Dtype::f16).to(Dtype::f32).to_host<float>(),
            (Floats{2.75f, -2.75f, 0.f, inf, inf}));
  EXPECT_EQ(Tensor::full({1}, 1.00390625 + 1e-12, Dtype::bf16).item(),
            1.0078125);  // just above a tie: up
  EXPECT_EQ(
      Tensor::from_host<std::int64_t>({(std::int64_t{1} << 53) + 1}, {1}).to(Dtype::i64).item(),
      9007199254740992.0);
}

TEST(Tensor, EveryDtypeFillsAndReadsBack) {
  for (const Dtype dtype : kAllDtypes)
    EXPECT_EQ(Tensor::full({3}, 1, dtype).select(0, 2).item(), 1) << name_of(dtype);
}

TEST(Tensor, MistakesNameWhatWasGivenAndWhatIsAllowed) {
  const auto message = [](auto&& body) -> std::string {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing thrown";
  };
  EXPECT_NE(message([] { Tensor::empty({-1}, Dtype::f32); }).find("shape [-1] has a negative size"),
            std::string::npos);
  EXPECT_NE(message([] { iota({2}).size(1); }).find("dimension 1 of shape [2], allowed: -1 to 0"),
            std::string::npos);
  EXPECT_NE(message([] { iota({2}).to_host<double>(); }).find("a f32 tensor is read as f64"),
            std::string::npos);
  EXPECT_NE(
      message([] { Tensor::from_host<float>({1}, {2}); }).find("4 bytes given for f32 [2], need 8"),
      std::string::npos);
  EXPECT_NE(message([] { iota({2}).item(); }).find("need one element"), std::string::npos);
  EXPECT_NE(message([] { dtype_from_name("f8"); }).find("dtype 'f8' is unknown; allowed: f64, f32"),
            std::string::npos);
  EXPECT_NE(message([] { iota({2}).select(0, 2); }).find("index 2 of a dimension of 2"),
            std::string::npos);
}

}  // namespace
}  // namespace plumb
