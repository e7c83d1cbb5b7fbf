// atomic_lines.cpp - the element that each atomic operation leaves in memory.
#include <algorithm>

#include "vgpu/conformance/atomic_line.h"
#include "vgpu/conformance/float_values.h"

namespace vgpu::conformance {
namespace {

class Table {
 public:
  template <class T, class F>
  AtomicLine& add(const std::string& operation, F next) {
    AtomicLine line;
    line.operation = operation;
    line.type = type_of<T>();
    line.next = [next](u64 x, u64 a, u64) {
      return to_bits(static_cast<T>(next(from_bits<T>(x), from_bits<T>(a))));
    };
    lines.push_back(std::move(line));
    return lines.back();
  }
  std::vector<AtomicLine> lines;
};

template <class T>
void numbers(Table& out, const std::string& t) {
  out.add<T>("add." + t, [](T x, T a) { return wrap<T>(I{x} + a); });
  out.add<T>("min." + t, [](T x, T a) { return std::min(x, a); });
  out.add<T>("max." + t, [](T x, T a) { return std::max(x, a); });
}

template <class T>
void bits(Table& out, const std::string& t) {
  out.add<T>("and." + t, [](T x, T a) { return static_cast<T>(x & a); });
  out.add<T>("or." + t, [](T x, T a) { return static_cast<T>(x | a); });
  out.add<T>("xor." + t, [](T x, T a) { return static_cast<T>(x ^ a); });
}

template <class T>
void exchanges(Table& out, const std::string& t) {
  out.add<T>("exch." + t, [](T, T a) { return a; }).reduces = false;
  AtomicLine& cas = out.add<T>("cas." + t, [](T x, T) { return x; });
  cas.next = [](u64 x, u64 a, u64 b) {
    return static_cast<T>(x) == static_cast<T>(a) ? static_cast<T>(b) : static_cast<T>(x);
  };
  cas.two_operands = true;
  cas.reduces = false;
  cas.choices = {0, 1, 2, T(-1), T(0x8000)};
}

template <class T>
T sum_of(T x, T a) {
  return rounded<T>(sum(value_of(x), value_of(a)));
}

template <class T>
void floats(Table& out, const std::string& name, std::initializer_list<int> widths) {
  for (const int width : widths) {
    const std::string vector = width == 1 ? "" : "v" + std::to_string(width) + ".";
    const auto dot = name.rfind('.');
    const std::string type = name.substr(dot + 1),
                      prefix = dot == std::string::npos ? "" : name.substr(0, dot + 1);
    out.add<T>("add." + prefix + vector + type, [](T x, T a) { return sum_of(x, a); }).width =
        width;
  }
}

template <class Packed, class Half>
void packed(Table& out, const std::string& name, std::initializer_list<int> widths) {
  floats<Half>(out, name, {1});
  for (const int width : widths) {
    const std::string vector = width == 1 ? "" : "v" + std::to_string(width) + ".";
    out.add<Packed>("add.noftz." + vector + name.substr(6) + "x2",
                    [](Packed x, Packed a) { return by_half<Packed, Half>(sum_of<Half>, x, a); })
        .width = width;
  }
  for (const int width : {2, 4, 8})
    out.add<Half>("add.noftz.v" + std::to_string(width) + "." + name.substr(6), sum_of<Half>)
        .width = width;
}

}  // namespace

std::vector<AtomicLine> atomic_lines() {
  Table out;
  numbers<u32>(out, "u32");
  numbers<s32>(out, "s32");
  numbers<u64>(out, "u64");
  numbers<s64>(out, "s64");
  bits<u32>(out, "b32");
  bits<u64>(out, "b64");
  exchanges<u16>(out, "b16");
  exchanges<u32>(out, "b32");
  exchanges<u64>(out, "b64");
  out.add<u32>("inc.u32", [](u32 x, u32 a) { return x >= a ? 0 : x + 1; });
  out.add<u32>("dec.u32", [](u32 x, u32 a) { return x == 0 || x > a ? a : x - 1; });
  floats<float>(out, "f32", {1, 2, 4});
  floats<double>(out, "f64", {1});
  packed<f16x2, f16>(out, "noftz.f16", {1, 2, 4});
  packed<bf16x2, bf16>(out, "noftz.bf16", {1, 2, 4});
  return out.lines;
}

}  // namespace vgpu::conformance
