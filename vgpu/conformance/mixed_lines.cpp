// mixed_lines.cpp - add, sub and fma of halves with a sum of f32.
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

float finished(Quad exact, Rounding mode, bool saturates) {
  const float r = rounded<float>(exact, mode);
  return saturates ? into_unit(r) : r;
}

template <class Half>
void add(Lines& out, const std::string& type) {
  for (const Mode mode : kModes)
    for (const bool saturates : {false, true}) {
      const Rounding r = mode.rounding;
      const std::string tail = std::string(mode.name) + (saturates ? ".sat" : "") + ".f32." + type;
      out.add("add" + tail, [=](Half a, float c) {
        return finished(sum(value_of(a), value_of(c), r), r, saturates);
      });
      out.add("sub" + tail, [=](Half a, float c) {
        return finished(sum(value_of(a), -value_of(c), r), r, saturates);
      });
      if (mode.name[0] != '\0')
        out.add("fma" + tail, [=](Half a, Half b, float c) {
          return finished(sum(value_of(a) * value_of(b), value_of(c), r), r, saturates);
        });
    }
}

}  // namespace

Lines mixed_lines() {
  Lines out;
  add<f16>(out, "f16");
  add<bf16>(out, "bf16");
  return out;
}

}  // namespace vgpu::conformance
