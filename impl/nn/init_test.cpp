// Expected values: torch 2.15.0 (AVX2), torch.manual_seed(12), the call, then torch.rand(1).
#include "impl/nn/init.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <string>

#include "impl/core/error.h"

namespace plumb::nn::init {
namespace {

/// FNV-1a over the elements as doubles.
std::uint64_t hash_of(const Tensor& tensor) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const double x : tensor.to(Dtype::f64).to_host<double>())
    for (int byte = 0; byte < 8; ++byte)
      hash = (hash ^ (std::bit_cast<std::uint64_t>(x) >> 8 * byte & 0xff)) * 0x100000001b3;
  return hash;
}

struct Call {
  Shape shape;
  std::function<void(const Tensor&, Mt19937&)> fill;
};

const std::map<std::string, Call>& calls() {
  static const std::map<std::string, Call> all = {
      {"xu", {{40, 30}, [](const Tensor& t, Mt19937& g) { xavier_uniform_(t, g, 1.5); }}},
      {"xn", {{40, 30, 3}, [](const Tensor& t, Mt19937& g) { xavier_normal_(t, g); }}},
      {"ku",
       {{20, 10, 3, 3},
        [](const Tensor& t, Mt19937& g) { kaiming_uniform_(t, g, {.a = std::sqrt(5.0)}); }}},
      {"kn",
       {{20, 10, 3, 3},
        [](const Tensor& t, Mt19937& g) {
          kaiming_normal_(t, g, {.mode = "fan_out", .nonlinearity = "relu"});
        }}},
      {"tn", {{500, 4}, [](const Tensor& t, Mt19937& g) { trunc_normal_(t, g); }}},
      {"tn2", {{500, 4}, [](const Tensor& t, Mt19937& g) { trunc_normal_(t, g, 0, 1, 2, 4); }}},
      {"tn3",
       {{500, 4}, [](const Tensor& t, Mt19937& g) { trunc_normal_(t, g, 0.5, 0.2, -1, 1); }}},
      {"sp", {{33, 7}, [](const Tensor& t, Mt19937& g) { sparse_(t, g, g, 0.3); }}},
      {"dirac", {{6, 4, 3, 5}, [](const Tensor& t, Mt19937&) { dirac_(t, 2); }}},
      {"eye", {{3, 5}, [](const Tensor& t, Mt19937&) { eye_(t); }}}};
  return all;
}

struct Expected {
  Dtype dtype;
  const char* call;
  std::uint64_t hash;
  double next;
};

TEST(Init, FillsWithLibTorchsBitsAndDrawsNoMore) {
  const Expected all[] = {
      {Dtype::f32, "xu", 0xc8cb2fa6727b0893u, 0x1.d3f0680000000p-2},
      {Dtype::f32, "xn", 0x06d181cf07b78654u, 0x1.485d200000000p-4},
      {Dtype::f32, "ku", 0x4beac16a9045d133u, 0x1.5416160000000p-1},
      {Dtype::f32, "kn", 0xa0ea488e12fedf36u, 0x1.1690520000000p-1},
      {Dtype::f32, "tn", 0x317bda83ef078d88u, 0x1.71ad140000000p-2},
      {Dtype::f32, "tn2", 0x1c7a5e6ca328dcefu, 0x1.404bf80000000p-3},
      {Dtype::f32, "tn3", 0xd68162d54553fdf3u, 0x1.839ab60000000p-1},
      {Dtype::f32, "sp", 0x8f0db8145a763c1fu, 0x1.773e760000000p-1},
      {Dtype::f32, "dirac", 0x5d45aa83d1ef8aa5u, 0x1.dcdd2c0000000p-2},
      {Dtype::f32, "eye", 0xa0cdc8cfe36adaf8u, 0x1.dcdd2c0000000p-2},
      {Dtype::f64, "xu", 0x61a7c8398783191eu, 0x1.565e300000000p-4},
      {Dtype::f64, "xn", 0x695be5d44b3c4a94u, 0x1.b9b3e80000000p-2},
      {Dtype::f64, "ku", 0x5cd0c3d2ca058af7u, 0x1.485d200000000p-4},
      {Dtype::f64, "kn", 0xdd90ba37a0f5a3d9u, 0x1.91edbc0000000p-2},
      {Dtype::f64, "tn", 0x822577dd2eec56adu, 0x1.03509a0000000p-1},
      {Dtype::f64, "tn2", 0xd9dd7f246e609815u, 0x1.fc2a8e0000000p-1},
      {Dtype::f64, "tn3", 0x724aee8964c224c1u, 0x1.eada500000000p-2},
      {Dtype::f64, "sp", 0xfab83958c3a77577u, 0x1.7e05280000000p-1},
      {Dtype::f64, "dirac", 0x5d45aa83d1ef8aa5u, 0x1.dcdd2c0000000p-2},
      {Dtype::f64, "eye", 0xa0cdc8cfe36adaf8u, 0x1.dcdd2c0000000p-2},
      {Dtype::f16, "xu", 0x1d4e142aeaa739efu, 0x1.d3f0680000000p-2},
      {Dtype::f16, "xn", 0x3fad74483cf4e426u, 0x1.485d200000000p-4},
      {Dtype::f16, "ku", 0x209d7d9aded96487u, 0x1.5416160000000p-1},
      {Dtype::f16, "kn", 0x3f1bd141d6e63fb5u, 0x1.9962020000000p-1},
      {Dtype::f16, "tn", 0xaa9ecbc10d1c091bu, 0x1.71ad140000000p-2},
      {Dtype::f16, "tn2", 0x056c6e871382235au, 0x1.404bf80000000p-3},
      {Dtype::f16, "tn3", 0xdf80cca42b6bc4c2u, 0x1.839ab60000000p-1},
      {Dtype::f16, "sp", 0xe6fe82eea3da3091u, 0x1.aa57ac0000000p-2},
      {Dtype::f16, "dirac", 0x5d45aa83d1ef8aa5u, 0x1.dcdd2c0000000p-2},
      {Dtype::f16, "eye", 0xa0cdc8cfe36adaf8u, 0x1.dcdd2c0000000p-2},
      {Dtype::bf16, "xu", 0x46fa8c5cf26e22d9u, 0x1.d3f0680000000p-2},
      {Dtype::bf16, "xn", 0x0d0e48cd451f9acau, 0x1.485d200000000p-4},
      {Dtype::bf16, "ku", 0xc38f73ead5a86d35u, 0x1.5416160000000p-1},
      {Dtype::bf16, "kn", 0xa37bc9eb10babb00u, 0x1.9962020000000p-1},
      {Dtype::bf16, "tn", 0x7ae707bd09bace6eu, 0x1.71ad140000000p-2},
      {Dtype::bf16, "tn2", 0xbb89b3ce31b803efu, 0x1.f45b500000000p-3},
      {Dtype::bf16, "tn3", 0x56b7c401c7f0671cu, 0x1.839ab60000000p-1},
      {Dtype::bf16, "sp", 0x6df5176bd55b3cc3u, 0x1.aa57ac0000000p-2},
      {Dtype::bf16, "dirac", 0x5d45aa83d1ef8aa5u, 0x1.dcdd2c0000000p-2},
      {Dtype::bf16, "eye", 0xa0cdc8cfe36adaf8u, 0x1.dcdd2c0000000p-2},
  };
  for (const Expected& want : all) {
    const Call& call = calls().at(want.call);
    Mt19937 generator(12);
    const Tensor t = Tensor::empty(call.shape, want.dtype);
    call.fill(t, generator);
    EXPECT_EQ(hash_of(t), want.hash) << want.call << " " << name_of(want.dtype);
    EXPECT_EQ(generator.uniform24(), want.next) << want.call << " " << name_of(want.dtype);
  }
}

/// The first values; LAPACK's last bits are not ours.
TEST(Orthogonal, HasRightAnglesAndLibTorchsSigns) {
  Mt19937 g(12);
  const Tensor wide = Tensor::empty({5, 12}, Dtype::f64);
  orthogonal_(wide, g, 1.5);
  const auto w = wide.to_host<double>();
  EXPECT_NEAR(w[0], 0.4003189540255879, 1e-14);
  EXPECT_NEAR(w[2], -0.07590882892000553, 1e-14);
  EXPECT_NEAR(w[59], -0.03918135156898234, 1e-14);
  for (std::size_t a = 0; a < 5; ++a)
    for (std::size_t b = 0; b < 5; ++b) {
      double dot = 0;
      for (std::size_t i = 0; i < 12; ++i) dot += w[a * 12 + i] * w[b * 12 + i];
      EXPECT_NEAR(dot, a == b ? 2.25 : 0, 1e-14);
    }
  g.manual_seed(12);
  const Tensor tall = Tensor::empty({7, 4}, Dtype::f64);
  orthogonal_(tall, g);
  EXPECT_NEAR(tall.to_host<double>()[1], 0.6051871219482469, 1e-14);
  EXPECT_NEAR(tall.to_host<double>()[3], -0.06643231598798739, 1e-14);
}

TEST(Fans, CountTheKernel) {
  const Fans conv = calculate_fan_in_and_fan_out({6, 4, 3, 5});
  EXPECT_EQ(conv.in, 60);
  EXPECT_EQ(conv.out, 90);
}

TEST(Gain, IsLibTorchs) {
  EXPECT_EQ(calculate_gain("conv_transpose2d"), 1);
  EXPECT_EQ(calculate_gain("tanh"), 5.0 / 3);
  EXPECT_EQ(calculate_gain("relu"), std::sqrt(2.0));
  EXPECT_EQ(calculate_gain("leaky_relu"), std::sqrt(2 / (1 + 0.01 * 0.01)));
  EXPECT_EQ(calculate_gain("selu"), 0.75);
}

TEST(Kaiming, LeavesATensorWithoutElementsAlone) {
  Mt19937 g(1);
  kaiming_uniform_(Tensor::empty({0, 3}, Dtype::f32), g);
  kaiming_normal_(Tensor::empty({3, 0}, Dtype::f32), g);
  EXPECT_EQ(g, Mt19937(1));
}

struct Refusal {
  const char* text;
  std::function<void()> call;
};

TEST(Refusals, HaveLibTorchsWords) {
  const auto tensor = [](const Shape& shape) { return Tensor::zeros(shape, Dtype::f32); };
  Mt19937 g(1);
  const Refusal all[] = {
      {"Unsupported nonlinearity softplus", [] { calculate_gain("softplus"); }},
      {"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions",
       [&] { xavier_uniform_(tensor({3}), g); }},
      {"Mode fan not supported, please use one of ['fan_in', 'fan_out']",
       [&] {
         kaiming_normal_(tensor({3, 3}), g, {.mode = "fan"});
       }},
      {"Only tensors with 2 dimensions are supported", [&] { eye_(tensor({3})); }},
      {"Only tensors with 3, 4, or 5 dimensions are supported",
       [&] {
         dirac_(tensor({3, 3}));
       }},
      {"dim 0 must be divisible by groups",
       [&] {
         dirac_(tensor({3, 3, 3}), 2);
       }},
      {"Only tensors with 2 or more dimensions are supported",
       [&] { orthogonal_(tensor({3}), g); }},
      {"Only tensors with 2 dimensions are supported",
       [&] {
         sparse_(tensor({3, 3, 3}), g, g, 0.1);
       }},
      {"need a contiguous one",
       [&] {
         uniform_(tensor({3, 4}).transpose(0, 1), g);
       }},
  };
  for (const Refusal& refusal : all) try {
      refusal.call();
      ADD_FAILURE() << refusal.text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(refusal.text), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace plumb::nn::init
