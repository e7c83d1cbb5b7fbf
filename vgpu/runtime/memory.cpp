// memory.cpp - allocation, its accounting, and what is known about a pointer.
#include "vgpu/runtime/memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "vgpu/machine/profile.h"
#include "vgpu/observe/arena.h"
#include "vgpu/runtime/api.h"
#include "vgpu/runtime/checked_memory.h"
#include "vgpu/runtime/device.h"
#include "vgpu/runtime/registry.h"

namespace vgpu::runtime {
namespace {

constexpr std::size_t kAlign = 512;
constexpr std::size_t kMostPoisoned = std::size_t{64}
                                      << 20;  // beyond, page faults would cost more than they show
constexpr int kPoison = 0xff;                 // every float type reads it as NaN

struct Allocation {
  std::size_t bytes;
  MemoryKind kind;
  int device;
  unsigned flags = 0;  // of host memory: cudaHostAlloc's or cudaHostRegister's
  bool in_use = true;  // graph: between its node and a free
  bool owned = false;  // graph: by its graph, so that a free ends the use alone
};

struct Use {
  std::size_t now = 0, peak = 0;
};

/// While memory is checked it has room around it and addresses of its own, used once.
void* take(std::size_t bytes) {
  if (checked::memory()) return observe::Arena::get().allocate(bytes, checked::kRoom);
  return std::aligned_alloc(kAlign, (bytes + kAlign - 1) / kAlign * kAlign);
}

void give_back(void* memory, std::size_t bytes) {
  if (observe::Arena::holds(memory)) {
    checked::freed(memory);
    observe::Arena::get().release(memory, bytes);
  } else {
    checked::forgotten(memory);
    std::free(memory);
  }
}

std::mutex mutex;
/// Never destroyed: libraries are unregistered after this file's static objects would be.
std::map<std::uintptr_t, Allocation>& allocations() {
  static auto* all = new std::map<std::uintptr_t, Allocation>;
  return *all;
}
VGPU_EARLY std::map<int, Use> uses;                   // by device
VGPU_EARLY std::map<int, GraphMemoryUse> graph_uses;  // by device

bool is_counted(MemoryKind kind) {
  return kind == MemoryKind::device || kind == MemoryKind::managed;
}

bool can_be_freed(MemoryKind kind) { return is_counted(kind) || kind == MemoryKind::graph; }

void poison(void* memory, std::size_t bytes) {
  std::memset(memory, kPoison, std::min(bytes, kMostPoisoned));
}

bool poisons() {
  static const bool on = [] {
    const char* text = std::getenv("PLUMBLINE_VGPU_POISON");
    return !text || std::string(text) != "off";
  }();
  return on;
}

/// The allocation that holds the address.
std::map<std::uintptr_t, Allocation>::iterator find(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  auto it = allocations().upper_bound(at);
  if (it == allocations().begin()) return allocations().end();
  --it;
  return at - it->first < it->second.bytes || at == it->first ? it : allocations().end();
}

}  // namespace

cudaMemoryType memory_type(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::managed:
    case MemoryKind::managed_variable:
      return cudaMemoryTypeManaged;
    case MemoryKind::host:
    case MemoryKind::registered:
      return cudaMemoryTypeHost;
    default:
      return cudaMemoryTypeDevice;
  }
}

std::size_t memory_limit() {
  return device_choice().memory_bytes ? device_choice().memory_bytes
                                      : current_profile().memory_bytes;
}

cudaError_t allocate(void** out, std::size_t bytes, MemoryKind kind) {
  if (!out) return cudaErrorInvalidValue;
  *out = nullptr;
  if (bytes == 0) return cudaSuccess;
  const std::lock_guard lock(mutex);
  Use& use = uses[current_device()];
  if (bytes > SIZE_MAX - kAlign) return cudaErrorMemoryAllocation;
  if (is_counted(kind) && (bytes > memory_limit() || use.now > memory_limit() - bytes))
    return cudaErrorMemoryAllocation;
  void* memory = take(bytes);
  if (!memory) return cudaErrorMemoryAllocation;
  if (poisons()) poison(memory, bytes);
  Allocation& made = allocations()[reinterpret_cast<std::uintptr_t>(memory)];
  made = {bytes, kind, current_device()};
  if (is_counted(kind)) use.peak = std::max(use.peak, use.now += bytes);
  if (kind == MemoryKind::graph) {
    made.in_use = false;
    made.owned = true;
    GraphMemoryUse& of_graphs = graph_uses[made.device];
    of_graphs.reserved_high = std::max(of_graphs.reserved_high, of_graphs.reserved += bytes);
  }
  *out = memory;
  checked::allocated(memory, bytes, kind);
  return cudaSuccess;
}

cudaError_t release(void* memory, bool host) {
  if (!memory) return cudaSuccess;
  const std::lock_guard lock(mutex);
  const auto it = allocations().find(reinterpret_cast<std::uintptr_t>(memory));
  if (it == allocations().end()) {
    checked::refused_free(memory);
    return cudaErrorInvalidValue;
  }
  Allocation& allocation = it->second;
  if (host ? allocation.kind != MemoryKind::host : !can_be_freed(allocation.kind))
    return cudaErrorInvalidValue;
  if (!allocation.in_use) return cudaErrorInvalidValue;
  if (!host) uses[allocation.device].now -= allocation.bytes;
  if (allocation.kind == MemoryKind::graph) {
    allocation.in_use = false;
    graph_uses[allocation.device].used -= allocation.bytes;
    if (allocation.owned) return cudaSuccess;
    graph_uses[allocation.device].reserved -= allocation.bytes;
  }
  const std::size_t bytes = allocation.bytes;
  allocations().erase(it);
  give_back(memory, bytes);
  return cudaSuccess;
}

cudaError_t begin_graph_memory(void* memory) {
  const std::lock_guard lock(mutex);
  Allocation& allocation = allocations().at(reinterpret_cast<std::uintptr_t>(memory));
  if (allocation.in_use) return cudaErrorInvalidValue;
  Use& use = uses[allocation.device];
  if (allocation.bytes > memory_limit() || use.now > memory_limit() - allocation.bytes)
    return cudaErrorMemoryAllocation;
  if (poisons()) poison(memory, allocation.bytes);
  allocation.in_use = true;
  use.peak = std::max(use.peak, use.now += allocation.bytes);
  GraphMemoryUse& of_graphs = graph_uses[allocation.device];
  of_graphs.used_high = std::max(of_graphs.used_high, of_graphs.used += allocation.bytes);
  return cudaSuccess;
}

bool is_in_use(const void* memory) {
  const std::lock_guard lock(mutex);
  const auto it = allocations().find(reinterpret_cast<std::uintptr_t>(memory));
  return it != allocations().end() && it->second.in_use;
}

void abandon_graph_memory(void* memory) {
  const std::lock_guard lock(mutex);
  const auto it = allocations().find(reinterpret_cast<std::uintptr_t>(memory));
  if (it == allocations().end()) return;
  it->second.owned = false;
  if (it->second.in_use) return;
  const std::size_t bytes = it->second.bytes;
  graph_uses[it->second.device].reserved -= bytes;
  allocations().erase(it);
  give_back(memory, bytes);
}

GraphMemoryUse graph_memory_use(int device) {
  const std::lock_guard lock(mutex);
  return graph_uses[device];
}

void reset_graph_memory_high(int device) {
  const std::lock_guard lock(mutex);
  GraphMemoryUse& use = graph_uses[device];
  use.used_high = use.used;
  use.reserved_high = use.reserved;
}

std::optional<MemoryInfo> memory_info(const void* address) {
  const std::lock_guard lock(mutex);
  const auto it = find(address);
  if (it == allocations().end()) return {};
  return MemoryInfo{reinterpret_cast<void*>(it->first), it->second.bytes, it->second.kind,
                    it->second.device, it->second.flags};
}

cudaError_t register_host(void* memory, std::size_t bytes, unsigned flags) {
  const std::lock_guard lock(mutex);
  const auto first = reinterpret_cast<std::uintptr_t>(memory);
  if (bytes > UINTPTR_MAX - first) return cudaErrorInvalidValue;
  const auto next = allocations().lower_bound(first);
  const bool meets_next = next != allocations().end() && next->first < first + bytes;
  if (meets_next || find(memory) != allocations().end())
    return cudaErrorHostMemoryAlreadyRegistered;
  allocations()[first] = {bytes, MemoryKind::registered, current_device(), flags};
  checked::allocated(memory, bytes, MemoryKind::registered);
  return cudaSuccess;
}

cudaError_t unregister_host(void* memory) {
  const std::lock_guard lock(mutex);
  const auto it = allocations().find(reinterpret_cast<std::uintptr_t>(memory));
  if (it == allocations().end() || it->second.kind != MemoryKind::registered)
    return cudaErrorHostMemoryNotRegistered;
  allocations().erase(it);
  checked::forgotten(memory);
  return cudaSuccess;
}

cudaError_t allocate_host(void** out, std::size_t bytes, unsigned flags) {
  const cudaError_t code = allocate(out, bytes, MemoryKind::host);
  if (code != cudaSuccess || !*out) return code;
  const std::lock_guard lock(mutex);
  allocations().at(reinterpret_cast<std::uintptr_t>(*out)).flags = flags;
  return cudaSuccess;
}

std::size_t pitch_of(std::size_t width) {
  return width > SIZE_MAX - kAlign ? SIZE_MAX : (width + kAlign - 1) / kAlign * kAlign;
}

std::size_t saturated_bytes(std::size_t width, std::size_t height, std::size_t depth) {
  std::size_t area = 0, volume = 0;
  if (__builtin_mul_overflow(width, height, &area) || __builtin_mul_overflow(area, depth, &volume))
    return SIZE_MAX;
  return volume;
}

std::uint64_t memory_in_use() {
  const std::lock_guard lock(mutex);
  return uses[current_device()].now;
}

std::uint64_t peak_memory_in_use() {
  const std::lock_guard lock(mutex);
  return uses[current_device()].peak;
}

void reset_peak_use() {
  const std::lock_guard lock(mutex);
  Use& use = uses[current_device()];
  use.peak = use.now;
}

bool is_inside_one_allocation(const void* address, std::size_t bytes, bool must_be_device) {
  const std::lock_guard lock(mutex);
  const auto it = find(address);
  if (it == allocations().end()) return !must_be_device;
  if (!it->second.in_use) return false;
  const std::uintptr_t offset = reinterpret_cast<std::uintptr_t>(address) - it->first;
  return bytes <= it->second.bytes - offset;
}

void note_variable(void* address, std::size_t bytes, MemoryKind kind, int device) {
  const std::lock_guard lock(mutex);
  allocations()[reinterpret_cast<std::uintptr_t>(address)] = {bytes, kind, device};
}

void forget_variable(const void* address) {
  const std::lock_guard lock(mutex);
  allocations().erase(reinterpret_cast<std::uintptr_t>(address));
}

void free_everything() {
  const std::lock_guard lock(mutex);
  const int device = current_device();
  for (auto it = allocations().begin(); it != allocations().end();) {
    if (it->second.kind == MemoryKind::graph && it->second.device == device) {
      if (it->second.in_use) graph_uses[device].used -= it->second.bytes;
      it->second.in_use = false;
    }
    if (!is_counted(it->second.kind) || it->second.device != device) {
      ++it;
      continue;
    }
    give_back(reinterpret_cast<void*>(it->first), it->second.bytes);
    it = allocations().erase(it);
  }
  uses[device] = {};
}

}  // namespace vgpu::runtime
