// integer_lines.cpp - what the integer instructions compute, in 128-bit arithmetic.
#include <limits>

#include "vgpu/conformance/line.h"

namespace vgpu::conformance {
namespace {

template <class T>
T saturated(I value) {
  if (value < std::numeric_limits<T>::min()) return std::numeric_limits<T>::min();
  if (value > std::numeric_limits<T>::max()) return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

/// The sum, and whether it leaves the type's bits.
template <class T>
std::pair<T, bool> add_carry(T a, T b, bool carry) {
  const I total = I{a} + b + (carry ? 1 : 0);
  return {wrap<T>(total), (total >> 8 * sizeof(T)) != 0};
}

template <class T>
std::pair<T, bool> subtract_borrow(T a, T b, bool borrow) {
  const I total = I{a} - b - (borrow ? 1 : 0);
  return {wrap<T>(total), total < 0};
}

/// The low bits of a product are the same whatever the signs: modulo 2^128, which does not
/// overflow.
template <class T>
T low_product(T a, T b) {
  using Modular = unsigned __int128;
  return static_cast<T>(static_cast<Modular>(I{a}) * static_cast<Modular>(I{b}));
}

template <class T>
void basics(Lines& out, const std::string& t) {
  constexpr int kBits = 8 * sizeof(T);
  out.add("add." + t, [](T a, T b) { return wrap<T>(I{a} + b); });
  out.add("sub." + t, [](T a, T b) { return wrap<T>(I{a} - b); });
  out.add("mul.lo." + t, [](T a, T b) { return low_product(a, b); });
  out.add("mul.hi." + t, [](T a, T b) {
    if constexpr (std::is_same_v<T, u64>)
      return static_cast<T>(static_cast<unsigned __int128>(a) * b >> 64);
    else
      return wrap<T>(I{a} * b >> kBits);
  });
  out.add("mad.lo." + t, [](T a, T b, T c) { return wrap<T>(I{low_product(a, b)} + c); });
  out.add("mad.hi." + t, [](T a, T b, T c) {
    if constexpr (std::is_same_v<T, u64>)
      return static_cast<T>((static_cast<unsigned __int128>(a) * b >> 64) + c);
    else
      return wrap<T>((I{a} * b >> kBits) + c);
  });
  out.add("div." + t, [](T a, T b) { return b == 0 ? static_cast<T>(-1) : wrap<T>(I{a} / b); });
  out.add("rem." + t, [](T a, T b) { return b == 0 ? a : wrap<T>(I{a} % b); });
  out.add("min." + t, [](T a, T b) { return b < a ? b : a; });
  out.add("max." + t, [](T a, T b) { return b > a ? b : a; });
  out.add("sad." + t, [](T a, T b, T c) { return wrap<T>(I{c} + (a < b ? I{b} - a : I{a} - b)); });
}

template <class T>
void signed_only(Lines& out, const std::string& t) {
  out.add("abs." + t, [](T a) { return wrap<T>(a < 0 ? -I{a} : I{a}); });
  out.add("neg." + t, [](T a) { return wrap<T>(-I{a}); });
}

template <class T, class Wide>
void widening(Lines& out, const std::string& t) {
  out.add("mul.wide." + t, [](T a, T b) { return wrap<Wide>(I{a} * b); });
  out.add("mad.wide." + t, [](T a, T b, Wide c) { return wrap<Wide>(I{a} * b + c); });
}

template <class T>
void of_24_bits(Lines& out, const std::string& t) {
  const auto low = [](T v) {
    return I{static_cast<T>(static_cast<T>(static_cast<u32>(v) << 8) >> 8)};
  };
  out.add("mul24.lo." + t, [low](T a, T b) { return wrap<T>(low(a) * low(b)); });
  out.add("mul24.hi." + t, [low](T a, T b) { return wrap<T>(low(a) * low(b) >> 16); });
  out.add("mad24.lo." + t, [low](T a, T b, T c) { return wrap<T>(low(a) * low(b) + c); });
  out.add("mad24.hi." + t, [low](T a, T b, T c) { return wrap<T>((low(a) * low(b) >> 16) + c); });
}

template <class T>
void carries(Lines& out, const std::string& t) {
  out.add("add.cc." + t,
          [](T a, T b) { return std::pair(wrap<T>(I{a} + b), T{add_carry(a, b, false).second}); })
      .as("add.cc." + t + " %d, %a, %b; addc." + t + " %e, 0, 0")
      .apart();
  out.add("addc.cc." + t,
          [](T a, T b, T c) {
            const auto second = add_carry(b, c, add_carry(a, c, false).second);
            return std::pair(second.first, T{second.second});
          })
      .as("add.cc." + t + " %d, %a, %c; addc.cc." + t + " %d, %b, %c; addc." + t + " %e, 0, 0")
      .apart();
  out.add("addc." + t,
          [](T a, T b, T c) { return add_carry(b, c, add_carry(a, b, false).second).first; })
      .as("add.cc." + t + " %d, %a, %b; addc." + t + " %d, %b, %c")
      .apart();
  out.add("sub.cc." + t,
          [](T a, T b) {
            return std::pair(wrap<T>(I{a} - b), T{subtract_borrow(a, b, false).second});
          })
      .as("sub.cc." + t + " %d, %a, %b; subc." + t + " %e, 1, 0; sub." + t + " %e, 1, %e")
      .apart();
  out.add("subc.cc." + t,
          [](T a, T b, T c) {
            const auto second = subtract_borrow(b, c, subtract_borrow(a, c, false).second);
            return std::pair(second.first, T{second.second});
          })
      .as("sub.cc." + t + " %d, %a, %c; subc.cc." + t + " %d, %b, %c; subc." + t +
          " %e, 1, 0; sub." + t + " %e, 1, %e")
      .apart();
  out.add("subc." + t,
          [](T a, T b, T c) {
            return subtract_borrow(b, c, subtract_borrow(a, b, false).second).first;
          })
      .as("sub.cc." + t + " %d, %a, %b; subc." + t + " %d, %b, %c")
      .apart();
  for (const bool high : {false, true}) {
    const std::string half = high ? "hi." : "lo.";
    const auto product = [high](T a, T b) {
      const auto whole = static_cast<unsigned __int128>(a) * b;
      return static_cast<T>(high ? whole >> 8 * sizeof(T) : whole);
    };
    out.add("mad." + half + "cc." + t,
            [product](T a, T b, T c) {
              const auto r = add_carry(product(a, b), c, false);
              return std::pair(r.first, T{r.second});
            })
        .as("... %d, %a, %b, %c; addc." + t + " %e, 0, 0")
        .apart();
    out.add("madc." + half + t,
            [product](T a, T b, T c) {
              return add_carry(product(a, b), c, add_carry(a, b, false).second).first;
            })
        .as("add.cc." + t + " %d, %a, %b; ... %d, %a, %b, %c")
        .apart();
    out.add("madc." + half + "cc." + t,
            [product](T a, T b, T c) {
              const auto r = add_carry(product(a, b), c, add_carry(a, b, false).second);
              return std::pair(r.first, T{r.second});
            })
        .as("add.cc." + t + " %d, %a, %b; ... %d, %a, %b, %c; addc." + t + " %e, 0, 0")
        .apart();
  }
}

/// One operation on the two halves of a word.
template <class T, class F>
auto by_halves(F f) {
  return [f](u32 a, u32 b) {
    const auto part = [&](int shift) {
      return u32{static_cast<u16>(f(static_cast<T>(a >> shift), static_cast<T>(b >> shift)))}
             << shift;
    };
    return part(0) | part(16);
  };
}

template <class T>
void pairs_of_16(Lines& out, const std::string& t) {
  out.add("add." + t, by_halves<T>([](T a, T b) { return static_cast<T>(a + b); }))
      .without_literals();
  out.add("min." + t, by_halves<T>([](T a, T b) { return b < a ? b : a; })).without_literals();
  out.add("max." + t, by_halves<T>([](T a, T b) { return b > a ? b : a; })).without_literals();
}

template <class A, class B>
void dot_products(Lines& out, const std::string& types) {
  using R = std::conditional_t<std::is_signed_v<A> || std::is_signed_v<B>, s32, u32>;
  out.add("dp4a." + types, [](u32 a, u32 b, R c) {
    I total = c;
    for (int i = 0; i < 32; i += 8) total += I{static_cast<A>(a >> i)} * static_cast<B>(b >> i);
    return wrap<R>(total);
  });
  for (const int from : {0, 16}) {
    using Wide = std::conditional_t<std::is_signed_v<A>, s16, u16>;
    out.add(std::string("dp2a.") + (from ? "hi." : "lo.") + types, [from](u32 a, u32 b, R c) {
      I total = c;
      for (int i = 0; i < 2; ++i)
        total += I{static_cast<Wide>(a >> 16 * i)} * static_cast<B>(b >> (from + 8 * i));
      return wrap<R>(total);
    });
  }
}

}  // namespace

Lines integer_lines() {
  Lines out;
  basics<u16>(out, "u16");
  basics<s16>(out, "s16");
  basics<u32>(out, "u32");
  basics<s32>(out, "s32");
  basics<u64>(out, "u64");
  basics<s64>(out, "s64");
  signed_only<s16>(out, "s16");
  signed_only<s32>(out, "s32");
  signed_only<s64>(out, "s64");
  widening<u16, u32>(out, "u16");
  widening<s16, s32>(out, "s16");
  widening<u32, u64>(out, "u32");
  widening<s32, s64>(out, "s32");
  of_24_bits<u32>(out, "u32");
  of_24_bits<s32>(out, "s32");
  out.add("add.sat.s32", [](s32 a, s32 b) { return saturated<s32>(I{a} + b); });
  out.add("sub.sat.s32", [](s32 a, s32 b) { return saturated<s32>(I{a} - b); });
  out.add("mad.hi.sat.s32",
          [](s32 a, s32 b, s32 c) { return saturated<s32>((I{a} * b >> 32) + c); });
  out.add("min.relu.s32", [](s32 a, s32 b) { return std::max(0, b < a ? b : a); });
  out.add("max.relu.s32", [](s32 a, s32 b) { return std::max(0, b > a ? b : a); });
  carries<u32>(out, "u32");
  carries<u64>(out, "u64");
  pairs_of_16<u16>(out, "u16x2");
  pairs_of_16<s16>(out, "s16x2");
  const auto positive = [](s16 v) { return v < 0 ? s16{0} : v; };
  out.add("min.relu.s16x2", by_halves<s16>([=](s16 a, s16 b) { return positive(b < a ? b : a); }))
      .without_literals();
  out.add("max.relu.s16x2", by_halves<s16>([=](s16 a, s16 b) { return positive(b > a ? b : a); }))
      .without_literals();
  dot_products<u8, u8>(out, "u32.u32");
  dot_products<u8, s8>(out, "u32.s32");
  dot_products<s8, u8>(out, "s32.u32");
  dot_products<s8, s8>(out, "s32.s32");
  return out;
}

}  // namespace vgpu::conformance
