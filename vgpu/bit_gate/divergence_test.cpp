// Lanes and blocks that part, wait for each other and meet: what nvcc makes of it at each
// architecture gives the words that the host computes thread by thread.
#include "vgpu/bit_gate/divergence.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "vgpu/bit_gate/architectures.h"

namespace vgpu::gate {
namespace {

constexpr int kCount = 3001;  // not a multiple of a warp
constexpr std::uint32_t kThreads = 96;

using Words = std::vector<Word>;
class Divergence : public BitGate {};

Words inputs() {
  Words out;
  for (Word i = 0; i < kCount; ++i) out.push_back(i < 64 ? i : mixed(i));
  return out;
}

Dim3 grid() { return {(kCount + kThreads - 1) / kThreads}; }

struct MapParameters {
  const Word* x;
  Word* out;
  int count;
};

#define EXPECT_MAP(kernel, expression)                                            \
  do {                                                                            \
    const Words x = inputs();                                                     \
    Words out(x.size(), 0xdeadu);                                                 \
    run(kernel, grid(), {kThreads}, MapParameters{x.data(), out.data(), kCount}); \
    for (std::size_t i = 0; i < x.size(); ++i) {                                  \
      const Word value = x[i];                                                    \
      ASSERT_EQ(out[i], expression) << "element " << i;                           \
    }                                                                             \
  } while (false)

TEST_P(Divergence, NestedBranches) { EXPECT_MAP("nested_branches", nested_branches(value)); }
TEST_P(Divergence, LoopsWithBreakAndContinue) {
  EXPECT_MAP("loop_with_exits", loop_with_exits(value));
}
TEST_P(Divergence, EarlyReturns) { EXPECT_MAP("early_return", early_return(value)); }
TEST_P(Divergence, Switch) { EXPECT_MAP("many_cases", many_cases(value)); }
TEST_P(Divergence, JumpsIntoALoop) { EXPECT_MAP("state_machine", state_machine(value)); }
TEST_P(Divergence, RecursionOfADepthForEachLane) {
  EXPECT_MAP("recursion", ackermann(value % 3, value / 3 % 5));
}

TEST_P(Divergence, WarpFunctionsAmongTheLanesThatAreThere) {
  const Words x = inputs();
  Words out(x.size());
  run("partial_warps", grid(), {kThreads}, MapParameters{x.data(), out.data(), kCount});
  for (std::size_t first = 0; first < x.size(); first += 32) {
    const std::size_t lanes = std::min<std::size_t>(32, x.size() - first);
    Word odd = 0;
    bool seven = false;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      odd |= (x[first + lane] & 1) << lane;
      seven |= x[first + lane] % 8 == 7;
    }
    Words sum(x.begin() + static_cast<std::ptrdiff_t>(first),
              x.begin() + static_cast<std::ptrdiff_t>(first + lanes));
    sum.resize(32);
    for (std::size_t step = 16; step > 0; step /= 2) {
      const Words before = sum;
      for (std::size_t lane = 0; lane < 32; ++lane)
        if (odd >> (lane ^ step) & 1) sum[lane] = before[lane] + before[lane ^ step];
    }
    Word rank = 0;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const bool is_odd = odd >> lane & 1;
      const Word want = is_odd ? sum[lane] + static_cast<Word>(std::popcount(odd)) + 1000 * rank +
                                     (seven ? 1000000 : 0)
                               : 0;
      rank += is_odd;
      ASSERT_EQ(out[first + lane], want) << "element " << first + lane;
    }
  }
}

TEST_P(Divergence, ALockBetweenLanesWarpsAndBlocks) {
  struct {
    int* lock;
    Word* counter;
    int rounds;
  } parameters{};
  int lock = 0;
  Word counter = 0;
  parameters = {&lock, &counter, 3};
  run("spin_lock", {5}, {64}, parameters);
  EXPECT_EQ(counter, 5u * 64 * 3);
}

TEST_P(Divergence, TheLastBlockSeesWhatTheOthersLeft) {
  const Words x = inputs();
  Words partial(grid().x);
  unsigned finished = 0;
  Word total = 0;
  struct {
    const Word* x;
    Word* partial;
    unsigned* finished;
    Word* total;
    int count;
  } parameters{x.data(), partial.data(), &finished, &total, kCount};
  run("last_block", {7}, {128}, parameters);
  EXPECT_EQ(total, std::accumulate(x.begin(), x.end(), Word{0}));
}

TEST_P(Divergence, BlocksThatWaitForTheOneBeforeInEveryOrder) {
  const Words x = inputs();
  const Settings before = settings();
  for (const BlockOrder order : {BlockOrder::forward, BlockOrder::reverse, BlockOrder::random}) {
    settings().order = order;
    settings().order_seed = 5;
    Words out(x.size()), prefix(16);
    std::vector<int> ready(16);
    struct {
      const Word* x;
      Word *out, *prefix;
      int *ready, count;
    } parameters{x.data(), out.data(), prefix.data(), ready.data(), kCount};
    run("chained_scan", {(kCount + 255) / 256}, {256}, parameters);
    Words want(x.size());
    std::partial_sum(x.begin(), x.end(), want.begin());
    EXPECT_EQ(out, want);
  }
  settings() = before;
}

INSTANTIATE_TEST_SUITE_P(Nvcc, Divergence, testing::ValuesIn(sources()),
                         [](const auto& given) { return given.param.architecture; });

}  // namespace
}  // namespace vgpu::gate
