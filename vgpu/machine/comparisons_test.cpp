// Branches on a comparison of a number that moves with the lane (base + stride * lane) with one
// that does not: where the lanes agree, where they part, and where the moving number wraps.
#include <gtest/gtest.h>

#include <cstring>
#include <iterator>
#include <limits>

#include "vgpu/machine/state.h"
#include "vgpu/machine/test_program.h"

namespace vgpu {
namespace {

constexpr int kStrides[] = {1, -1, 4, -12, 0x10000};

struct Comparison {
  const char *is_signed, *is_unsigned;  // the names in PTX
  bool (*holds)(__int128 a, __int128 b);
};
constexpr Comparison kComparisons[] = {
    {"eq", "eq", [](__int128 a, __int128 b) { return a == b; }},
    {"ne", "ne", [](__int128 a, __int128 b) { return a != b; }},
    {"lt", "lo", [](__int128 a, __int128 b) { return a < b; }},
    {"le", "ls", [](__int128 a, __int128 b) { return a <= b; }},
    {"gt", "hi", [](__int128 a, __int128 b) { return a > b; }},
    {"ge", "hs", [](__int128 a, __int128 b) { return a >= b; }},
};

/// One block of 32 threads a pair: out[i] says whether thread i took the branch.
template <class T>
class Trial {
 public:
  Trial() {
    using Limits = std::numeric_limits<T>;
    const T low = Limits::min(), high = Limits::max();
    for (const T base : {T{0}, T{5}, T{1000}, static_cast<T>(-1), static_cast<T>(-40), low,
                         static_cast<T>(low + 7), high, static_cast<T>(high - 7),
                         static_cast<T>(high / 2), static_cast<T>(high / 2 + 20)}) {
      for (const int stride : kStrides)
        for (const int lane : {-1, 0, 1, 15, 31, 32}) add(base, moved(base, stride, lane));
      for (const T against : {low, high, T{0}}) add(base, against);
    }
  }

  void run(const Comparison& comparison, int stride, bool swapped, bool negated) const {
    const bool is_signed = std::numeric_limits<T>::is_signed;
    const std::string op = is_signed ? comparison.is_signed : comparison.is_unsigned;
    std::vector<int> out(pairs_.size() / 2 * kWarpSize, -1);
    Program(text(op, stride, swapped, negated))
        .run({static_cast<unsigned>(pairs_.size() / 2), 1, 1}, {kWarpSize, 1, 1}, pairs_.data(),
             out.data(), 0);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const T base = value(i / kWarpSize * 2), against = value(i / kWarpSize * 2 + 1);
      const T mine = moved(base, stride, static_cast<int>(i % kWarpSize));
      const bool holds =
          swapped ? comparison.holds(against, mine) : comparison.holds(mine, against);
      ASSERT_EQ(out[i], (holds != negated) ? 1 : 0)
          << op << " stride " << stride << (swapped ? " swapped" : "")
          << (negated ? " negated" : "") << " base " << base << " against " << against << " lane "
          << i % kWarpSize;
    }
  }

 private:
  static T moved(T base, int stride, int lane) {
    return static_cast<T>(static_cast<std::uint64_t>(base) +
                          static_cast<std::uint64_t>(std::int64_t{stride} * lane));
  }
  void add(T base, T against) {
    for (const T number : {base, against}) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof number);
      pairs_.push_back(bits);
    }
  }
  T value(std::size_t at) const {
    T number;
    std::memcpy(&number, &pairs_[at], sizeof number);
    return number;
  }
  static std::string text(const std::string& op, int stride, bool swapped, bool negated) {
    const std::string bits = std::to_string(8 * sizeof(T));
    const std::string type = (std::numeric_limits<T>::is_signed ? "s" : "u") + bits;
    const std::string multiply = sizeof(T) == 8 ? "mad.wide.s32" : "mad.lo.s32";
    return kernel_text(".reg .b" + bits + " %v, %b, %m;\n" +
                       "mul.wide.u32 %rd1, %r0, 16;\nadd.s64 %rd2, %in, %rd1;\n" + "ld.global." +
                       type + " %b, [%rd2];\nld.global." + type + " %m, [%rd2+8];\n" + multiply +
                       " %v, %r2, " + std::to_string(stride) + ", %b;\nsetp." + op + "." + type +
                       (swapped ? " %p1, %m, %v;\n" : " %p1, %v, %m;\n") +
                       (negated ? "@!%p1" : "@%p1") +
                       " bra YES;\nst.global.u32 [%to], 0;\nret;\n"
                       "YES: st.global.u32 [%to], 1;\nret;");
  }

  std::vector<std::uint64_t> pairs_;
};

template <class T>
class Comparisons : public Machine {};
using Types = testing::Types<std::int32_t, std::uint32_t, std::int64_t, std::uint64_t>;
TYPED_TEST_SUITE(Comparisons, Types);

TYPED_TEST(Comparisons, BranchAsEachLaneWould) {
  const Trial<TypeParam> trial;
  for (std::size_t s = 0; s < std::size(kStrides); ++s)
    for (std::size_t c = 0; c < std::size(kComparisons); ++c)
      trial.run(kComparisons[c], kStrides[s], (s + c) % 2 != 0, (s / 2 + c) % 2 != 0);
}

}  // namespace
}  // namespace vgpu
