// float_lines.cpp - f32 and f64 arithmetic, exact values rounded once; approximate functions
// against long double.
#include <cmath>

#include "vgpu/conformance/float_values.h"

namespace vgpu::conformance {
namespace {

struct Mode {
  const char* name;
  Rounding rounding;
};
constexpr Mode kModes[] = {{"", Rounding::nearest_even},
                           {".rn", Rounding::nearest_even},
                           {".rz", Rounding::zero},
                           {".rm", Rounding::down},
                           {".rp", Rounding::up}};

/// A suffix of modifiers and what it does to operands and results.
struct Treatment {
  std::string suffix;
  bool flush = false, saturate = false;
  template <class T>
  T before(T a) const {
    return flush ? flushed(a) : a;
  }
  template <class T>
  T after(T r) const {
    if (flush) r = flushed(r);
    return saturate ? into_unit(r) : r;
  }
};

std::vector<Treatment> treatments(bool single, bool saturating) {
  if (!single) return {{"", false, false}};
  std::vector<Treatment> out{{"", false, false}, {".ftz", true, false}};
  if (saturating) out.insert(out.end(), {{".sat", false, true}, {".ftz.sat", true, true}});
  return out;
}

template <class T>
void arithmetic(Lines& out, const std::string& t) {
  for (const Mode& mode : kModes) {
    for (const Treatment& w : treatments(sizeof(T) == 4, true)) {
      const Rounding r = mode.rounding;
      const std::string suffix = mode.name + w.suffix + "." + t;
      out.add("add" + suffix, [=](T a, T b) {
        return w.after(rounded<T>(sum(value_of(w.before(a)), value_of(w.before(b)), r), r));
      });
      out.add("sub" + suffix, [=](T a, T b) {
        return w.after(rounded<T>(sum(value_of(w.before(a)), -value_of(w.before(b)), r), r));
      });
      out.add("mul" + suffix, [=](T a, T b) {
        return w.after(rounded<T>(value_of(w.before(a)) * value_of(w.before(b)), r));
      });
      if (mode.name[0] == 0) continue;
      out.add("fma" + suffix, [=](T a, T b, T c) {
        const Quad product = value_of(w.before(a)) * value_of(w.before(b));
        return w.after(rounded<T>(sum(product, value_of(w.before(c)), r), r));
      });
    }
  }
}

template <class T>
void division(Lines& out, const std::string& t) {
  for (const Mode& mode : kModes) {
    if (mode.name[0] == 0) continue;
    for (const Treatment& w : treatments(sizeof(T) == 4, false)) {
      const Rounding r = mode.rounding;
      const std::string suffix = mode.name + w.suffix + "." + t;
      out.add("div" + suffix, [=](T a, T b) {
        return w.after(rounded<T>(quotient(value_of(w.before(a)), value_of(w.before(b))), r));
      });
      out.add("rcp" + suffix,
              [=](T a) { return w.after(rounded<T>(quotient(1, value_of(w.before(a))), r)); });
      out.add("sqrt" + suffix,
              [=](T a) { return w.after(rounded<T>(root(value_of(w.before(a))), r)); });
    }
  }
}

/// The one that is not NaN; -0 below +0.
template <class T>
T smaller(T a, T b, bool largest, bool propagate) {
  const Quad x = value_of(a), y = value_of(b);
  if (is_nan(x) || is_nan(y)) {
    if (propagate || (is_nan(x) && is_nan(y))) return rounded<T>(x + y);
    return is_nan(x) ? b : a;
  }
  const bool a_negative = (to_bits(a) >> (8 * sizeof(T) - 1)) != 0;
  const bool a_first = x < y || (x == y && a_negative);
  return a_first != largest ? a : b;
}

template <class T>
void selection(Lines& out, const std::string& t) {
  for (const Treatment& w : treatments(sizeof(T) == 4, false))
    for (const bool largest : {false, true}) {
      const std::string op = largest ? "max" : "min";
      out.add(op + w.suffix + "." + t,
              [=](T a, T b) { return w.after(smaller(w.before(a), w.before(b), largest, false)); });
      if (sizeof(T) == 8) continue;
      out.add(op + w.suffix + ".NaN." + t,
              [=](T a, T b) { return w.after(smaller(w.before(a), w.before(b), largest, true)); });
      for (const bool nan : {false, true}) {
        const std::string modifiers = op + w.suffix + (nan ? ".NaN" : "");
        out.add(modifiers + ".xorsign.abs." + t, [=](T a, T b) {
          const u64 sign = u64{1} << 31, signs = (to_bits(a) ^ to_bits(b)) & sign;
          const T x = from_bits<T>(to_bits(w.before(a)) & ~sign),
                  y = from_bits<T>(to_bits(w.before(b)) & ~sign);
          return from_bits<T>((to_bits(w.after(smaller(x, y, largest, nan))) & ~sign) | signs);
        });
        out.add(modifiers + "." + t, [=](T a, T b, T c) {
          return w.after(
              smaller(smaller(w.before(a), w.before(b), largest, nan), w.before(c), largest, nan));
        });
      }
    }
}

template <class T>
void signs(Lines& out, const std::string& t) {
  constexpr u64 sign = u64{1} << (8 * sizeof(T) - 1);
  for (const Treatment& w : treatments(sizeof(T) == 4, false)) {
    out.add("abs" + w.suffix + "." + t,
            [=](T a) { return from_bits<T>(to_bits(w.before(a)) & ~sign); });
    out.add("neg" + w.suffix + "." + t,
            [=](T a) { return from_bits<T>(to_bits(w.before(a)) ^ sign); });
  }
  out.add("copysign." + t,
          [](T a, T b) { return from_bits<T>((to_bits(a) & sign) | (to_bits(b) & ~sign)); });
}

/// Correctly rounded but for values that long double itself cannot tell from a tie.
void approximations(Lines& out) {
  using Function = long double (*)(long double);
  struct Row {
    const char* name;
    Function f;
  };
  static constexpr Row kRows[] = {{"ex2", [](long double x) { return exp2l(x); }},
                                  {"lg2", [](long double x) { return log2l(x); }},
                                  {"sin", [](long double x) { return sinl(x); }},
                                  {"cos", [](long double x) { return cosl(x); }},
                                  {"tanh", [](long double x) { return tanhl(x); }},
                                  {"sqrt", [](long double x) { return sqrtl(x); }},
                                  {"rcp", [](long double x) { return 1 / x; }},
                                  {"rsqrt", [](long double x) { return 1 / sqrtl(x); }}};
  for (const Row& row : kRows) {
    for (const Treatment& w : treatments(true, false)) {
      if (w.flush && std::string(row.name) == "tanh") continue;
      out.add(row.name + std::string(".approx") + w.suffix + ".f32",
              [=](float a) {
                const auto x = static_cast<long double>(value_of(w.before(a)));
                return w.after(rounded<float>(static_cast<Quad>(row.f(x))));
              })
          .within(1);
    }
  }
  for (const Treatment& w : treatments(true, false)) {
    out.add("div.full" + w.suffix + ".f32", [=](float a, float b) {
      return w.after(rounded<float>(quotient(value_of(w.before(a)), value_of(w.before(b)))));
    });
    // Documented: beyond 2^126 the reciprocal is taken for 0, which an infinite dividend makes NaN.
    out.add("div.approx" + w.suffix + ".f32", [=](float a, float b) {
      const Quad x = value_of(w.before(a)), y = value_of(w.before(b)), magnitude = y < 0 ? -y : y;
      const bool beyond =
          magnitude > decode(0x7e800000, kF32) && magnitude <= decode(0x7f7fffff, kF32);
      return w.after(rounded<float>(beyond ? x * (y < 0 ? -Quad{0} : Quad{0}) : quotient(x, y)));
    });
  }
}

/// The operand's upper word alone is seen, and the result has one alone.
void coarse(Lines& out) {
  const auto upper = [](double a) { return from_bits<double>(to_bits(a) & 0xffffffff00000000u); };
  out.add("rcp.approx.ftz.f64", [=](double a) {
    return upper(flushed(rounded<double>(quotient(1, value_of(flushed(upper(a)))))));
  });
  out.add("rsqrt.approx.ftz.f64", [=](double a) {
    const double x = flushed(upper(a));
    return upper(rounded<double>(quotient(1, value_of(rounded<double>(root(value_of(x)))))));
  });
}

void pairs_of_f32(Lines& out) {
  for (const Treatment& w : {Treatment{".rn", false, false}, Treatment{".rn.ftz", true, false}}) {
    const auto both = [=](auto f, auto... operands) {
      const auto part = [&](int shift) {
        const auto in = [&](f32x2 v) {
          return value_of(w.before(from_bits<float>(v.bits >> shift & 0xffffffff)));
        };
        return to_bits(w.after(rounded<float>(f(in(operands)...)))) << shift;
      };
      return f32x2{part(0) | part(32)};
    };
    const std::string t = w.suffix + ".f32x2";
    out.add("add" + t,
            [=](f32x2 a, f32x2 b) { return both([](Quad x, Quad y) { return sum(x, y); }, a, b); });
    out.add("sub" + t, [=](f32x2 a, f32x2 b) {
      return both([](Quad x, Quad y) { return sum(x, -y); }, a, b);
    });
    out.add("mul" + t,
            [=](f32x2 a, f32x2 b) { return both([](Quad x, Quad y) { return x * y; }, a, b); });
    out.add("fma" + t, [=](f32x2 a, f32x2 b, f32x2 c) {
      return both([](Quad x, Quad y, Quad z) { return sum(x * y, z); }, a, b, c);
    });
  }
}

}  // namespace

Lines float_lines() {
  Lines out;
  arithmetic<float>(out, "f32");
  arithmetic<double>(out, "f64");
  division<float>(out, "f32");
  division<double>(out, "f64");
  selection<float>(out, "f32");
  selection<double>(out, "f64");
  signs<float>(out, "f32");
  signs<double>(out, "f64");
  approximations(out);
  coarse(out);
  pairs_of_f32(out);
  return out;
}

}  // namespace vgpu::conformance
