#include "vgpu/isa/helpers.h"

#include <vector>

namespace vgpu::isa {

std::span<const HelperSymbol> helper_symbols() {
  static const std::vector<HelperSymbol> all = [] {
    std::vector<HelperSymbol> out;
    for (auto part : {rounding_symbols(), approximate_symbols(), atomic_symbols(),
                      small_float_symbols(), lane_set_symbols()})
      out.insert(out.end(), part.begin(), part.end());
    return out;
  }();
  return all;
}

}  // namespace vgpu::isa
