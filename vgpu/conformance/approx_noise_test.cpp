// Approximate instructions with noise: other bits, within NVIDIA's documented error, the same in
// any schedule.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "vgpu/conformance/float_values.h"
#include "vgpu/conformance/kernel_text.h"
#include "vgpu/conformance/values.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

constexpr std::size_t kCount = 64 * 32 * 4;
using Real = long double;

/// An instruction, what it approximates, and the error that the PTX ISA grants it there; no bound
/// (below 0): the bits must be those without noise.
struct Row {
  const char* opcode;
  Format format;
  bool two_operands;
  std::function<Real(Real a, Real b)> exact;
  std::function<Real(Real a, Real b, Real exact)> bound;
};

Real ulp(Real exact) { return std::ldexp(Real{1}, std::max(std::ilogb(exact), -126) - 23); }

Real circle_bound(Real a, Real, Real) {
  const Real pi = std::acos(Real{-1}), size = std::fabs(a);
  return size <= 2 * pi ? std::exp2(Real{-20.5L}) : size <= 100 * pi ? std::exp2(Real{-14.7L}) : -1;
}

Real quotient_bound(Real, Real b, Real exact) {
  const Real size = std::fabs(b);
  return size >= 0x1p-126L && size <= 0x1p126L ? 2 * ulp(exact) : -1;
}

std::vector<Row> rows() {
  const auto relative = [](Real share) {
    return [share](Real, Real, Real exact) { return std::fabs(exact) * share; };
  };
  const auto ulps = [](Real n) { return [n](Real, Real, Real exact) { return n * ulp(exact); }; };
  const auto of = [](auto f) { return [f](Real a, Real) { return f(a); }; };
  const auto ex2 = of([](Real a) { return std::exp2(a); });
  const auto tanh = of([](Real a) { return std::tanh(a); });
  const auto quotient = [](Real a, Real b) { return a / b; };
  return {
      {"ex2.approx.f32", kF32, false, ex2, ulps(2)},
      {"ex2.approx.ftz.f32", kF32, false, ex2, ulps(2)},
      {"lg2.approx.f32", kF32, false, of([](Real a) { return std::log2(a); }),
       [](Real a, Real, Real exact) {
         return a > 0.5L && a < 2 ? 0x1p-22L : std::fabs(exact) * 0x1p-22L;
       }},
      {"sin.approx.f32", kF32, false, of([](Real a) { return std::sin(a); }), circle_bound},
      {"cos.approx.f32", kF32, false, of([](Real a) { return std::cos(a); }), circle_bound},
      {"tanh.approx.f32", kF32, false, tanh, relative(0x1p-11L)},
      {"sqrt.approx.f32", kF32, false, of([](Real a) { return std::sqrt(a); }), relative(0x1p-23L)},
      {"rcp.approx.f32", kF32, false, of([](Real a) { return 1 / a; }), ulps(1)},
      {"rcp.approx.ftz.f32", kF32, false, of([](Real a) { return 1 / a; }), ulps(1)},
      {"rsqrt.approx.f32", kF32, false, of([](Real a) { return 1 / std::sqrt(a); }),
       relative(std::exp2(Real{-22.9L}))},
      {"div.approx.f32", kF32, true, quotient, quotient_bound},
      {"div.full.f32", kF32, true, quotient, quotient_bound},
      {"ex2.approx.f16", kF16, false, ex2, relative(std::exp2(Real{-9.9L}))},
      {"ex2.approx.ftz.bf16", kBf16, false, ex2, relative(0x1p-7L)},
      {"tanh.approx.f16", kF16, false, tanh,
       [](Real, Real, Real) { return std::exp2(Real{-10.987L}); }},
      {"tanh.approx.bf16", kBf16, false, tanh, relative(0x1p-8L)},
  };
}

/// out[i] = f(a[i], b[i]), once with all lanes, once with those that the mask leaves.
std::string kernel_text(const Row& row) {
  const bool f32 = row.format.bits == 32;
  const std::string type = f32 ? ".f32" : ".b16", step = f32 ? "4" : "2";
  std::string out = std::string(kHeader) +
                    ".visible .entry noise(.param .u64 p_a, .param .u64 p_b, .param .u64 p_out, "
                    ".param .u32 p_mask)\n{\n.reg .b64 %a, %b, %out; .reg .b32 %index, %lane, "
                    "%mask, %word; .reg .pred %take; .reg " +
                    type +
                    " %x, %y, %r;\nld.param.u64 %a, [p_a];\nld.param.u64 %b, [p_b];\nld.param.u64 "
                    "%out, [p_out];\nld.param.u32 %mask, [p_mask];\nmov.u32 %lane, %laneid;\n"
                    "mov.u32 %index, %ctaid.x;\nmov.u32 %word, %tid.x;\nmad.lo.u32 %index, %index, "
                    "64, %word;\n";
  for (const char* pointer : {"%a", "%b", "%out"})
    out += std::string("mad.wide.u32 ") + pointer + ", %index, " + step + ", " + pointer + ";\n";
  return out + "ld.global" + type + " %x, [%a];\nld.global" + type + " %y, [%b];\n" +
         lane_predicate("%take", "%mask") + "@!%take bra END;\n" + row.opcode + " %r, %x" +
         (row.two_operands ? ", %y" : "") + ";\nst.global" + type + " [%out], %r;\nEND:\nret;\n}\n";
}

class Noise : public testing::TestWithParam<std::size_t> {
 protected:
  Noise() : before_(settings()), row_(rows()[GetParam()]) {
    settings().cache_folder.clear();
    module_ = LoadedModule::load(ptx::parse(kernel_text(row_), "noise"));
    Random random(11);
    const ValueType type = row_.format.bits == 32 ? type_of<float>()
                           : row_.format.bits == 16 && row_.format.significand == 11
                               ? type_of<f16>()
                               : type_of<bf16>();
    for (std::size_t i = 0; i < kCount; ++i) {
      // Every second one of moderate size: the functions' usual arguments.
      a_.push_back(i % 2 ? moderate(random) : any_value(type, random));
      b_.push_back(i % 2 ? moderate(random) : any_value(type, random));
    }
  }
  ~Noise() override { settings() = before_; }

  u64 moderate(Random& random) const {
    return encode(static_cast<Quad>(static_cast<s64>(random())) / Quad{0x1p59}, row_.format);
  }

  std::vector<u64> run(std::optional<u64> seed, u32 mask = ~0u) {
    settings().approx_noise_seed = seed;
    std::vector<std::uint8_t> a = packed(a_), b = packed(b_), out(a.size());
    struct {
      const void *a, *b;
      void* out;
      u32 mask;
    } parameters{a.data(), b.data(), out.data(), mask};
    launch({module_->kernel("noise"), {kCount / 64}, {64}, 0, &parameters, false}, profile("b200"));
    std::vector<u64> values(kCount);
    for (std::size_t i = 0; i < kCount; ++i) std::memcpy(&values[i], &out[i * step()], step());
    return values;
  }

  std::size_t step() const { return static_cast<std::size_t>(row_.format.bits) / 8; }
  std::vector<std::uint8_t> packed(const std::vector<u64>& values) const {
    std::vector<std::uint8_t> out(kCount * step());
    for (std::size_t i = 0; i < kCount; ++i) std::memcpy(&out[i * step()], &values[i], step());
    return out;
  }
  Real value(u64 bits) const { return static_cast<Real>(decode(bits, row_.format)); }

  Settings before_;
  Row row_;
  std::shared_ptr<LoadedModule> module_;
  std::vector<u64> a_, b_;
};

TEST_P(Noise, MovesResultsWithinTheDocumentedError) {
  const std::vector<u64> plain = run(std::nullopt), noisy = run(7);
  std::size_t moved = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    if (plain[i] == noisy[i]) continue;
    ++moved;
    const Real a = value(a_[i]), b = value(b_[i]), exact = row_.exact(a, b);
    ASSERT_LE(std::fabs(value(noisy[i]) - exact), row_.bound(a, b, exact))
        << row_.opcode << " of " << static_cast<double>(a) << ", " << static_cast<double>(b) << ": "
        << static_cast<double>(value(noisy[i])) << ", exact " << static_cast<double>(exact);
  }
  EXPECT_GT(moved, kCount / 50) << row_.opcode;
}

TEST_P(Noise, LeavesSpecialValuesAlone) {
  const std::vector<u64> plain = run(std::nullopt), noisy = run(7);
  const auto special = [&](u64 bits) {
    const Real v = value(bits);
    return !std::isfinite(v) || std::fabs(v) < std::ldexp(Real{1}, row_.format.lowest);
  };
  std::size_t seen = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    const Real result = value(plain[i]);
    if (!special(a_[i]) && std::isfinite(result) && result != 0) continue;
    ++seen;
    ASSERT_EQ(plain[i], noisy[i]) << row_.opcode << " of " << static_cast<double>(value(a_[i]));
  }
  EXPECT_GT(seen, 100u) << row_.opcode;
}

TEST_P(Noise, IsTheSameInEverySchedule) {
  settings().threads = 1;
  const std::vector<u64> first = run(7);
  settings().threads = 2;
  for (const BlockOrder order : {BlockOrder::forward, BlockOrder::reverse, BlockOrder::random}) {
    settings().order = order;
    settings().order_seed = 5;
    EXPECT_EQ(first, run(7)) << row_.opcode;
  }
  const u32 mask = 0x0ff0a5c3;  // masked code
  const std::vector<u64> some = run(7, mask);
  for (std::size_t i = 0; i < kCount; ++i)
    ASSERT_EQ(some[i], (mask >> i % 32 & 1) ? first[i] : 0u) << row_.opcode;
}

TEST_P(Noise, HangsOnTheSeed) {
  EXPECT_NE(run(7), run(8)) << row_.opcode;
  EXPECT_EQ(run(std::nullopt), run(std::nullopt)) << row_.opcode;
}

INSTANTIATE_TEST_SUITE_P(Approximate, Noise, testing::Range(std::size_t{0}, rows().size()),
                         [](const auto& given) {
                           std::string name = rows()[given.param].opcode;
                           for (char& c : name)
                             if (c == '.') c = '_';
                           return name;
                         });

}  // namespace
}  // namespace vgpu::conformance
