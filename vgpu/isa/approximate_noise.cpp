// approximate_noise.cpp - what an approximate instruction may give instead of the correctly rounded
// value.
//
// The error that the PTX ISA documents for each instruction is taken as the width of a uniform
// choice around the exact value, which is then rounded to the format. The choice is a hash of seed,
// instruction and operands, so that it is the same in any schedule, and equal operands give equal
// results as on hardware. What the tables of special values settle (zeros, infinities, NaN,
// subnormals) stays, and so does a result where no bound is documented: sin and cos beyond 100 pi,
// the f64 forms.
#include "vgpu/isa/approximate_noise.h"

#include <atomic>
#include <bit>
#include <cmath>
#include <limits>

#include "vgpu/isa/float.h"
#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

std::atomic<std::uint64_t> noise_seed = 0;

struct Format {
  int significand, lowest, highest;  // bits with the implicit one; exponents of normal values
};
constexpr Format kF32{24, -126, 127}, kF16{11, -14, 15}, kBf16{8, -126, 127};

/// The distance between the format's values around `x`.
double spacing(double x, Format f) {
  return std::ldexp(1.0, std::max(std::ilogb(x), f.lowest) - (f.significand - 1));
}

/// Just below a power of two values lie closer: the exact one may be there.
double least_spacing(double x, Format f) { return spacing(std::nextafter(x, 0.0), f); }

double rounded(double x, Format f) {
  if (x == 0.0) return x;
  const double step = spacing(x, f);
  return std::nearbyint(x / step) * step;
}

std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

enum class Function { ex2, lg2, sin, cos, tanh, sqrt, rcp, rsqrt, div };

double exact_value(Function function, double a, double b) {
  switch (function) {
    case Function::ex2:
      return std::exp2(a);
    case Function::lg2:
      return std::log2(a);
    case Function::sin:
      return std::sin(a);
    case Function::cos:
      return std::cos(a);
    case Function::tanh:
      return std::tanh(a);
    case Function::sqrt:
      return std::sqrt(a);
    case Function::rcp:
      return 1.0 / a;
    case Function::rsqrt:
      return 1.0 / std::sqrt(a);
    case Function::div:
      return a / b;
  }
  return 0.0;
}

/// The documented error in f32, absolute; 0: none is documented.
double bound_of_f32(Function function, double a, double b, double exact) {
  constexpr double kPi = 3.14159265358979323846;
  const double size = std::fabs(exact), ulp = least_spacing(exact, kF32);
  switch (function) {
    case Function::ex2:
      return 2 * ulp;
    case Function::lg2:
      return a > 0.5 && a < 2.0 ? 0x1p-22 : size * 0x1p-22;
    case Function::sin:
    case Function::cos:
      return std::fabs(a) <= 2 * kPi     ? std::exp2(-20.5)
             : std::fabs(a) <= 100 * kPi ? std::exp2(-14.7)
                                         : 0.0;
    case Function::tanh:
      return size * 0x1p-11;
    case Function::sqrt:
      return size * 0x1p-23;
    case Function::rcp:
      return ulp;
    case Function::rsqrt:
      return size * std::exp2(-22.9);
    case Function::div:
      return std::fabs(b) >= 0x1p-126 && std::fabs(b) <= 0x1p126 ? 2 * ulp : 0.0;
  }
  return 0.0;
}

/// In halves there are ex2 and tanh alone.
double bound_of_half(Function function, bool bf16, double exact) {
  const double size = std::fabs(exact);
  if (function == Function::ex2) return size * std::exp2(bf16 ? -7.0 : -9.9);
  return bf16 ? size * 0x1p-8 : std::exp2(-10.987);
}

bool is_special(float x, Format f) {
  return !std::isnormal(x) || std::fabs(static_cast<double>(x)) < std::ldexp(1.0, f.lowest);
}

double moved(Function function, Format format, float a, float b, double plain) {
  if (is_special(a, format) || is_special(b, format)) return plain;
  const double exact = exact_value(function, static_cast<double>(a), static_cast<double>(b));
  if (exact == 0.0 || !std::isfinite(exact) || !std::isfinite(plain) || plain == 0.0) return plain;
  const double documented =
      format.significand == kF32.significand
          ? bound_of_f32(function, static_cast<double>(a), static_cast<double>(b), exact)
          : bound_of_half(function, format.significand == kBf16.significand, exact);
  const double bound = documented * (1.0 - 0x1p-30);  // `exact` is a double
  const std::uint64_t instruction =
      static_cast<std::uint64_t>(function) * 64 + static_cast<std::uint64_t>(format.significand);
  std::uint64_t hash = mix(noise_seed.load(std::memory_order_relaxed) ^ mix(instruction));
  hash = mix(hash ^ std::uint64_t{std::bit_cast<std::uint32_t>(a)} << 32 ^
             std::bit_cast<std::uint32_t>(b));
  const double share = static_cast<double>(hash >> 11) * 0x1p-52 - 1.0;  // in [-1, 1)
  const double value = rounded(exact + share * bound, format);
  // Not beyond the finite values, nor among those that .ftz takes for zeros.
  const double smallest = std::ldexp(1.0, format.lowest), size = std::fabs(value);
  const bool within_one =
      function == Function::sin || function == Function::cos || function == Function::tanh;
  const double largest =
      within_one ? 1.0 : std::ldexp(2.0 - std::ldexp(1.0, 1 - format.significand), format.highest);
  const bool allowed = std::fabs(value - exact) <= bound && size <= largest && size > 0.0 &&
                       (size >= smallest || std::fabs(plain) < smallest);
  return allowed ? value : plain;
}

template <Function function>
void noise_f32(int lanes, const float* a, const float* plain, float* out) {
  for (int i = 0; i < lanes; ++i)
    out[i] = static_cast<float>(moved(function, kF32, a[i], 1.0f, static_cast<double>(plain[i])));
}

void noise_div_f32(int lanes, const float* a, const float* b, const float* plain, float* out) {
  for (int i = 0; i < lanes; ++i)
    out[i] =
        static_cast<float>(moved(Function::div, kF32, a[i], b[i], static_cast<double>(plain[i])));
}

/// `plain` and the result are values of the half type, held in floats.
template <Function function, bool bf16>
void noise_half(int lanes, const float* a, const float* plain, float* out) {
  for (int i = 0; i < lanes; ++i)
    out[i] = static_cast<float>(
        moved(function, bf16 ? kBf16 : kF16, a[i], 1.0f, static_cast<double>(plain[i])));
}

template <class F>
void* address(F* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

void set_approximate_noise_seed(std::uint64_t seed) { noise_seed = seed; }

llvm::Value* with_noise(Emitter& e, ptx::Type type, std::initializer_list<llvm::Value*> operands,
                        llvm::Value* plain) {
  if (!e.noisy) return plain;
  const std::string name = "vgpu_noise_" + e.ins->opcode + "_" + ptx::name_of(type);
  llvm::Type* f = e.ir.getFloatTy();
  if (type == ptx::Type::f32) {
    auto in = operands.begin();
    return operands.size() == 2 ? e.call_lanes(name.c_str(), f, {in[0], in[1], plain})
                                : e.call_lanes(name.c_str(), f, {in[0], plain});
  }
  llvm::Value* rounded_plain = half_to_float(e, plain, type);
  return float_to_half(e, e.call_lanes(name.c_str(), f, {*operands.begin(), rounded_plain}), type);
}

std::span<const HelperSymbol> approximate_noise_symbols() {
  static const HelperSymbol table[] = {
      {"vgpu_noise_ex2_f32", address(&noise_f32<Function::ex2>)},
      {"vgpu_noise_lg2_f32", address(&noise_f32<Function::lg2>)},
      {"vgpu_noise_sin_f32", address(&noise_f32<Function::sin>)},
      {"vgpu_noise_cos_f32", address(&noise_f32<Function::cos>)},
      {"vgpu_noise_tanh_f32", address(&noise_f32<Function::tanh>)},
      {"vgpu_noise_sqrt_f32", address(&noise_f32<Function::sqrt>)},
      {"vgpu_noise_rcp_f32", address(&noise_f32<Function::rcp>)},
      {"vgpu_noise_rsqrt_f32", address(&noise_f32<Function::rsqrt>)},
      {"vgpu_noise_div_f32", address(&noise_div_f32)},
      {"vgpu_noise_ex2_f16", address(&noise_half<Function::ex2, false>)},
      {"vgpu_noise_ex2_bf16", address(&noise_half<Function::ex2, true>)},
      {"vgpu_noise_tanh_f16", address(&noise_half<Function::tanh, false>)},
      {"vgpu_noise_tanh_bf16", address(&noise_half<Function::tanh, true>)},
  };
  return table;
}

}  // namespace vgpu::isa
