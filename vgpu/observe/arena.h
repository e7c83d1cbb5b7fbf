// arena.h - addresses for memory that is checked: far from the host's own, and never given twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace vgpu::observe {

/// A terabyte of addresses, whose pages exist once they are touched. Thread-safe.
class Arena {
 public:
  static Arena& get();
  /// Memory with `room` bytes before and behind it that belong to none; a multiple of 512. Null
  /// when the addresses are used up, or the system gave none.
  void* allocate(std::size_t bytes, std::size_t room);
  /// The pages are given back; the addresses stay unused.
  void release(void* memory, std::size_t bytes);
  /// Whether the address is of the arena, which need not exist yet.
  static bool holds(const void* memory);

 private:
  Arena();
  static constexpr std::size_t kBytes = std::size_t{1} << 40;
  std::mutex mutex_;
  std::uintptr_t next_ = 0;
};

}  // namespace vgpu::observe
