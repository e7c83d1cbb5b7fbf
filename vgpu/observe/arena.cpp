#include "vgpu/observe/arena.h"

#include <sys/mman.h>

#include <atomic>

namespace vgpu::observe {
namespace {

constexpr std::size_t kAlign = 512, kPage = 4096;

std::uintptr_t align_up(std::uintptr_t value, std::size_t align) {
  return (value + align - 1) / align * align;
}

std::atomic<std::uintptr_t> begin = 0;  // of the arena, once there is one

}  // namespace

bool Arena::holds(const void* memory) {
  const std::uintptr_t first = begin;
  return first != 0 && reinterpret_cast<std::uintptr_t>(memory) - first < kBytes;
}

Arena& Arena::get() {
  static Arena* arena = new Arena;  // never destroyed: memory may outlive static objects
  return *arena;
}

Arena::Arena() {
  void* const memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory != MAP_FAILED) begin = next_ = reinterpret_cast<std::uintptr_t>(memory);
}

void* Arena::allocate(std::size_t bytes, std::size_t room) {
  const std::lock_guard lock(mutex_);
  const std::uintptr_t at = align_up(next_ + room, kAlign);
  if (begin == 0 || bytes > kBytes - room || at - begin > kBytes - bytes - room) return nullptr;
  next_ = at + bytes + room;
  return reinterpret_cast<void*>(at);
}

void Arena::release(void* memory, std::size_t bytes) {
  const std::uintptr_t first = align_up(reinterpret_cast<std::uintptr_t>(memory), kPage),
                       end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / kPage * kPage;
  if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
}

}  // namespace vgpu::observe
