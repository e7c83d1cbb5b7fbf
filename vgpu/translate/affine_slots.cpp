#include "vgpu/translate/affine_slots.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "vgpu/isa/widest.h"
#include "vgpu/machine/state.h"

namespace vgpu::translate {
namespace {

// These run whenever a warp's lanes part or meet again.
#define VGPU_INLINE __attribute__((always_inline)) inline

/// The numbers in which lanes of T are computed: wide enough not to be promoted to a signed one.
template <class T>
using Sum = std::conditional_t<sizeof(T) < 4, std::uint32_t, T>;

template <class T>
VGPU_INLINE T* lanes_of(std::uint8_t* frame, const AffineSlot& slot) {
  return reinterpret_cast<T*>(frame + slot.vector_slot);
}
template <class T>
VGPU_INLINE T* base_of(std::uint8_t* frame, const AffineSlot& slot) {
  return reinterpret_cast<T*>(frame + slot.scalar_slot);
}

/// What lane `lane` holds, given lane 0's.
template <class T>
VGPU_INLINE T value_of(const AffineSlot& slot, T base, std::uint32_t lane) {
  const auto stride = static_cast<Sum<T>>(slot.stride), jump = static_cast<Sum<T>>(slot.jump);
  return static_cast<T>(base + stride * Sum<T>{lane & (slot.row - 1)} +
                        jump * Sum<T>{lane >> std::countr_zero(slot.row)});
}

VGPU_INLINE bool is_uniform(const AffineSlot& slot) { return slot.stride == 0 && slot.jump == 0; }

template <class T>
VGPU_INLINE bool gather(std::uint8_t* frame, const AffineSlot& slot) {
  const T* lanes = lanes_of<T>(frame, slot);
  const T base = *base_of<T>(frame, slot) = lanes[0];
  T unlike = 0;
  if (is_uniform(slot))
    for (std::uint32_t lane = 0; lane < kWarpSize; ++lane)
      unlike |= static_cast<T>(lanes[lane] ^ base);
  else
    for (std::uint32_t lane = 0; lane < kWarpSize; ++lane)
      unlike |= static_cast<T>(lanes[lane] ^ value_of(slot, base, lane));
  return unlike == 0;
}

template <class T>
VGPU_INLINE void spread(std::uint8_t* frame, const AffineSlot& slot) {
  const T base = *base_of<T>(frame, slot);
  T* lanes = lanes_of<T>(frame, slot);
  if (is_uniform(slot))
    for (std::uint32_t lane = 0; lane < kWarpSize; ++lane) lanes[lane] = base;
  else
    for (std::uint32_t lane = 0; lane < kWarpSize; ++lane) lanes[lane] = value_of(slot, base, lane);
}

VGPU_INLINE bool gather_predicate(std::uint8_t* frame, const AffineSlot& slot) {
  std::uint32_t lanes;
  std::memcpy(&lanes, frame + slot.vector_slot, sizeof lanes);
  frame[slot.scalar_slot] = lanes & 1;
  return lanes == 0 || lanes == kAllLanes;
}

VGPU_INLINE void spread_predicate(std::uint8_t* frame, const AffineSlot& slot) {
  const std::uint32_t lanes = frame[slot.scalar_slot] & 1 ? kAllLanes : 0;
  std::memcpy(frame + slot.vector_slot, &lanes, sizeof lanes);
}

VGPU_WIDEST std::uint32_t gather_affine(std::uint8_t* frame, const AffineSlot* slots,
                                        std::uint32_t count) {
  using Wide = unsigned __int128;
  for (const AffineSlot& slot : std::span(slots, count)) {
    const bool alike = slot.bytes == 0   ? gather_predicate(frame, slot)
                       : slot.bytes == 1 ? gather<std::uint8_t>(frame, slot)
                       : slot.bytes == 2 ? gather<std::uint16_t>(frame, slot)
                       : slot.bytes == 4 ? gather<std::uint32_t>(frame, slot)
                       : slot.bytes == 8 ? gather<std::uint64_t>(frame, slot)
                                         : gather<Wide>(frame, slot);
    if (!alike) return 1;
  }
  return 0;
}

VGPU_WIDEST void spread_affine(std::uint8_t* frame, const AffineSlot* slots, std::uint32_t count) {
  using Wide = unsigned __int128;
  for (const AffineSlot& slot : std::span(slots, count)) {
    switch (slot.bytes) {
      case 0:
        spread_predicate(frame, slot);
        break;
      case 1:
        spread<std::uint8_t>(frame, slot);
        break;
      case 2:
        spread<std::uint16_t>(frame, slot);
        break;
      case 4:
        spread<std::uint32_t>(frame, slot);
        break;
      case 8:
        spread<std::uint64_t>(frame, slot);
        break;
      default:
        spread<Wide>(frame, slot);
    }
  }
}

}  // namespace

std::span<const isa::HelperSymbol> affine_slot_symbols() {
  static const isa::HelperSymbol table[] = {
      {"vgpu_gather_affine", reinterpret_cast<void*>(&gather_affine)},
      {"vgpu_spread_affine", reinterpret_cast<void*>(&spread_affine)}};
  return table;
}

}  // namespace vgpu::translate
