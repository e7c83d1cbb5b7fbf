#include "vgpu/machine/device_functions.h"

#include <array>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "vgpu/machine/device_printf.h"
#include "vgpu/machine/resident_block.h"
#include "vgpu/observe/hooks.h"
#include "vgpu/translate/jit.h"

namespace vgpu {
namespace {

BlockRunner& runner_of(const BlockState* block) {
  return *static_cast<BlockRunner*>(block->machine);
}

/// Null where nothing is checked.
observe::BlockObserver* observer_of(const BlockState* block) {
  return static_cast<observe::BlockObserver*>(block->observer);
}

/// A call's parameters: .param variables in each lane's local memory.
struct CallFrame {
  const WarpState& warp;
  const BlockState& block;
  std::uint64_t lane_bytes;

  template <class T>
  T argument(std::uint32_t lane, std::uint64_t offset) const {
    T value;
    std::memcpy(&value, warp.local + lane * lane_bytes + offset, sizeof value);
    return value;
  }
  template <class T>
  void result(std::uint32_t lane, std::uint64_t offset, T value) const {
    if (offset == ~std::uint64_t{0}) return;
    std::memcpy(warp.local + lane * lane_bytes + offset, &value, sizeof value);
    if (auto* const observer = observer_of(&block))
      observer->note_result(warp, lane, offset, sizeof value);
  }
};

template <class Body>
void for_lanes(std::uint32_t mask, Body body) {
  for (; mask; mask &= mask - 1) body(static_cast<std::uint32_t>(std::countr_zero(mask)));
}

const char* text_at(std::uint64_t address) { return reinterpret_cast<const char*>(address); }

std::uint64_t nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace
}  // namespace vgpu

using vgpu::BlockState;
using vgpu::CallFrame;
using vgpu::WarpState;

extern "C" {

void vgpu_warp_release(WarpState* warp, BlockState* block) {
  auto* const observer = vgpu::observer_of(block);
  std::uint32_t released = 0;
  for (std::uint32_t rest = warp->waiting; rest; rest &= rest - 1) {
    const auto lane = static_cast<std::uint32_t>(std::countr_zero(rest));
    const std::uint32_t need = warp->sync_mask[lane] & warp->live;
    std::uint32_t come = 0;
    if ((warp->warp_barrier >> lane) & 1) {
      come = warp->warp_barrier;  // at any bar.warp.sync
    } else {
      vgpu::for_lanes(warp->waiting & ~warp->warp_barrier, [&](std::uint32_t other) {
        if (warp->lane_pc[other] == warp->lane_pc[lane]) come |= 1u << other;
      });
    }
    if ((need & ~come) != 0) continue;
    if (observer && !(released >> lane & 1)) observer->lanes_released(*warp, lane, need);
    released |= need;
  }
  released &= warp->waiting;
  warp->waiting &= ~released;
  warp->warp_barrier &= ~released;
}

std::int32_t vgpu_warp_idle(WarpState* warp, BlockState* block) {
  if (warp->live == 0) return static_cast<std::int32_t>(vgpu::RunResult::exited);
  if (warp->waiting) {
    const std::uint32_t before = warp->waiting;
    vgpu_warp_release(warp, block);
    if (warp->waiting != before) return 0;
  }
  if (warp->waiting == 0 && (warp->at_barrier & warp->live) == warp->live)
    return static_cast<std::int32_t>(vgpu::RunResult::barrier);
  return static_cast<std::int32_t>(vgpu::RunResult::stuck);
}

void vgpu_warp_stand_at(WarpState* warp, std::uint32_t lanes, std::int32_t pc) {
  for (std::uint32_t lane = 0; lane < vgpu::kWarpSize; ++lane)
    warp->lane_pc[lane] = lanes >> lane & 1 ? pc : warp->lane_pc[lane];
}

void vgpu_barrier_arrive(BlockState* block, std::uint32_t barrier, std::uint32_t threads,
                         std::uint32_t lanes) {
  vgpu::ResidentBlock::of(block).arrive(barrier, threads, lanes,
                                        vgpu::runner_of(block).warp_index());
}

std::uint64_t vgpu_warp_local_bytes(BlockState* block) {
  return vgpu::ResidentBlock::of(block).local_bytes_of_warp();
}

std::uint64_t vgpu_clock() { return __builtin_ia32_rdtsc(); }
std::uint64_t vgpu_globaltimer() { return vgpu::nanoseconds(); }

std::int32_t vgpu_call_vprintf(WarpState* warp, BlockState* block, std::uint32_t mask,
                               std::uint64_t lane_bytes, std::uint64_t result, std::uint64_t format,
                               std::uint64_t values, std::uint64_t, std::uint64_t, std::uint64_t) {
  const CallFrame frame{*warp, *block, lane_bytes};
  vgpu::for_lanes(mask, [&](std::uint32_t lane) {
    const char* text = vgpu::text_at(frame.argument<std::uint64_t>(lane, format));
    const auto* list =
        reinterpret_cast<const std::uint8_t*>(frame.argument<std::uint64_t>(lane, values));
    frame.result<std::int32_t>(lane, result, vgpu::device_printf(text, list));
  });
  return 0;
}

std::int32_t vgpu_call___assertfail(WarpState* warp, BlockState* block, std::uint32_t mask,
                                    std::uint64_t lane_bytes, std::uint64_t, std::uint64_t message,
                                    std::uint64_t file, std::uint64_t line, std::uint64_t function,
                                    std::uint64_t) {
  const CallFrame frame{*warp, *block, lane_bytes};
  std::string first;
  vgpu::for_lanes(mask, [&](std::uint32_t lane) {
    char text[1024];
    std::snprintf(text, sizeof text,
                  "%s:%u: %s: block: [%u,%u,%u], thread: [%u,%u,%u] Assertion `%s` failed.",
                  vgpu::text_at(frame.argument<std::uint64_t>(lane, file)),
                  frame.argument<std::uint32_t>(lane, line),
                  vgpu::text_at(frame.argument<std::uint64_t>(lane, function)), block->ctaid[0],
                  block->ctaid[1], block->ctaid[2], warp->tid[0][lane], warp->tid[1][lane],
                  warp->tid[2][lane], vgpu::text_at(frame.argument<std::uint64_t>(lane, message)));
    if (first.empty()) first = text;
    std::fprintf(stderr, "%s\n", text);
  });
  vgpu::BlockRunner& runner = vgpu::runner_of(block);
  runner.pending = {true, vgpu::Fault::Kind::device_assert, first};
  return 1;
}

std::int32_t vgpu_call_malloc(WarpState* warp, BlockState* block, std::uint32_t mask,
                              std::uint64_t lane_bytes, std::uint64_t result, std::uint64_t bytes,
                              std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t) {
  const CallFrame frame{*warp, *block, lane_bytes};
  vgpu::for_lanes(mask, [&](std::uint32_t lane) {
    const auto wanted = frame.argument<std::uint64_t>(lane, bytes);
    auto* const observer = vgpu::observer_of(block);
    frame.result<void*>(lane, result,
                        observer ? observer->heap_allocate(wanted) : std::malloc(wanted));
  });
  return 0;
}

std::int32_t vgpu_call_free(WarpState* warp, BlockState* block, std::uint32_t mask,
                            std::uint64_t lane_bytes, std::uint64_t, std::uint64_t pointer,
                            std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t) {
  const CallFrame frame{*warp, *block, lane_bytes};
  vgpu::for_lanes(mask, [&](std::uint32_t lane) {
    auto* const memory = frame.argument<void*>(lane, pointer);
    if (auto* const observer = vgpu::observer_of(block))
      observer->heap_free(*warp, static_cast<int>(lane), memory);
    else
      std::free(memory);
  });
  return 0;
}

}  // extern "C"

namespace vgpu {

void register_device_functions() {
  static const std::array helpers{
      translate::HelperAddress{"vgpu_warp_idle", reinterpret_cast<void*>(&vgpu_warp_idle)},
      translate::HelperAddress{"vgpu_warp_release", reinterpret_cast<void*>(&vgpu_warp_release)},
      translate::HelperAddress{"vgpu_warp_stand_at", reinterpret_cast<void*>(&vgpu_warp_stand_at)},
      translate::HelperAddress{"vgpu_barrier_arrive",
                               reinterpret_cast<void*>(&vgpu_barrier_arrive)},
      translate::HelperAddress{"vgpu_warp_local_bytes",
                               reinterpret_cast<void*>(&vgpu_warp_local_bytes)},
      translate::HelperAddress{"vgpu_clock", reinterpret_cast<void*>(&vgpu_clock)},
      translate::HelperAddress{"vgpu_globaltimer", reinterpret_cast<void*>(&vgpu_globaltimer)},
      translate::HelperAddress{"vgpu_call_vprintf", reinterpret_cast<void*>(&vgpu_call_vprintf)},
      translate::HelperAddress{"vgpu_call___assertfail",
                               reinterpret_cast<void*>(&vgpu_call___assertfail)},
      translate::HelperAddress{"vgpu_call_malloc", reinterpret_cast<void*>(&vgpu_call_malloc)},
      translate::HelperAddress{"vgpu_call_free", reinterpret_cast<void*>(&vgpu_call_free)},
  };
  static std::once_flag once;
  std::call_once(once, [] {
    translate::add_helpers(helpers);
    for (const observe::Hook& hook : observe::hooks()) {
      const translate::HelperAddress helper{hook.name, hook.address};
      translate::add_helpers({&helper, 1});
    }
  });
}

}  // namespace vgpu
