// search.cpp - helpers that look for something: match.any's equal lanes, fns's n-th set bit.
#include <bit>
#include <cstdint>

#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

template <class T>
void match_any(std::uint32_t mask, const T* values, std::uint32_t* out) {
  for (std::uint32_t left = mask; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    std::uint32_t same = 0;
    for (std::uint32_t others = mask; others != 0; others &= others - 1) {
      const int other = std::countr_zero(others);
      if (values[other] == values[lane]) same |= 1u << other;
    }
    out[lane] = same;
  }
}

/// The n-th set bit from `base` on: upwards for n > 0, downwards for n < 0; for 0 the base's own.
/// All ones: none.
std::uint32_t nth_set_bit(std::uint32_t mask, std::uint32_t base, std::int32_t n) {
  constexpr std::uint32_t kNone = ~0u;
  if (base > 31) return kNone;
  if (n == 0) return mask >> base & 1 ? base : kNone;
  std::int64_t left = n > 0 ? std::int64_t{n} : -std::int64_t{n};
  for (auto at = static_cast<int>(base); at >= 0 && at<32; at += n> 0 ? 1 : -1)
    if ((mask >> at & 1) != 0 && --left == 0) return static_cast<std::uint32_t>(at);
  return kNone;
}

void find_nth_set(int lanes, const std::uint32_t* mask, const std::uint32_t* base,
                  const std::int32_t* n, std::uint32_t* out) {
  for (int i = 0; i < lanes; ++i) out[i] = nth_set_bit(mask[i], base[i], n[i]);
}

}  // namespace

std::span<const HelperSymbol> search_symbols() {
  static const HelperSymbol table[] = {
      {"vgpu_match_any_b32", reinterpret_cast<void*>(&match_any<std::uint32_t>)},
      {"vgpu_match_any_b64", reinterpret_cast<void*>(&match_any<std::uint64_t>)},
      {"vgpu_fns_b32", reinterpret_cast<void*>(&find_nth_set)}};
  return table;
}

}  // namespace vgpu::isa
