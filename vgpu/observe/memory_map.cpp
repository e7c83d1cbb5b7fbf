#include "vgpu/observe/memory_map.h"

#include <algorithm>

namespace vgpu::observe {
namespace {

std::uintptr_t number_of(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

}  // namespace

MemoryMap& MemoryMap::get() {
  static MemoryMap* map = new MemoryMap;  // never destroyed: libraries are unregistered later
  return *map;
}

Region& MemoryMap::add(const void* memory, std::size_t bytes, const std::string& label,
                       bool all_written) {
  auto& region = regions_[number_of(memory)];
  region = std::make_unique<Region>(number_of(memory), bytes, label, all_written);
  return *region;
}

void MemoryMap::remove(const void* memory) { regions_.erase(number_of(memory)); }

void MemoryMap::retire(const void* memory) {
  const auto found = regions_.find(number_of(memory));
  if (found == regions_.end()) return;
  retired_.push_back(std::move(found->second));
  regions_.erase(found);
}

void MemoryMap::free(const void* memory) {
  constexpr std::size_t kMostFreed = 1 << 16;
  Region* const region = find(number_of(memory));
  if (!region) return;
  region->freed = true;
  for (ByteSet* bytes :
       {&region->written, &region->read, &region->launch_reads, &region->launch_writes})
    *bytes = ByteSet(0);
  region->races = RaceMap(0);
  region->uses.clear();
  freed_.push_back(region->begin);
  if (freed_.size() <= kMostFreed) return;
  remove(reinterpret_cast<const void*>(freed_.front()));
  freed_.pop_front();
}

Region* MemoryMap::find(std::uintptr_t address) const {
  const auto next = regions_.upper_bound(address);
  if (next == regions_.begin()) return nullptr;
  Region& region = *std::prev(next)->second;
  return region.holds(address) ? &region : nullptr;
}

const Region* MemoryMap::nearest(std::uintptr_t address) const {
  const auto next = regions_.upper_bound(address);
  const Region* after = next == regions_.end() ? nullptr : next->second.get();
  const Region* before = next == regions_.begin() ? nullptr : std::prev(next)->second.get();
  if (!before || !after) return before ? before : after;
  const std::uintptr_t past = address - (before->begin + before->bytes);
  return past <= after->begin - address ? before : after;
}

void MemoryMap::note_written(const void* memory, std::size_t bytes) {
  Region* region = find(number_of(memory));
  if (!region || region->freed) return;
  const std::uintptr_t at = number_of(memory) - region->begin;
  region->written.add(at, std::min(bytes, region->bytes - at));
}

void MemoryMap::note_read(const void* memory, std::size_t bytes) {
  Region* region = find(number_of(memory));
  if (!region || region->freed) return;
  const std::uintptr_t at = number_of(memory) - region->begin;
  region->read.add(at, std::min(bytes, region->bytes - at));
}

void MemoryMap::note_copied(const void* to, const void* from, std::size_t bytes) {
  Region* target = find(number_of(to));
  if (!target || target->freed) return;
  const Region* source = find(number_of(from));
  if (!source || source->freed) return note_written(to, bytes);
  const std::uintptr_t into = number_of(to) - target->begin,
                       out_of = number_of(from) - source->begin;
  const std::size_t count = std::min({bytes, target->bytes - into, source->bytes - out_of});
  // Forwards or backwards, as memmove does: a copy within one region may overlap.
  const bool forwards = into <= out_of;
  constexpr std::size_t kStep = 64;
  const std::size_t steps = (count + kStep - 1) / kStep;
  for (std::size_t i = 0; i < steps; ++i) {
    const std::size_t at = (forwards ? i : steps - 1 - i) * kStep;
    const std::size_t some = std::min(kStep, count - at);
    if (source->written.has_all(out_of + at, some)) {
      target->written.add(into + at, some);
      continue;
    }
    for (std::size_t k = 0; k < some; ++k) {
      const std::size_t b = at + (forwards ? k : some - 1 - k);
      if (source->written.has_all(out_of + b, 1))
        target->written.add(into + b, 1);
      else
        target->written.remove(into + b, 1);
    }
  }
}

}  // namespace vgpu::observe
