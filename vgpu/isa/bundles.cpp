// bundles.cpp - a lane's bundle of 2 to 16 bytes in one access of the host.
//
// A thread that looks on sees all of a bundle or nothing of it: CUB's look-back keeps a tile's
// state and its sum in one. Aligned accesses of 16 bytes are atomic on every processor with AVX.
#include <bit>
#include <cstdint>
#include <cstring>

#include "vgpu/isa/helpers.h"

namespace vgpu::isa {
namespace {

typedef long long Pair __attribute__((vector_size(16)));

template <class T>
void load_each(std::uint32_t mask, const void* const* where, void* out) {
  for (; mask; mask &= mask - 1) {
    const int lane = std::countr_zero(mask);
    const T value = *static_cast<const volatile T*>(where[lane]);
    std::memcpy(static_cast<char*>(out) + static_cast<std::size_t>(lane) * sizeof value, &value,
                sizeof value);
  }
}

template <class T>
void store_each(std::uint32_t mask, void* const* where, const void* in) {
  for (; mask; mask &= mask - 1) {
    const int lane = std::countr_zero(mask);
    T value;
    std::memcpy(&value,
                static_cast<const char*>(in) + static_cast<std::size_t>(lane) * sizeof value,
                sizeof value);
    *static_cast<volatile T*>(where[lane]) = value;
  }
}

void load_bundles(std::uint32_t mask, const void* const* where, std::uint32_t bytes, void* out) {
  switch (bytes) {
    case 2:
      return load_each<std::uint16_t>(mask, where, out);
    case 4:
      return load_each<std::uint32_t>(mask, where, out);
    case 8:
      return load_each<std::uint64_t>(mask, where, out);
    default:
      return load_each<Pair>(mask, where, out);
  }
}

void store_bundles(std::uint32_t mask, void* const* where, std::uint32_t bytes, const void* in) {
  switch (bytes) {
    case 2:
      return store_each<std::uint16_t>(mask, where, in);
    case 4:
      return store_each<std::uint32_t>(mask, where, in);
    case 8:
      return store_each<std::uint64_t>(mask, where, in);
    default:
      return store_each<Pair>(mask, where, in);
  }
}

}  // namespace

std::span<const HelperSymbol> bundle_symbols() {
  static const HelperSymbol symbols[] = {
      {"vgpu_load_bundles", reinterpret_cast<void*>(&load_bundles)},
      {"vgpu_store_bundles", reinterpret_cast<void*>(&store_bundles)},
  };
  return symbols;
}

}  // namespace vgpu::isa
