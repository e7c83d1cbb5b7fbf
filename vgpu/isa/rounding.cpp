// rounding.cpp - arithmetic and conversions rounded toward zero (rz), down (rm) or up (rp).
//
// The host's own rounding mode does the work: operands are loaded after it is set and results
// stored before it is set back, and the calls that set it keep the compiler from moving either.
// Compiled with -frounding-math.
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

struct Rounding {
  explicit Rounding(int mode) : before(std::fegetround()) { std::fesetround(mode); }
  ~Rounding() { std::fesetround(before); }
  Rounding(const Rounding&) = delete;
  Rounding& operator=(const Rounding&) = delete;
  int before;
};

struct Add {
  template <class T>
  static T of(T a, T b) {
    return a + b;
  }
};
struct Sub {
  template <class T>
  static T of(T a, T b) {
    return a - b;
  }
};
struct Mul {
  template <class T>
  static T of(T a, T b) {
    return a * b;
  }
};
struct Div {
  template <class T>
  static T of(T a, T b) {
    return a / b;
  }
};
struct Reciprocal {
  template <class T>
  static T of(T a) {
    return T{1} / a;
  }
};
struct Root {
  template <class T>
  static T of(T a) {
    return std::sqrt(a);
  }
};

template <class Op, class T, int mode>
void binary(int lanes, const T* a, const T* b, T* out) {
  const Rounding rounding(mode);
  for (int i = 0; i < lanes; ++i) out[i] = Op::of(a[i], b[i]);
}

template <class Op, class T, int mode>
void unary(int lanes, const T* a, T* out) {
  const Rounding rounding(mode);
  for (int i = 0; i < lanes; ++i) out[i] = Op::of(a[i]);
}

template <class T>
void fuse_portable(int lanes, const T* a, const T* b, const T* c, T* out) {
  for (int i = 0; i < lanes; ++i) out[i] = std::fma(a[i], b[i], c[i]);
}

__attribute__((target("avx2,fma"), optimize("O3"))) void fuse_wide(int lanes, const float* a,
                                                                   const float* b, const float* c,
                                                                   float* out) {
  for (int i = 0; i < lanes; ++i) out[i] = __builtin_fmaf(a[i], b[i], c[i]);
}

__attribute__((target("avx2,fma"), optimize("O3"))) void fuse_wide(int lanes, const double* a,
                                                                   const double* b, const double* c,
                                                                   double* out) {
  for (int i = 0; i < lanes; ++i) out[i] = __builtin_fma(a[i], b[i], c[i]);
}

template <class T, int mode>
void fused(int lanes, const T* a, const T* b, const T* c, T* out) {
  static const bool wide = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
  const Rounding rounding(mode);
  if (wide)
    fuse_wide(lanes, a, b, c, out);
  else
    fuse_portable(lanes, a, b, c, out);
}

template <class From, class To, int mode>
void converted(int lanes, const From* a, To* out) {
  const Rounding rounding(mode);
  for (int i = 0; i < lanes; ++i) out[i] = static_cast<To>(a[i]);
}

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

#define VGPU_TYPE(mode, M, suffix, T)                                                  \
  {"vgpu_add_" mode "_" suffix, address(&binary<Add, T, M>)},                          \
      {"vgpu_sub_" mode "_" suffix, address(&binary<Sub, T, M>)},                      \
      {"vgpu_mul_" mode "_" suffix, address(&binary<Mul, T, M>)},                      \
      {"vgpu_div_" mode "_" suffix, address(&binary<Div, T, M>)},                      \
      {"vgpu_rcp_" mode "_" suffix, address(&unary<Reciprocal, T, M>)},                \
      {"vgpu_sqrt_" mode "_" suffix, address(&unary<Root, T, M>)},                     \
      {"vgpu_fma_" mode "_" suffix, address(&fused<T, M>)},                            \
      {"vgpu_cvt_" mode "_" suffix "_s64", address(&converted<std::int64_t, T, M>)}, { \
    "vgpu_cvt_" mode "_" suffix "_u64", address(&converted<std::uint64_t, T, M>)       \
  }
#define VGPU_MODE(mode, M)                                               \
  VGPU_TYPE(mode, M, "f32", float), VGPU_TYPE(mode, M, "f64", double), { \
    "vgpu_cvt_" mode "_f32_f64", address(&converted<double, float, M>)   \
  }

std::span<const HelperSymbol> rounding_symbols() {
  static const HelperSymbol table[] = {VGPU_MODE("rz", FE_TOWARDZERO), VGPU_MODE("rm", FE_DOWNWARD),
                                       VGPU_MODE("rp", FE_UPWARD)};
  return table;
}

}  // namespace vgpu::isa
