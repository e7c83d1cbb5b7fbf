#include "vgpu/observe/hooks.h"

#include <bit>

#include "vgpu/observe/block_observer.h"

namespace vgpu::observe {
namespace {

BlockObserver& observer_of(const BlockState* block) {
  return *static_cast<BlockObserver*>(block->observer);
}

std::uint32_t access(const WarpState* warp, const BlockState* block, std::int32_t index,
                     std::int32_t which, std::uint32_t active, const std::uint64_t* addresses,
                     const std::uint8_t* values) {
  return observer_of(block).access(*warp, index, which, active, addresses, values);
}

std::uint32_t pieces(const WarpState* warp, const BlockState* block, std::int32_t index,
                     std::uint32_t lanes, const std::uint64_t* addresses,
                     const std::uint32_t* bytes, std::int32_t space, std::int32_t writes) {
  return observer_of(block).pieces(*warp, index, lanes, addresses, bytes,
                                   static_cast<ptx::Space>(space), writes != 0);
}

void object_arrival(const WarpState* warp, const BlockState* block, std::uint32_t lanes,
                    const std::uint64_t* objects) {
  for (; lanes; lanes &= lanes - 1)
    observer_of(block).order().arrive(objects[std::countr_zero(lanes)],
                                      static_cast<int>(warp->warp_index));
}

void object_wait(const WarpState* warp, const BlockState* block, std::uint32_t lanes,
                 const std::uint64_t* objects) {
  for (; lanes; lanes &= lanes - 1)
    observer_of(block).order().wait(objects[std::countr_zero(lanes)],
                                    static_cast<int>(warp->warp_index));
}

void exchange(const WarpState* warp, const BlockState* block, std::int32_t index,
              std::uint32_t active, const std::uint32_t* masks, const std::uint32_t* lanes,
              const std::uint32_t* bounds) {
  BlockObserver& observer = observer_of(block);
  observer.lanes_sync(*warp, active);
  if (!observer.launch().checks().sync) return;
  if (masks) observer.check_masks(*warp, index, active, masks);
  if (lanes) observer.check_shuffle(*warp, index, active, lanes, bounds);
}

void arrival(const WarpState* warp, const BlockState* block, std::int32_t index,
             std::uint32_t lanes, std::uint32_t mask) {
  observer_of(block).lanes_wait(*warp, index, lanes, mask);
}

void fence(const BlockState* block) { observer_of(block).fence(); }

void registers(const WarpState* warp, const BlockState* block, std::int32_t index,
               std::uint32_t of_block, std::uint32_t lanes, std::uint32_t first,
               std::uint32_t second) {
  observer_of(block).registers(*warp, index, of_block, lanes, first, second);
}

void ran(const BlockState* block, std::int32_t basic_block, std::uint32_t active) {
  observer_of(block).counters().ran(static_cast<std::size_t>(basic_block), active);
}

void guarded(const BlockState* block, std::uint32_t active, std::uint32_t on) {
  observer_of(block).counters().guarded(active, on);
}

void branched(const BlockState* block, std::uint32_t active, std::uint32_t taken) {
  observer_of(block).counters().branched((active & taken) != 0 && (active & ~taken) != 0);
}

void branched_by(const BlockState* block, std::uint32_t active, const std::uint32_t* indices) {
  const std::uint32_t first = indices[std::countr_zero(active)];
  bool divergent = false;
  for (std::uint32_t rest = active; rest; rest &= rest - 1)
    divergent |= indices[std::countr_zero(rest)] != first;
  observer_of(block).counters().branched(divergent);
}

template <class F>
void* address(F* f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

std::span<const Hook> hooks() {
  static const Hook all[] = {{"vgpu_observe_access", address(&access)},
                             {"vgpu_observe_pieces", address(&pieces)},
                             {"vgpu_observe_object_arrival", address(&object_arrival)},
                             {"vgpu_observe_object_wait", address(&object_wait)},
                             {"vgpu_observe_exchange", address(&exchange)},
                             {"vgpu_observe_arrival", address(&arrival)},
                             {"vgpu_observe_fence", address(&fence)},
                             {"vgpu_observe_registers", address(&registers)},
                             {"vgpu_count_block", address(&ran)},
                             {"vgpu_count_guard", address(&guarded)},
                             {"vgpu_count_branch", address(&branched)},
                             {"vgpu_count_indexed_branch", address(&branched_by)}};
  return all;
}

}  // namespace vgpu::observe
