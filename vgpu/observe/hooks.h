// hooks.h - what translated code of checked launches calls.
//
//   uint32 vgpu_observe_access(WarpState*, BlockState*, int32 index, int32 which, uint32 active,
//                              const uint64* addresses, const void* values)
//   void vgpu_observe_exchange(WarpState*, BlockState*, int32 index, uint32 active,
//                              const uint32* masks, const uint32* lanes, const uint32* bounds)
//   void vgpu_observe_arrival(WarpState*, BlockState*, int32 index, uint32 lanes, uint32 mask)
//   uint32 vgpu_observe_pieces(WarpState*, BlockState*, int32 index, uint32 lanes,
//                              const uint64* addresses, const uint32* bytes, int32 space,
//                              int32 writes)
//   void vgpu_observe_object_{arrival,wait}(WarpState*, BlockState*, uint32 lanes,
//                                           const uint64* objects)
//   void vgpu_observe_fence(BlockState*)
//   void vgpu_observe_registers(WarpState*, BlockState*, int32 index, uint32 block, uint32 lanes,
//                               uint32 first, uint32 second)
// Of counted launches:
//   void vgpu_count_block(BlockState*, int32 basic_block, uint32 active)
//   void vgpu_count_guard(BlockState*, uint32 active, uint32 on)
//   void vgpu_count_branch(BlockState*, uint32 active, uint32 taken)
//   void vgpu_count_indexed_branch(BlockState*, uint32 active, const uint32* indices)
#pragma once

#include <span>

namespace vgpu::observe {

struct Hook {
  const char* name;
  void* address;
};
std::span<const Hook> hooks();

}  // namespace vgpu::observe
