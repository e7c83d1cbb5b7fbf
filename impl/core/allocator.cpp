#include "impl/core/allocator.h"

#include <algorithm>
#include <utility>

#include "impl/core/cuda_error.h"
#include "impl/core/fence.h"

namespace plumb {
namespace {

thread_local Category current_category = Category::temporary;

void note_peak(MemoryFigures& figures) {
  if (figures.live <= figures.peak) return;
  figures.peak = figures.live;
  figures.at_peak = figures.live_by;
}

MemoryFigures begin_at(const MemoryFigures& now) {
  MemoryFigures out = now;
  out.peak = now.live;
  out.at_peak = now.live_by;
  return out;
}

}  // namespace

const char* name_of(Category category) {
  static constexpr const char* kNames[] = {"parameter",       "buffer",    "gradient",
                                           "optimizer_state", "input",     "activation",
                                           "temporary",       "workspace", "communication"};
  return kNames[static_cast<int>(category)];
}

Allocator& Allocator::get() {
  static Allocator* allocator = new Allocator;  // outlives every tensor
  return *allocator;
}

void Allocator::count(std::size_t bytes, Category category, bool grows) {
  const auto change = [&](MemoryFigures& figures) {
    std::size_t& account = figures.live_by[static_cast<std::size_t>(category)];
    figures.live = grows ? figures.live + bytes : figures.live - bytes;
    account = grows ? account + bytes : account - bytes;
    note_peak(figures);
  };
  change(figures_);
  if (!phase_.empty()) change(phases_[phase_]);
}

/// Memory of the device, with room for a fence; the budget is checked already.
void* Allocator::obtain(std::size_t bytes, Category category, Stream stream) {
  void* memory = nullptr;
  const cudaError_t code = cudaMallocAsync(&memory, bytes, stream.get());
  if (code == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    PLUMB_CUDA(cudaMemGetInfo(&free, &total));
    PLUMB_THROW(DeviceMemoryError,
                "{} bytes of {} memory, but {} of the device's {} bytes are free", bytes,
                name_of(category), free, total);
  }
  PLUMB_CUDA(code);
  return memory;
}

void* Allocator::allocate(std::size_t bytes, Category category, Stream stream) {
  if (bytes == 0) return nullptr;
  const std::lock_guard lock(mutex_);
  if (budget_ != 0 && (bytes > budget_ || figures_.live > budget_ - bytes))
    PLUMB_THROW(DeviceMemoryError,
                "{} bytes of {} memory, but {} of the budget of {} bytes are free", bytes,
                name_of(category), budget_ - std::min(budget_, figures_.live), budget_);
  void* memory = obtain(fences_ ? bytes + kFenceBytes : bytes, category, stream);
  blocks_[memory] = {bytes, category, fences_};
  count(bytes, category, true);
  if (fences_) raise_fence(memory, bytes, poison_, stream);
  return memory;
}

void Allocator::release(void* memory, Stream stream) noexcept {
  if (!memory) return;
  const std::lock_guard lock(mutex_);
  const auto it = blocks_.find(memory);
  if (it == blocks_.end())
    return report_cuda_error(cudaErrorInvalidValue, "release of memory that is not live", __FILE__,
                             __LINE__);
  try {
    inspect(memory, it->second);
  } catch (const CudaError& error) {
    report_cuda_error(error.code, "reading the guard words", __FILE__, __LINE__);
  }
  count(it->second.bytes, it->second.category, false);
  blocks_.erase(it);
  PLUMB_CUDA_NOTHROW(cudaFreeAsync(memory, stream.get()));
}

const MemoryBlock& Allocator::live_block(void* memory) const {
  const auto it = blocks_.find(memory);
  PLUMB_CHECK(ValueError, it != blocks_.end(), "this memory is not live");
  return it->second;
}

MemoryBlock Allocator::block(void* memory) const {
  const std::lock_guard lock(mutex_);
  return live_block(memory);
}

void Allocator::recategorise(void* memory, Category category) {
  if (!memory) return;
  const std::lock_guard lock(mutex_);
  const MemoryBlock before = live_block(memory);
  count(before.bytes, before.category, false);
  blocks_[memory].category = category;
  count(before.bytes, category, true);
}

void Allocator::set_fences(bool on, Poison poison) {
  const std::lock_guard lock(mutex_);
  fences_ = on;
  poison_ = poison;
}

void Allocator::inspect(void* memory, MemoryBlock& block) {
  if (!block.fenced) return;
  const std::string damage = fence_damage(memory, block.bytes);
  if (damage.empty()) return;
  block.fenced = false;
  breaks_.push_back(format_message("{} memory of {} bytes was written past its end: {}",
                                   name_of(block.category), block.bytes, damage));
}

std::vector<std::string> Allocator::fence_breaks() {
  const std::lock_guard lock(mutex_);
  for (auto& [memory, block] : blocks_) inspect(memory, block);
  return std::exchange(breaks_, {});
}

void Allocator::set_budget(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  PLUMB_CHECK(ValueError, bytes == 0 || bytes >= figures_.live,
              "a budget of {} bytes, but {} are live", bytes, figures_.live);
  budget_ = bytes;
}

std::size_t Allocator::budget() const {
  const std::lock_guard lock(mutex_);
  return budget_;
}

void Allocator::begin_phase(const std::string& name) {
  const std::lock_guard lock(mutex_);
  phase_ = name;
  if (name.empty()) return;
  MemoryFigures& phase = phases_[name];
  const MemoryFigures before = phase;
  phase = begin_at(figures_);
  if (before.peak > phase.peak) phase.peak = before.peak, phase.at_peak = before.at_peak;
}

MemoryFigures Allocator::figures() const {
  const std::lock_guard lock(mutex_);
  return figures_;
}

std::map<std::string, MemoryFigures> Allocator::phases() const {
  const std::lock_guard lock(mutex_);
  return phases_;
}

void Allocator::reset_peaks() {
  const std::lock_guard lock(mutex_);
  figures_ = begin_at(figures_);
  phases_.clear();
  if (!phase_.empty()) phases_[phase_] = figures_;
}

MemoryScope::MemoryScope(Category category) : before_(current_category) {
  current_category = category;
}
MemoryScope::~MemoryScope() { current_category = before_; }
Category MemoryScope::current() { return current_category; }

}  // namespace plumb
