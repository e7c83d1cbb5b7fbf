// device_heap.cpp - malloc() and free() of kernels, with room around each piece.
#include <cstdlib>
#include <deque>
#include <utility>

#include "vgpu/observe/block_observer.h"

namespace vgpu::observe {
namespace {

constexpr std::size_t kRoom = 64, kMostFreed = std::size_t{64} << 20;

/// Freed pieces that stay for a while, so that accesses to them are found out.
class Freed {
 public:
  void put(void* memory, std::size_t bytes) {
    waiting_.emplace_back(memory, bytes);
    for (held_ += bytes; held_ > kMostFreed; waiting_.pop_front()) {
      held_ -= waiting_.front().second;
      give_back(waiting_.front().first);
    }
  }

 private:
  static void give_back(void* memory) {
    MemoryMap::get().retire(memory);
    std::free(static_cast<std::uint8_t*>(memory) - kRoom);
  }
  std::size_t held_ = 0;
  std::deque<std::pair<void*, std::size_t>> waiting_;
};

}  // namespace

void* BlockObserver::heap_allocate(std::size_t bytes) {
  auto* const memory = static_cast<std::uint8_t*>(std::malloc(bytes + 2 * kRoom));
  if (!memory) return nullptr;
  MemoryMap& map = MemoryMap::get();
  const std::string label = "piece " + std::to_string(map.next_number()) + " of the device heap (" +
                            std::to_string(bytes) + " bytes)";
  Region& region = map.add(memory + kRoom, bytes, label, false);
  region.leaks = region.on_heap = true;
  return memory + kRoom;
}

void BlockObserver::heap_free(const WarpState& warp, int lane, void* memory) {
  static auto* freed = new Freed;  // under the map's mutex, which the launch holds
  if (!memory) return;
  Region* region = MemoryMap::get().find(reinterpret_cast<std::uintptr_t>(memory));
  const bool right = region && region->on_heap && !region->freed &&
                     region->begin == reinterpret_cast<std::uintptr_t>(memory);
  if (right) {
    region->freed = true;
    freed->put(memory, region->bytes);
    return;
  }
  if (!checks_.memory) return;
  launch_.report(Kind::invalid_free, -1, -1, [&](Report& r) {
    r.what = region && region->freed ? "a second free() of " + region->label
                                     : "free() of what is no piece of the device heap";
    r.thread = launch_.thread(block_, static_cast<int>(warp.warp_index) * kWarpSize + lane);
  });
}

}  // namespace vgpu::observe
