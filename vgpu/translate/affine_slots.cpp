#include "vgpu/translate/affine_slots.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "vgpu/machine/state.h"

namespace vgpu::translate {
namespace {

/// The numbers in which lanes of T are computed: wide enough not to be promoted to a signed one.
template <class T>
using Sum = std::conditional_t<sizeof(T) < 4, std::uint32_t, T>;

/// fn(lane, value) for what each lane holds, given lane 0's.
template <class T, class Fn>
void for_values(const AffineSlot& slot, T base, Fn fn) {
  const auto stride = static_cast<Sum<T>>(slot.stride), jump = static_cast<Sum<T>>(slot.jump);
  const int shift = std::countr_zero(slot.row);
  for (std::uint32_t lane = 0; lane < kWarpSize; ++lane)
    fn(lane, static_cast<T>(base + stride * Sum<T>{lane & (slot.row - 1)} +
                            jump * Sum<T>{lane >> shift}));
}

template <class T>
bool gather(std::uint8_t* frame, const AffineSlot& slot) {
  T lanes[kWarpSize];
  std::memcpy(lanes, frame + slot.vector_slot, sizeof lanes);
  std::memcpy(frame + slot.scalar_slot, lanes, sizeof lanes[0]);
  T unlike = 0;
  for_values<T>(slot, lanes[0], [&](std::uint32_t lane, T value) {
    unlike |= static_cast<T>(lanes[lane] ^ value);
  });
  return unlike == 0;
}

template <class T>
void spread(std::uint8_t* frame, const AffineSlot& slot) {
  T base, lanes[kWarpSize];
  std::memcpy(&base, frame + slot.scalar_slot, sizeof base);
  for_values<T>(slot, base, [&](std::uint32_t lane, T value) { lanes[lane] = value; });
  std::memcpy(frame + slot.vector_slot, lanes, sizeof lanes);
}

bool gather_predicate(std::uint8_t* frame, const AffineSlot& slot) {
  std::uint32_t lanes;
  std::memcpy(&lanes, frame + slot.vector_slot, sizeof lanes);
  frame[slot.scalar_slot] = lanes & 1;
  return lanes == 0 || lanes == kAllLanes;
}

void spread_predicate(std::uint8_t* frame, const AffineSlot& slot) {
  const std::uint32_t lanes = frame[slot.scalar_slot] & 1 ? kAllLanes : 0;
  std::memcpy(frame + slot.vector_slot, &lanes, sizeof lanes);
}

std::uint32_t gather_affine(std::uint8_t* frame, const AffineSlot* slots, std::uint32_t count) {
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

void spread_affine(std::uint8_t* frame, const AffineSlot* slots, std::uint32_t count) {
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
