// memory_access.h - how one ld or st moves the values of a warp's lanes.
#pragma once

#include "vgpu/isa/emitter.h"

namespace vgpu::isa {

/// What one access moves: `count` elements of `type` per lane.
struct Access {
  ptx::Type type;
  llvm::Type* element;
  int count;
  std::int64_t bytes() const { return count * ptx::bits_of(type) / 8; }
  llvm::Align alignment() const {
    return llvm::Align(static_cast<std::uint64_t>(ptx::bits_of(type) / 8));
  }
};

/// Values of the active lanes, a vector an element (one scalar an element where all lanes read one
/// address).
std::vector<llvm::Value*> load(Emitter& e, const Access& a, const LaneAddresses& at);
void store(Emitter& e, const Access& a, const LaneAddresses& at,
           const std::vector<llvm::Value*>& parts);

/// The same where other threads look on: a lane's bundle moves as a whole.
std::vector<llvm::Value*> load_ordered(Emitter& e, const Access& a, const LaneAddresses& at);
void store_ordered(Emitter& e, const Access& a, const LaneAddresses& at,
                   const std::vector<llvm::Value*>& parts);

}  // namespace vgpu::isa
