// allocator.h - every byte of device memory, by what it is for and when in the step it was live.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "impl/core/fence.h"
#include "impl/core/stream.h"

namespace plumb {

enum class Category : std::uint8_t {
  parameter,
  buffer,
  gradient,
  optimizer_state,
  input,
  activation,
  temporary,
  workspace,
  communication,
};
inline constexpr std::size_t kCategories = 9;
const char* name_of(Category category);

struct MemoryFigures {
  std::size_t live = 0, peak = 0;                  // bytes, all categories
  std::array<std::size_t, kCategories> live_by{};  // sums to live
  std::array<std::size_t, kCategories>
      at_peak{};  // the categories when `peak` was reached; sums to peak
};

/// One live allocation.
struct MemoryBlock {
  std::size_t bytes;
  Category category;
  bool fenced;  // guard words follow, and nobody was seen to write them
};

/// Device memory under accounts. Thread-safe. Memory comes from CUDA's stream-ordered pool.
class Allocator {
 public:
  /// The process's allocator for the current device.
  static Allocator& get();

  /// Null for 0 bytes. Throws DeviceMemoryError, which names the category, the bytes and what is
  /// free, when the budget or the device has no room; nothing is changed then.
  void* allocate(std::size_t bytes, Category category, Stream stream = {});
  /// Never throws: a failure is reported and counted (cuda_error.h).
  void release(void* memory, Stream stream = {}) noexcept;
  /// What was asked for at `memory`. Throws ValueError when that is not live.
  MemoryBlock block(void* memory) const;
  /// Moves an allocation's bytes to another account.
  void recategorise(void* memory, Category category);

  /// Refuses to exceed this many live bytes; 0: no budget of our own. Throws ValueError when more
  /// is live already.
  void set_budget(std::size_t bytes);
  std::size_t budget() const;

  /// Names the phase of the step ("forward", "backward", "step" ...); its peak begins at what is
  /// live now.
  void begin_phase(const std::string& name);
  MemoryFigures figures() const;
  /// Peak by phase, since the last reset.
  std::map<std::string, MemoryFigures> phases() const;
  void reset_peaks();

  /// For tests: from now on new memory is filled with the poison and followed by guard words
  /// (fence.h), which no account counts. Releasing such memory waits for the device.
  void set_fences(bool on, Poison poison = Poison::nan);
  /// One line for each allocation whose guard words were written: those that live and those
  /// released since the last call. Waits for the device. Throws CudaError.
  std::vector<std::string> fence_breaks();

 private:
  void count(std::size_t bytes, Category category, bool grows);
  const MemoryBlock& live_block(void* memory) const;
  void* obtain(std::size_t bytes, Category category, Stream stream);
  void inspect(void* memory, MemoryBlock& block);

  mutable std::mutex mutex_;
  std::map<void*, MemoryBlock> blocks_;
  MemoryFigures figures_;
  std::map<std::string, MemoryFigures> phases_;
  std::string phase_;
  std::size_t budget_ = 0;
  bool fences_ = false;
  Poison poison_ = Poison::nan;
  std::vector<std::string> breaks_;
};

/// New tensors of this thread belong to the category while the scope lives. Outside any scope:
/// temporary.
class MemoryScope {
 public:
  explicit MemoryScope(Category category);
  ~MemoryScope();
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;
  static Category current();

 private:
  Category before_;
};

}  // namespace plumb
