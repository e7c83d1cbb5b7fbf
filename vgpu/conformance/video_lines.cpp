// video_lines.cpp - the SIMD video instructions on halves and bytes.
#include <algorithm>

#include "vgpu/conformance/line.h"

namespace vgpu::conformance {
namespace {

/// How the parts of a word are read and written.
struct Parts {
  int bits;
  bool a_signed, b_signed, d_signed;
  bool saturates, adds;
};

s64 part(u32 word, int bits, int i, bool is_signed) {
  const s64 value = word >> bits * i & ((u32{1} << bits) - 1);
  return is_signed && (value >> (bits - 1)) != 0 ? value - (s64{1} << bits) : value;
}

template <class F>
u32 by_parts(const Parts& p, F f, u32 a, u32 b, u32 c) {
  u32 out = p.adds ? c : 0;
  for (int i = 0; i < 32 / p.bits; ++i) {
    s64 v = f(part(a, p.bits, i, p.a_signed), part(b, p.bits, i, p.b_signed));
    const s64 span = s64{1} << p.bits;
    if (p.saturates)
      v = p.d_signed ? std::clamp(v, -span / 2, span / 2 - 1) : std::clamp(v, s64{0}, span - 1);
    out += p.adds
               ? static_cast<u32>(static_cast<u64>(v))
               : (static_cast<u32>(static_cast<u64>(v)) & static_cast<u32>(span - 1)) << p.bits * i;
  }
  return out;
}

const char* type(bool is_signed) { return is_signed ? ".s32" : ".u32"; }

template <class F>
class Family {
 public:
  Family(Lines& out, std::string stem, std::string compare, F f)
      : out_(out), stem_(std::move(stem)), compare_(std::move(compare)), f_(f) {}

  void add(const Parts& p) {
    const F f = f_;
    out_.add(stem_ + (p.bits == 16 ? "2" : "4") + (compare_.empty() ? type(p.d_signed) : "") +
                 type(p.a_signed) + type(p.b_signed) + compare_ + (p.saturates ? ".sat" : "") +
                 (p.adds ? ".add" : ""),
             [p, f](u32 a, u32 b, u32 c) { return by_parts(p, f, a, b, c); });
  }

 private:
  Lines& out_;
  std::string stem_, compare_;
  F f_;
};

template <class F>
void arithmetic(Lines& out, const std::string& stem, F f) {
  Family family(out, stem, "", f);
  for (const int bits : {16, 8}) {
    family.add({bits, false, false, false, false, false});
    family.add({bits, true, true, true, false, false});
    family.add({bits, true, false, true, false, false});
    family.add({bits, true, true, true, true, false});
    family.add({bits, false, true, false, true, false});
    family.add({bits, false, false, false, false, true});
  }
}

template <class F>
void comparison(Lines& out, const std::string& name, F f) {
  Family family(out, "vset", "." + name, f);
  family.add({16, true, true, false, false, false});
  family.add({8, false, true, false, false, true});
}

}  // namespace

Lines video_lines() {
  Lines out;
  arithmetic(out, "vadd", [](s64 a, s64 b) { return a + b; });
  arithmetic(out, "vsub", [](s64 a, s64 b) { return a - b; });
  arithmetic(out, "vavrg", [](s64 a, s64 b) {
    const s64 sum = a + b;
    return sum >= 0 ? (sum + 1) >> 1 : sum >> 1;
  });
  arithmetic(out, "vabsdiff", [](s64 a, s64 b) { return a < b ? b - a : a - b; });
  arithmetic(out, "vmin", [](s64 a, s64 b) { return std::min(a, b); });
  arithmetic(out, "vmax", [](s64 a, s64 b) { return std::max(a, b); });
  comparison(out, "eq", [](s64 a, s64 b) { return s64{a == b}; });
  comparison(out, "ne", [](s64 a, s64 b) { return s64{a != b}; });
  comparison(out, "lt", [](s64 a, s64 b) { return s64{a < b}; });
  comparison(out, "le", [](s64 a, s64 b) { return s64{a <= b}; });
  comparison(out, "gt", [](s64 a, s64 b) { return s64{a > b}; });
  comparison(out, "ge", [](s64 a, s64 b) { return s64{a >= b}; });
  return out;
}

}  // namespace vgpu::conformance
