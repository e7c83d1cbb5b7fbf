#include "vgpu/isa/helpers.h"

#include <algorithm>
#include <vector>

namespace vgpu::isa {

std::span<const HelperSymbol> helper_symbols() {
  static const std::vector<HelperSymbol> all = [] {
    std::vector<HelperSymbol> out;
    for (auto part : {rounding_symbols(), approximate_symbols(), approximate_noise_symbols(),
                      atomic_symbols(), bundle_symbols(), small_float_symbols(), lane_set_symbols(),
                      texture_symbols(), surface_symbols(), matrix_multiply_symbols(),
                      matrix_memory_symbols(), mbarrier_symbols(), async_copy_symbols()})
      out.insert(out.end(), part.begin(), part.end());
    return out;
  }();
  return all;
}

bool is_helper(std::string_view name) {
  const auto all = helper_symbols();
  return std::any_of(all.begin(), all.end(), [&](const HelperSymbol& h) { return name == h.name; });
}

}  // namespace vgpu::isa
