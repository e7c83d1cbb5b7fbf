// move_lines.cpp - mov of values and of packed and unpacked vectors.
#include "vgpu/conformance/line.h"

namespace vgpu::conformance {
namespace {

template <class T>
void copies(Lines& out, std::initializer_list<const char*> types) {
  for (const std::string t : types) out.add("mov." + t, [](T a) { return a; });
}

}  // namespace

Lines move_lines() {
  Lines out;
  copies<u16>(out, {"b16", "u16", "s16"});
  copies<u32>(out, {"b32", "u32", "s32"});
  copies<u64>(out, {"b64", "u64", "s64"});
  copies<float>(out, {"f32"});
  copies<double>(out, {"f64"});
  copies<bool>(out, {"pred"});
  out.add("mov.b32", [](u16 a, u16 b) { return u32{b} << 16 | a; }).as("%d, {%a, %b}");
  out.add("mov.b64", [](u32 a, u32 b) { return u64{b} << 32 | a; }).as("%d, {%a, %b}");
  out.add("mov.b64",
          [](u16 a, u16 b, u16 c, u16 x) { return u64{x} << 48 | u64{c} << 32 | u64{b} << 16 | a; })
      .as("%d, {%a, %b, %c, %x}");
  out.add("mov.b64", [](float a, float b) { return to_bits(b) << 32 | to_bits(a); })
      .as("%d, {%a, %b}");
  const auto halves = [](u32 a) {
    return std::pair(static_cast<u16>(a), static_cast<u16>(a >> 16));
  };
  const auto words = [](u64 a) {
    return std::pair(static_cast<u32>(a), static_cast<u32>(a >> 32));
  };
  out.add("mov.b32", halves).as("{%d, %e}, %a").without_literals();
  out.add("mov.b64", words).as("{%d, %e}, %a").without_literals();
  out.add("mov.b32", [](u32 a) { return static_cast<u16>(a >> 16); })
      .as("{_, %d}, %a")
      .without_literals();
  out.add("mov.b64", [](double a) { return static_cast<u32>(to_bits(a)); })
      .as("{%d, _}, %a")
      .without_literals();
  out.add("mov.b64",
          [](u64 a) { return std::pair(static_cast<u16>(a >> 16), static_cast<u16>(a >> 48)); })
      .as("{_, %d, _, %e}, %a")
      .without_literals();
  return out;
}

}  // namespace vgpu::conformance
