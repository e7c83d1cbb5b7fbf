// half_lines.cpp - f16 and bf16 arithmetic, alone and in pairs, exact values rounded once.
#include <cmath>

#include "vgpu/conformance/float_values.h"

namespace vgpu::conformance {
namespace {

struct Treatment {
  std::string suffix;
  bool flush = false, saturate = false, relu = false;
  template <class T>
  T before(T a) const {
    return flush ? flushed(a) : a;
  }
  template <class T>
  T after(T r) const {
    if (flush) r = flushed(r);
    if (saturate) return into_unit(r);
    if (relu && !is_nan(value_of(r)) && !(value_of(r) > 0)) return T{0};
    return r;
  }
};

template <class T>
constexpr bool kIsF16 = std::is_same_v<T, f16>;

/// Adds the scalar line and the packed one.
template <class T, class Packed, class F>
void unary(Lines& out, const std::string& op, const std::string& t, F f, int ulps = 0) {
  out.add(op + "." + t, f).within(ulps);
  out.add(op + "." + t + "x2", [f](Packed a) { return by_half<Packed, T>(f, a); }).within(ulps);
}
template <class T, class Packed, class F>
void binary(Lines& out, const std::string& op, const std::string& t, F f) {
  out.add(op + "." + t, f);
  out.add(op + "." + t + "x2", [f](Packed a, Packed b) { return by_half<Packed, T>(f, a, b); });
}
template <class T, class Packed, class F>
void ternary(Lines& out, const std::string& op, const std::string& t, F f) {
  out.add(op + "." + t, f);
  out.add(op + "." + t + "x2",
          [f](Packed a, Packed b, Packed c) { return by_half<Packed, T>(f, a, b, c); });
}

template <class T, class Packed>
void arithmetic(Lines& out, const std::string& t) {
  std::vector<Treatment> ways{{"", false, false, false}};
  if (kIsF16<T>)
    ways.insert(ways.end(), {{".ftz", true, false, false},
                             {".sat", false, true, false},
                             {".ftz.sat", true, true, false}});
  for (const std::string mode : {"", ".rn"}) {
    for (const Treatment& w : ways) {
      const std::string suffix = mode + w.suffix;
      binary<T, Packed>(out, "add" + suffix, t, [=](T a, T b) {
        return w.after(rounded<T>(sum(value_of(w.before(a)), value_of(w.before(b)))));
      });
      binary<T, Packed>(out, "sub" + suffix, t, [=](T a, T b) {
        return w.after(rounded<T>(sum(value_of(w.before(a)), -value_of(w.before(b)))));
      });
      binary<T, Packed>(out, "mul" + suffix, t, [=](T a, T b) {
        return w.after(rounded<T>(value_of(w.before(a)) * value_of(w.before(b))));
      });
    }
  }
  ways.push_back({".relu", false, false, true});
  if (kIsF16<T>) ways.push_back({".ftz.relu", true, false, true});
  for (const Treatment& w : ways)
    ternary<T, Packed>(out, "fma.rn" + w.suffix, t, [=](T a, T b, T c) {
      return w.after(
          rounded<T>(sum(value_of(w.before(a)) * value_of(w.before(b)), value_of(w.before(c)))));
    });
}

template <class T>
T smaller(T a, T b, bool largest, bool propagate) {
  const Quad x = value_of(a), y = value_of(b);
  if (is_nan(x) || is_nan(y)) {
    if (propagate || (is_nan(x) && is_nan(y))) return T{0x7fff};
    return is_nan(x) ? b : a;
  }
  return (x < y || (x == y && a.bits >> 15)) != largest ? a : b;
}

template <class T, class Packed>
void selection(Lines& out, const std::string& t) {
  for (const bool largest : {false, true}) {
    for (const bool flush : {false, true}) {
      if (flush && !kIsF16<T>) continue;
      for (const bool nan : {false, true}) {
        const Treatment w{"", flush, false, false};
        const std::string op =
            std::string(largest ? "max" : "min") + (flush ? ".ftz" : "") + (nan ? ".NaN" : "");
        binary<T, Packed>(out, op, t, [=](T a, T b) {
          return w.after(smaller(w.before(a), w.before(b), largest, nan));
        });
        binary<T, Packed>(out, op + ".xorsign.abs", t, [=](T a, T b) {
          const auto magnitude = [&](T v) {
            return T{static_cast<u16>(w.before(v).bits & 0x7fff)};
          };
          const u16 signs = (a.bits ^ b.bits) & 0x8000;
          const T r = w.after(smaller(magnitude(a), magnitude(b), largest, nan));
          return T{static_cast<u16>((r.bits & 0x7fff) | signs)};
        });
      }
    }
  }
}

template <class T, class Packed>
void unary_family(Lines& out, const std::string& t) {
  const auto function = [](T a, auto f) {
    return rounded<T>(static_cast<Quad>(f(static_cast<long double>(value_of(a)))));
  };
  unary<T, Packed>(out, "neg", t, [](T a) { return T{static_cast<u16>(a.bits ^ 0x8000)}; });
  unary<T, Packed>(out, "abs", t, [](T a) { return T{static_cast<u16>(a.bits & 0x7fff)}; });
  unary<T, Packed>(
      out, "tanh.approx", t,
      [=](T a) { return function(a, [](long double x) { return tanhl(x); }); }, 1);
  const auto exponential = [=](T a) { return function(a, [](long double x) { return exp2l(x); }); };
  if (kIsF16<T>)
    unary<T, Packed>(out, "ex2.approx", t, exponential, 1);
  else
    unary<T, Packed>(
        out, "ex2.approx.ftz", t, [=](T a) { return flushed(exponential(flushed(a))); }, 1);
  if (!kIsF16<T>) return;
  unary<T, Packed>(out, "neg.ftz", t,
                   [](T a) { return T{static_cast<u16>(flushed(a).bits ^ 0x8000)}; });
  unary<T, Packed>(out, "abs.ftz", t,
                   [](T a) { return T{static_cast<u16>(flushed(a).bits & 0x7fff)}; });
}

}  // namespace

Lines half_lines() {
  Lines out;
  arithmetic<f16, f16x2>(out, "f16");
  arithmetic<bf16, bf16x2>(out, "bf16");
  selection<f16, f16x2>(out, "f16");
  selection<bf16, bf16x2>(out, "bf16");
  unary_family<f16, f16x2>(out, "f16");
  unary_family<bf16, bf16x2>(out, "bf16");
  return out;
}

}  // namespace vgpu::conformance
