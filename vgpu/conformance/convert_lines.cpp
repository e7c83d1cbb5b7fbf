// convert_lines.cpp - cvt between every pair of types that PTX allows, and its packed forms.
#include <limits>

#include "vgpu/conformance/float_values.h"

namespace vgpu::conformance {
namespace {

struct Mode {
  const char* name;
  Rounding rounding;
};
constexpr Mode kFloatModes[] = {{"rn", Rounding::nearest_even},
                                {"rz", Rounding::zero},
                                {"rm", Rounding::down},
                                {"rp", Rounding::up}};
constexpr Mode kIntegerModes[] = {{"rni", Rounding::nearest_even},
                                  {"rzi", Rounding::zero},
                                  {"rmi", Rounding::down},
                                  {"rpi", Rounding::up}};

template <class T>
std::string type_name() {
  if constexpr (std::is_same_v<T, f16>)
    return "f16";
  else if constexpr (std::is_same_v<T, bf16>)
    return "bf16";
  else if constexpr (std::is_same_v<T, float>)
    return "f32";
  else if constexpr (std::is_same_v<T, double>)
    return "f64";
  else
    return (std::is_signed_v<T> ? "s" : "u") + std::to_string(8 * sizeof(T));
}

/// Registers have 16 bits at least: a byte is the low part of one.
template <class T>
using Register = std::conditional_t<sizeof(T) == 1, u16, T>;

template <class F, class... T>
void for_types(F f) {
  (f(T{}), ...);
}

template <class F>
void for_integers(F f) {
  for_types<F, u8, s8, u16, s16, u32, s32, u64, s64>(f);
}

template <class To>
To clamped(I value) {
  if (value < std::numeric_limits<To>::min()) return std::numeric_limits<To>::min();
  if (value > std::numeric_limits<To>::max()) return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}

/// A byte in a 16-bit register is extended by its sign.
template <class To>
Register<To> in_register(To value) {
  return static_cast<Register<To>>(static_cast<std::make_signed_t<Register<To>>>(value));
}

template <class To, class From>
void between_integers(Lines& out) {
  const std::string types = type_name<To>() + "." + type_name<From>();
  out.add("cvt." + types,
          [](Register<From> a) { return in_register(wrap<To>(I{static_cast<From>(a)})); });
  out.add("cvt.sat." + types,
          [](Register<From> a) { return in_register(clamped<To>(I{static_cast<From>(a)})); });
}

template <class To>
To saturated(Quad value) {
  if (is_nan(value)) return 0;
  const Quad low = static_cast<Quad>(std::numeric_limits<To>::min()),
             high = static_cast<Quad>(std::numeric_limits<To>::max());
  if (value < low) return std::numeric_limits<To>::min();
  if (value > high) return std::numeric_limits<To>::max();
  return static_cast<To>(static_cast<I>(value));
}

template <class To, class From>
void float_to_integer(Lines& out) {
  const std::string types = type_name<To>() + "." + type_name<From>();
  for (const Mode& mode : kIntegerModes) {
    out.add(std::string("cvt.") + mode.name + "." + types, [mode](From a) {
      return in_register(saturated<To>(integral(value_of(a), mode.rounding)));
    });
    if constexpr (std::is_same_v<From, float>)
      out.add(std::string("cvt.") + mode.name + ".ftz." + types, [mode](From a) {
        return in_register(saturated<To>(integral(value_of(flushed(a)), mode.rounding)));
      });
  }
  out.add("cvt.rzi.sat." + types,
          [](From a) { return in_register(saturated<To>(integral(value_of(a), Rounding::zero))); });
}

template <class To, class From>
void integer_to_float(Lines& out) {
  for (const Mode& mode : kFloatModes)
    out.add(std::string("cvt.") + mode.name + "." + type_name<To>() + "." + type_name<From>(),
            [mode](Register<From> a) {
              return rounded<To>(static_cast<Quad>(static_cast<From>(a)), mode.rounding);
            });
}

/// To the same format, rounded to an integer value.
template <class T>
void to_integral(Lines& out) {
  const std::string t = type_name<T>();
  for (const Mode& mode : kIntegerModes) {
    const auto f = [mode](T a) {
      const u64 sign = to_bits(a) & u64{1} << (8 * sizeof(T) - 1);
      const T r = rounded<T>(integral(value_of(a), mode.rounding));
      return value_of(r) == 0 ? from_bits<T>(sign) : r;  // the operand's sign stays
    };
    out.add(std::string("cvt.") + mode.name + "." + t + "." + t, f);
    if constexpr (std::is_same_v<T, float>) {
      out.add(std::string("cvt.") + mode.name + ".ftz." + t + "." + t,
              [f](T a) { return f(flushed(a)); });
      out.add(std::string("cvt.") + mode.name + ".sat." + t + "." + t,
              [f](T a) { return into_unit(f(a)); });
    }
  }
}

template <class To, class From>
void narrowing(Lines& out, bool directed = true) {
  const std::string types = type_name<To>() + "." + type_name<From>();
  for (const Mode& mode : kFloatModes) {
    if (!directed && mode.rounding != Rounding::nearest_even) continue;
    const std::string prefix = std::string("cvt.") + mode.name;
    out.add(prefix + "." + types,
            [mode](From a) { return rounded<To>(value_of(a), mode.rounding); });
    if constexpr (!std::is_same_v<To, bf16>)
      out.add(prefix + ".sat." + types,
              [mode](From a) { return into_unit(rounded<To>(value_of(a), mode.rounding)); });
    if constexpr (std::is_same_v<From, float> && std::is_same_v<To, f16>)
      out.add(prefix + ".ftz." + types,
              [mode](From a) { return rounded<To>(value_of(flushed(a)), mode.rounding); });
    if constexpr (std::is_same_v<To, float>)
      out.add(prefix + ".ftz." + types,
              [mode](From a) { return flushed(rounded<To>(value_of(a), mode.rounding)); });
  }
}

template <class To, class From>
void widening(Lines& out) {
  const std::string types = type_name<To>() + "." + type_name<From>();
  out.add("cvt." + types, [](From a) { return rounded<To>(value_of(a)); });
  out.add("cvt.sat." + types, [](From a) { return into_unit(rounded<To>(value_of(a))); });
  if constexpr (std::is_same_v<From, float>) {
    out.add("cvt.ftz." + types, [](From a) { return rounded<To>(value_of(flushed(a))); });
    out.add("cvt.ftz.sat." + types,
            [](From a) { return into_unit(rounded<To>(value_of(flushed(a)))); });
  }
}

template <class T>
T positive(T a) {
  return is_nan(value_of(a)) || !(a.bits >> 15) ? a : T{0};
}

/// Too large and infinite become the largest value.
template <class T>
T kept_finite(T a) {
  const u16 infinity = std::is_same_v<T, f16> ? 0x7c00 : 0x7f80;
  return (a.bits & 0x7fff) == infinity ? T{static_cast<u16>((a.bits & 0x8000) | (infinity - 1))}
                                       : a;
}

template <class T, class Packed>
void from_two_floats(Lines& out, const std::string& t) {
  for (const Mode& mode : {kFloatModes[0], kFloatModes[1]}) {
    struct Way {
      const char* suffix;
      bool relu, finite;
    };
    for (const Way& way : {Way{"", false, false}, Way{".relu", true, false},
                           Way{".satfinite", false, true}, Way{".relu.satfinite", true, true}}) {
      const auto one = [=](float v) {
        T r = rounded<T>(value_of(v), mode.rounding);
        if (way.finite) r = kept_finite(r);
        return way.relu ? positive(r) : r;
      };
      out.add(std::string("cvt.") + mode.name + way.suffix + "." + t + "x2.f32",
              [=](float a, float b) { return Packed{u32{one(a).bits} << 16 | one(b).bits}; });
      out.add(std::string("cvt.") + mode.name + way.suffix + "." + t + ".f32", one);
    }
  }
}

/// tf32: 11 bits of significand in an f32's register.
void to_tf32(Lines& out) {
  constexpr Format kTf32{19, 11, -126, true};
  struct Way {
    const char* text;
    Rounding mode;
    bool relu, finite;
  };
  for (const Way& way :
       {Way{"rna", Rounding::nearest_away, false, false},
        Way{"rn", Rounding::nearest_even, false, false}, Way{"rz", Rounding::zero, false, false},
        Way{"rn.relu", Rounding::nearest_even, true, false},
        Way{"rz.relu", Rounding::zero, true, false},
        Way{"rna.satfinite", Rounding::nearest_away, false, true}})
    out.add(std::string("cvt.") + way.text + ".tf32.f32", [=](float a) {
      const Quad v = value_of(a);
      if (is_nan(v)) return from_bits<float>(0x7fffffff);
      u64 bits = encode(v, kTf32, way.mode) << 13;
      if (way.finite && (bits & 0x7fffffff) == 0x7f800000) bits -= 1 << 13;
      return from_bits<float>(way.relu && bits >> 31 ? 0 : bits);
    });
}

u64 to_fp8(Quad v, Format f, bool relu) {
  if (is_nan(v)) return 0x7f;
  u64 bits = encode(v, f);
  const u64 beyond = f.infinities ? 0x7c : 0x7f;
  if ((bits & 0x7f) >= beyond) bits = (bits & 0x80) | (beyond - 1);
  return relu && bits & 0x80 ? 0 : bits;
}

void of_fp8(Lines& out) {
  struct Row {
    const char* name;
    Format format;
  };
  for (const Row& row : {Row{"e4m3x2", kE4m3}, Row{"e5m2x2", kE5m2}}) {
    const Format f = row.format;
    for (const bool relu : {false, true}) {
      const std::string prefix =
          std::string("cvt.rn.satfinite.") + (relu ? "relu." : "") + row.name;
      out.add(prefix + ".f32", [=](float a, float b) {
        return static_cast<u16>(to_fp8(value_of(a), f, relu) << 8 | to_fp8(value_of(b), f, relu));
      });
      out.add(prefix + ".f16x2", [=](f16x2 a) {
        const auto part = [&](int shift) {
          return to_fp8(decode(a.bits >> shift & 0xffff, kF16), f, relu);
        };
        return static_cast<u16>(part(16) << 8 | part(0));
      });
      out.add(std::string("cvt.rn.") + (relu ? "relu." : "") + "f16x2." + row.name,
              [=](u16 a) {
                const auto part = [&](int shift) {
                  const f16 r = rounded<f16>(decode(a >> shift & 0xff, f));
                  return u32{(relu ? positive(r) : r).bits};
                };
                return f16x2{part(8) << 16 | part(0)};
              })
          .without_literals();
    }
  }
}

}  // namespace

Lines convert_lines() {
  Lines out;
  for_integers([&](auto to) {
    using To = decltype(to);
    for_integers([&](auto from) { between_integers<To, decltype(from)>(out); });
    float_to_integer<To, float>(out);
    float_to_integer<To, double>(out);
    float_to_integer<To, f16>(out);
    float_to_integer<To, bf16>(out);
    integer_to_float<float, To>(out);
    integer_to_float<double, To>(out);
    integer_to_float<f16, To>(out);
    integer_to_float<bf16, To>(out);
  });
  to_integral<float>(out);
  to_integral<double>(out);
  to_integral<f16>(out);
  to_integral<bf16>(out);
  narrowing<float, double>(out);
  narrowing<f16, float>(out);
  narrowing<f16, double>(out);
  narrowing<bf16, float>(out, false);
  narrowing<bf16, double>(out);
  narrowing<bf16, f16>(out);
  narrowing<f16, bf16>(out);
  widening<double, float>(out);
  widening<float, f16>(out);
  widening<double, f16>(out);
  widening<float, bf16>(out);
  widening<double, bf16>(out);
  widening<float, float>(out);
  from_two_floats<f16, f16x2>(out, "f16");
  from_two_floats<bf16, bf16x2>(out, "bf16");
  to_tf32(out);
  of_fp8(out);
  return out;
}

}  // namespace vgpu::conformance
