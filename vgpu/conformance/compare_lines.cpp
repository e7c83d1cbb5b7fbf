// compare_lines.cpp - setp, set, selp, slct and testp.
#include "vgpu/conformance/float_values.h"
#include "vgpu/conformance/line.h"

namespace vgpu::conformance {
namespace {

constexpr const char* kOrdered[] = {"eq", "ne", "lt", "le", "gt", "ge"};
constexpr const char* kUnsigned[] = {"lo", "ls", "hi", "hs"};
constexpr const char* kFloat[] = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                                  "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

/// `relation`: -1 less, 0 equal, 1 greater, 2 unordered.
bool holds(const std::string& name, int relation) {
  if (name == "num") return relation != 2;
  if (name == "nan") return relation == 2;
  if (name.size() == 3 && name[2] == 'u')
    return relation == 2 || holds(name.substr(0, 2), relation);
  if (relation == 2) return false;
  if (name == "eq") return relation == 0;
  if (name == "ne") return relation != 0;
  if (name == "lt" || name == "lo") return relation < 0;
  if (name == "le" || name == "ls") return relation <= 0;
  if (name == "gt" || name == "hi") return relation > 0;
  return relation >= 0;
}

template <class T>
int relation_of(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    return a < b ? -1 : a > b ? 1 : 0;
  } else {
    const Quad x = value_of(a), y = value_of(b);
    return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2;
  }
}

template <class T>
void comparisons(Lines& out, const std::string& t, const std::string& name) {
  const auto test = [name](T a, T b) { return holds(name, relation_of(a, b)); };
  out.add("setp." + name + "." + t, test);
}

/// The forms with a second destination and a third operand.
template <class T>
void combinations(Lines& out, const std::string& t, const std::string& name) {
  const auto test = [name](T a, T b) { return holds(name, relation_of(a, b)); };
  out.add("setp." + name + "." + t, [=](T a, T b) { return std::pair(test(a, b), !test(a, b)); });
  out.add("setp." + name + ".and." + t,
          [=](T a, T b, bool c) { return std::pair(test(a, b) && c, !test(a, b) && c); });
  out.add("setp." + name + ".or." + t,
          [=](T a, T b, bool c) { return std::pair(test(a, b) || c, !test(a, b) || c); });
  out.add("setp." + name + ".xor." + t,
          [=](T a, T b, bool c) { return std::pair(test(a, b) != c, !test(a, b) != c); });
  out.add("setp." + name + ".and." + t, [=](T a, T b, bool c) { return test(a, b) && !c; })
      .as("%d, %a, %b, !%c");
}

template <class T>
void integers(Lines& out, const std::string& t) {
  for (const char* name : kOrdered) comparisons<T>(out, t, name);
  combinations<T>(out, t, "lt");
  if (std::is_unsigned_v<T>)
    for (const char* name : kUnsigned) comparisons<T>(out, t, name);
}

template <class T>
void bits(Lines& out, const std::string& t) {
  for (const char* name : {"eq", "ne"}) comparisons<T>(out, t, name);
}

template <class T>
void floats(Lines& out, const std::string& t) {
  for (const char* name : kFloat) comparisons<T>(out, t, name);
  combinations<T>(out, t, "ltu");
}

template <class Packed, class Half>
void packed(Lines& out, const std::string& t) {
  const auto part = [](Packed v, int shift) { return Half{static_cast<u16>(v.bits >> shift)}; };
  for (const std::string name : {"lt", "neu", "num", "nan", "ge"}) {
    const auto test = [=](Packed a, Packed b, int shift) {
      return holds(name, relation_of(part(a, shift), part(b, shift)));
    };
    out.add("setp." + name + "." + t,
            [=](Packed a, Packed b) { return std::pair(test(a, b, 0), test(a, b, 16)); });
    out.add("setp." + name + ".or." + t, [=](Packed a, Packed b, bool c) {
      return std::pair(test(a, b, 0) || c, test(a, b, 16) || c);
    });
    const u32 one = std::is_same_v<Half, f16> ? 0x3c00 : 0x3f80;
    out.add("set." + name + "." + t + "." + t, [=](Packed a, Packed b) {
      return Packed{(test(a, b, 0) ? one : 0) | (test(a, b, 16) ? one << 16 : 0)};
    });
    out.add("set." + name + ".u32." + t, [=](Packed a, Packed b) {
      return (test(a, b, 0) ? 0xffffu : 0u) | (test(a, b, 16) ? 0xffff0000u : 0u);
    });
  }
}

template <class From>
void sets(Lines& out, const std::string& from, const std::string& name) {
  const auto test = [name](From a, From b) { return holds(name, relation_of(a, b)); };
  out.add("set." + name + ".u32." + from, [=](From a, From b) { return test(a, b) ? ~0u : 0u; });
  out.add("set." + name + ".s32." + from, [=](From a, From b) { return test(a, b) ? -1 : 0; });
  out.add("set." + name + ".f32." + from, [=](From a, From b) { return test(a, b) ? 1.0f : 0.0f; });
  out.add("set." + name + ".and.u32." + from,
          [=](From a, From b, bool c) { return test(a, b) && c ? ~0u : 0u; });
}

template <class Half>
void half_sets(Lines& out, const std::string& t) {
  const u16 one = std::is_same_v<Half, f16> ? 0x3c00 : 0x3f80;
  for (const std::string name : {"eq", "gtu"}) {
    const auto test = [name](Half a, Half b) { return holds(name, relation_of(a, b)); };
    out.add("set." + name + "." + t + "." + t,
            [=](Half a, Half b) { return Half{test(a, b) ? one : u16{0}}; });
    out.add("set." + name + ".u16." + t,
            [=](Half a, Half b) { return test(a, b) ? u16{0xffff} : u16{0}; });
    out.add("set." + name + ".u32." + t, [=](Half a, Half b) { return test(a, b) ? ~0u : 0u; });
  }
}

template <class T>
void selections(Lines& out, std::initializer_list<const char*> types) {
  for (const std::string t : types) {
    out.add("selp." + t, [](T a, T b, bool c) { return c ? a : b; });
    out.add("slct." + t + ".s32", [](T a, T b, s32 c) { return c >= 0 ? a : b; });
    out.add("slct." + t + ".f32", [](T a, T b, float c) { return value_of(c) >= 0 ? a : b; });
  }
}

template <class T>
void properties(Lines& out, const std::string& t) {
  constexpr Format f = format_of<T>();
  const auto magnitude = [](T a) { return to_bits(a) & ~(u64{1} << (f.bits - 1)); };
  const u64 infinity = encode(Quad{1} / Quad{0}, f), normal = u64{1} << (f.significand - 1);
  out.add("testp.finite." + t, [=](T a) { return magnitude(a) < infinity; });
  out.add("testp.infinite." + t, [=](T a) { return magnitude(a) == infinity; });
  out.add("testp.number." + t, [=](T a) { return magnitude(a) <= infinity; });
  out.add("testp.notanumber." + t, [=](T a) { return magnitude(a) > infinity; });
  out.add("testp.normal." + t,
          [=](T a) { return magnitude(a) < infinity && magnitude(a) >= normal; });
  out.add("testp.subnormal." + t, [=](T a) { return magnitude(a) != 0 && magnitude(a) < normal; });
}

}  // namespace

Lines compare_lines() {
  Lines out;
  integers<u16>(out, "u16");
  integers<s16>(out, "s16");
  integers<u32>(out, "u32");
  integers<s32>(out, "s32");
  integers<u64>(out, "u64");
  integers<s64>(out, "s64");
  bits<u16>(out, "b16");
  bits<u32>(out, "b32");
  bits<u64>(out, "b64");
  floats<float>(out, "f32");
  floats<double>(out, "f64");
  floats<f16>(out, "f16");
  floats<bf16>(out, "bf16");
  for (const std::string name : {"lt", "equ", "gt"})
    out.add("setp." + name + ".ftz.f32",
            [=](float a, float b) { return holds(name, relation_of(flushed(a), flushed(b))); });
  packed<f16x2, f16>(out, "f16x2");
  packed<bf16x2, bf16>(out, "bf16x2");
  sets<s32>(out, "s32", "ge");
  sets<u32>(out, "u32", "lt");
  sets<float>(out, "f32", "leu");
  sets<double>(out, "f64", "gt");
  half_sets<f16>(out, "f16");
  half_sets<bf16>(out, "bf16");
  selections<u16>(out, {"b16", "u16", "s16"});
  selections<u32>(out, {"b32", "u32", "s32"});
  selections<u64>(out, {"b64", "u64", "s64"});
  selections<float>(out, {"f32"});
  selections<double>(out, {"f64"});
  out.add("slct.ftz.f32.f32",
          [](float a, float b, float c) { return value_of(flushed(c)) >= 0 ? a : b; });
  properties<float>(out, "f32");
  properties<double>(out, "f64");
  return out;
}

}  // namespace vgpu::conformance
