// memory_map.h - the memory that kernels may touch, and what is known of its bytes.
//
// The runtime tells of every allocation, copy and fill while something is checked. A launch holds
// the map's mutex from its beginning to its end.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "vgpu/observe/byte_set.h"
#include "vgpu/observe/race.h"
#include "vgpu/observe/stream_order.h"

namespace vgpu::observe {

/// An allocation, a variable, memory of the host that the device may reach.
struct Region {
  Region(std::uintptr_t at, std::size_t size, std::string name, bool all_written)
      : begin(at),
        bytes(size),
        label(std::move(name)),
        written(size),
        read(size),
        launch_reads(size),
        launch_writes(size),
        races(size) {
    if (all_written) written.add(0, size);
  }
  bool holds(std::uintptr_t address) const { return address - begin < bytes; }

  std::uintptr_t begin;
  std::size_t bytes;
  std::string label;        // "allocation 3 (cudaMalloc, 2000 bytes)"
  std::uint64_t room = 64;  // bytes before and behind that nobody else has
  bool freed = false;
  bool on_heap = false;                 // malloc() of a kernel
  bool leaks = false;                   // counts as a leak while it lives
  ByteSet written, read;                // read: only while unused memory is looked for
  ByteSet launch_reads, launch_writes;  // of the launch that runs
  RaceMap races;
  std::vector<PieceUse> uses;  // by streams, those that something may still race with
};

class MemoryMap {
 public:
  static MemoryMap& get();
  /// Held around every other call.
  std::mutex mutex;

  /// `all_written`: nothing is known of who writes it (the host's memory, variables).
  Region& add(const void* memory, std::size_t bytes, const std::string& label, bool all_written);
  void remove(const void* memory);
  /// The same during a launch, whose observers may still hold the region: it goes with the launch.
  void retire(const void* memory);
  void drop_retired() { retired_.clear(); }
  /// Its memory is gone; that it was there stays known for a long while.
  void free(const void* memory);
  /// A number for a label.
  std::uint64_t next_number() { return ++number_; }

  /// The region that holds the address, freed ones too; null: none. May be called from several
  /// threads of a launch.
  Region* find(std::uintptr_t address) const;
  /// The region that ends last before the address, or begins first after it, whichever is nearer.
  const Region* nearest(std::uintptr_t address) const;

  void note_written(const void* memory, std::size_t bytes);
  void note_read(const void* memory, std::size_t bytes);
  /// The target's bytes are written where the source's are.
  void note_copied(const void* to, const void* from, std::size_t bytes);

  template <class Body>
  void for_each(Body body) {
    for (auto& [begin, region] : regions_) body(*region);
  }

 private:
  std::map<std::uintptr_t, std::unique_ptr<Region>> regions_;
  std::deque<std::uintptr_t> freed_;  // that are still known
  std::vector<std::unique_ptr<Region>> retired_;
  std::uint64_t number_ = 0;
};

}  // namespace vgpu::observe
