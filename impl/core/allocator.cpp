#include "impl/core/allocator.h"

#include "impl/core/cuda_error.h"

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
  static constexpr const char* kNames[] = {"parameter", "buffer",    "gradient",  "optimizer_state", "input",
                                           "activation", "temporary", "workspace", "communication"};
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

void* Allocator::allocate(std::size_t bytes, Category category, Stream stream) {
  if (bytes == 0) return nullptr;
  const std::lock_guard lock(mutex_);
  if (budget_ != 0 && (bytes > budget_ || figures_.live > budget_ - bytes))
    PLUMB_THROW(DeviceMemoryError, "{} bytes of {} memory, but {} of the budget of {} bytes are free", bytes,
                name_of(category), budget_ - std::min(budget_, figures_.live), budget_);
  void* memory = nullptr;
  const cudaError_t code = cudaMallocAsync(&memory, bytes, stream.get());
  if (code == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    PLUMB_CUDA(cudaMemGetInfo(&free, &total));
    PLUMB_THROW(DeviceMemoryError, "{} bytes of {} memory, but {} of the device's {} bytes are free", bytes,
                name_of(category), free, total);
  }
  PLUMB_CUDA(code);
  blocks_[memory] = {bytes, category};
  count(bytes, category, true);
  return memory;
}

void Allocator::release(void* memory, Stream stream) noexcept {
  if (!memory) return;
  const std::lock_guard lock(mutex_);
  const auto it = blocks_.find(memory);
  if (it == blocks_.end()) return report_cuda_error(cudaErrorInvalidValue, "release of memory that is not live", __FILE__, __LINE__);
  count(it->second.bytes, it->second.category, false);
  blocks_.erase(it);
  PLUMB_CUDA_NOTHROW(cudaFreeAsync(memory, stream.get()));
}

void Allocator::recategorise(void* memory, Category category) {
  if (!memory) return;
  const std::lock_guard lock(mutex_);
  const auto it = blocks_.find(memory);
  PLUMB_CHECK(ValueError, it != blocks_.end(), "this memory is not live");
  count(it->second.bytes, it->second.category, false);
  it->second.category = category;
  count(it->second.bytes, category, true);
}

void Allocator::set_budget(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  PLUMB_CHECK(ValueError, bytes == 0 || bytes >= figures_.live, "a budget of {} bytes, but {} are live", bytes, figures_.live);
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

MemoryScope::MemoryScope(Category category) : before_(current_category) { current_category = category; }
MemoryScope::~MemoryScope() { current_category = before_; }
Category MemoryScope::current() { return current_category; }

}  // namespace plumb
