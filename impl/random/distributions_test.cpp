// Expected values: torch 2.15.0, torch.manual_seed(...) and the calls that the tests name.
// `plumbline streams` compares millions.
#include "impl/random/distributions.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <numeric>

#include "impl/core/error.h"

namespace plumb::random {
namespace {

TEST(Randperm, PermutesAsLibTorch) {
  Mt19937 g(7);
  EXPECT_EQ(randperm(g, 12), (std::vector<std::int64_t>{3, 4, 0, 5, 7, 9, 11, 6, 8, 1, 10, 2}));
  EXPECT_TRUE(randperm(g, 0).empty());
  EXPECT_THROW(randperm(g, -1), ValueError);
  g.manual_seed(7);
  const auto many = randperm(g, 200000);
  std::int64_t checksum = 0;  // (torch.randperm(200000) * torch.arange(200000)).sum()
  for (std::size_t i = 0; i < many.size(); ++i) checksum += many[i] * static_cast<std::int64_t>(i);
  EXPECT_EQ(checksum, 2000568651157524);
}

double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST(Uniform, RoundsInBothForms) {
  Mt19937 g(3);
  EXPECT_EQ(uniform(g, 4, -0.2236, 0.2236, Dtype::f32),
            (std::vector<double>{-0x1.c6072ap-3, -0x1.693ed6p-3, -0x1.88476ep-4, -0x1.b13eecp-3}));
  g.manual_seed(3);  // ATEN_CPU_CAPABILITY=default
  EXPECT_EQ(uniform(g, 4, -0.2236, 0.2236, Dtype::f32, Kernels::standard),
            (std::vector<double>{-0x1.c6072ap-3, -0x1.693ed6p-3, -0x1.88476cp-4, -0x1.b13eecp-3}));
  g.manual_seed(3);
  EXPECT_EQ(sum_of(uniform(g, 400, -0.2236, 0.2236, Dtype::f32)), -0x1.8e0c5cdacp+1);
  g.manual_seed(3);
  EXPECT_EQ(sum_of(uniform(g, 400, -0.2236, 0.2236, Dtype::f32, Kernels::standard)),
            -0x1.8e0c5e6p+1);
  g.manual_seed(3);
  EXPECT_EQ(
      uniform(g, 3, -1, 2, Dtype::f64),
      (std::vector<double>{-0x1.cb9c1c9aeec38p-1, -0x1.1e449ebad31dcp-3, 0x1.519942e9715acp+0}));
}

TEST(Uniform, OfHalvesIsPlacedInSingle) {
  Mt19937 g(8);
  EXPECT_EQ(uniform(g, 3, -1.3, 2.7, Dtype::f16),
            (std::vector<double>{0x1.178p+0, 0x1.0a8p+1, 0x1.3e4p+1}));
  EXPECT_EQ(uniform(g, 3, -1.3, 2.7, Dtype::bf16),
            (std::vector<double>{-0x1.d2p-4, 0x1.82p-1, 0x1.48p+0}));
}

/// randn(3); randn(20); randn(1): the last is what the first kept.
TEST(Normal, KeepsTheSecondOfTwoOverOtherDraws) {
  Mt19937 g(9);
  EXPECT_EQ(normal(g, 3, 0, 1, Dtype::f32),
            (std::vector<double>{0x1.6e6872p-5, 0x1.e946f6p+0, -0x1.d926bap-3}));
  const auto blocks = normal(g, 20, 0, 1, Dtype::f32);
  EXPECT_EQ(blocks[18], -0x1.966656p+0);
  EXPECT_EQ(blocks[19], -0x1.44dfep-1);
  EXPECT_EQ(normal(g, 1, 0, 1, Dtype::f32)[0], 0x1.623afep-2);
}

/// The tail's 16 are drawn anew over what was done; halves draw nothing else for it.
TEST(Normal, DrawsTheTailOfABlockAgain) {
  Mt19937 g(4);
  const auto single = normal(g, 17, 0, 1, Dtype::f32);
  EXPECT_EQ(single[0], -0x1.e20158p-1);
  EXPECT_EQ(single[1], -0x1.561e0ep-1);
  EXPECT_EQ(single[15], -0x1.e39ae8p-1);
  EXPECT_EQ(single[16], 0x1.15bd1cp+1);
  EXPECT_EQ(uniform(g, 1, 0, 1, Dtype::f32)[0], 0x1.9cebfap-1);
  g.manual_seed(4);
  const auto half = normal(g, 17, 0, 1, Dtype::f16);
  EXPECT_EQ(half[0], -0x1.e2p-1);
  EXPECT_EQ(half[1], 0x1.85p+0);
  EXPECT_EQ(half[16], -0x1.e38p-1);
  EXPECT_EQ(uniform(g, 1, 0, 1, Dtype::f32)[0], 0x1.33a698p-2);
  g.manual_seed(4);
  const auto wide = normal(g, 17, 0, 1, Dtype::f64);
  EXPECT_EQ(wide[0], 0x1.c629a5eecbf09p-1);
  EXPECT_EQ(wide[16], 0x1.296abc834072cp-1);
}

TEST(Normal, OfWhatIsNotContiguousIsDrawnOneByOne) {
  Mt19937 a(4), b(4);
  const auto apart = normal(a, 20, 0, 1, Dtype::f64, Kernels::avx2, false);
  for (const double x : apart) EXPECT_EQ(x, b.normal());
}

TEST(Bernoulli, TakesTwoWordsAnElement) {
  Mt19937 g(5);
  EXPECT_EQ(sum_of(bernoulli(g, 1000, 0.3)), 276);
  EXPECT_EQ(uniform(g, 1, 0, 1, Dtype::f32)[0], 0x1.6fa134p-2);
}

TEST(DropoutNoise, IsDividedInTheDtypeAndDrawsNothingAtTheEnds) {
  Mt19937 g(5);
  EXPECT_EQ(dropout_noise(g, 6, 0.1, Dtype::f32), std::vector<double>(6, 0x1.1c71c8p+0));
  g.manual_seed(5);
  EXPECT_EQ(dropout_noise(g, 3, 1, Dtype::f32), std::vector<double>(3, 0));
  EXPECT_EQ(dropout_noise(g, 3, 0, Dtype::f32), std::vector<double>(3, 1));
  EXPECT_EQ(g, Mt19937(5));
}

TEST(Random, TakesWordsByTheRange) {
  Mt19937 g(6);
  EXPECT_EQ(random(g, 3, -5, std::int64_t{1} << 40, Dtype::i64),
            (std::vector<std::int64_t>{596699967069, 975829121199, 455473615118}));
  EXPECT_EQ(random(g, 5, 0, 10, Dtype::i64), (std::vector<std::int64_t>{7, 6, 4, 8, 7}));
}

TEST(Multinomial, DrawsWithAndWithoutReplacement) {
  Mt19937 g(6);
  const std::vector<double> weights = {0.1f, 0.2f, 0.3f, 0.4f};
  EXPECT_EQ(multinomial(g, weights, 4, false, Dtype::f32), (std::vector<std::int64_t>{3, 2, 0, 1}));
  EXPECT_EQ(multinomial(g, weights, 6, true, Dtype::f32),
            (std::vector<std::int64_t>{2, 3, 0, 3, 3, 3}));
}

TEST(Others, AreDrawnInDoubleAndRounded) {
  Mt19937 g(6);
  EXPECT_EQ(exponential(g, 2, 1.5, Dtype::f32),
            (std::vector<double>{0x1.262582p-1, 0x1.801018p+0}));
  EXPECT_EQ(cauchy(g, 2, 1, 2, Dtype::f32), (std::vector<double>{0x1.7b4c7ep+2, 0x1.40979ap-2}));
  EXPECT_EQ(geometric(g, 2, 0.2, Dtype::f32), (std::vector<double>{4, 2}));
  EXPECT_EQ(log_normal(g, 2, 0.1, 0.7, Dtype::f32),
            (std::vector<double>{0x1.87e5ecp+1, 0x1.baec5ep+0}));
}

struct Refusal {
  const char* text;
  std::function<void(Mt19937&)> call;
};

TEST(Refusals, HaveLibTorchsWords) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Refusal all[] = {
      {"uniform_ expects to return a [from, to) range, but found from=1 > to=0",
       [](auto& g) { uniform(g, 1, 1, 0, Dtype::f32); }},
      {"from is out of bounds for float", [&](auto& g) { uniform(g, 1, nan, 0, Dtype::f32); }},
      {"to is out of bounds for c10::Half", [](auto& g) { uniform(g, 1, 0, 70000, Dtype::f16); }},
      {"normal expects std >= 0.0, but found std -1",
       [](auto& g) { normal(g, 1, 0, -1, Dtype::f32); }},
      {"bernoulli_ expects p to be in [0, 1], but got p=1.5",
       [](auto& g) { bernoulli(g, 1, 1.5); }},
      {"dropout probability has to be between 0 and 1, but got 1.5",
       [](auto& g) { dropout_noise(g, 1, 1.5, Dtype::f32); }},
      {"random_ expects 'from' to be less than 'to', but got from=5 >= to=5",
       [](auto& g) { random(g, 1, 5, 5, Dtype::i64); }},
      {"to - 1 is out of bounds for unsigned char",
       [](auto& g) { random(g, 1, 0, 300, Dtype::u8); }},
      {"exponential_ expects lambda > 0.0, but found lambda=0",
       [](auto& g) { exponential(g, 1, 0, Dtype::f32); }},
      {"geometric_ expects p to be in (0, 1), but got p=1",
       [](auto& g) { geometric(g, 1, 1, Dtype::f32); }},
      {"cauchy_ expects sigma > 0.0, but found sigma=0",
       [](auto& g) { cauchy(g, 1, 0, 0, Dtype::f32); }},
      {"log_normal_ expects std > 0.0, but found std=0",
       [](auto& g) { log_normal(g, 1, 0, 0, Dtype::f32); }},
      {"normal_ of a tensor in i64, allowed: f64, f32, f16, bf16",
       [](auto& g) { normal(g, 1, 0, 1, Dtype::i64); }},
      {"cannot sample n_sample <= 0 samples",
       [](auto& g) { multinomial(g, {1}, 0, false, Dtype::f32); }},
      {"cannot sample n_sample > prob_dist.size(-1) samples without replacement",
       [](auto& g) { multinomial(g, {1}, 2, false, Dtype::f32); }},
      {"probability tensor contains either `inf`, `nan` or element < 0",
       [](auto& g) {
         multinomial(g, {1, -1}, 1, false, Dtype::f32);
       }},
      {"invalid multinomial distribution (sum of probabilities <= 0)",
       [](auto& g) {
         multinomial(g, {0, 0}, 1, false, Dtype::f32);
       }},
  };
  for (const Refusal& refusal : all) {
    Mt19937 g(1);
    try {
      refusal.call(g);
      ADD_FAILURE() << refusal.text;
    } catch (const ValueError& error) {
      EXPECT_NE(std::string(error.what()).find(refusal.text), std::string::npos) << error.what();
    }
    EXPECT_EQ(g, Mt19937(1)) << "nothing is drawn";
  }
}

}  // namespace
}  // namespace plumb::random
