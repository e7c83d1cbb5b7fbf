#include "vgpu/machine/block_memory.h"

#include <sys/mman.h>

#include <map>
#include <mutex>

#include "vgpu/machine/machine.h"

namespace vgpu {
namespace {

constexpr std::size_t kGrain = std::size_t{1} << 16;       // sizes are multiples: blocks share them
constexpr std::size_t kMostKept = std::size_t{256} << 20;  // bytes; beyond it memory is given back

/// Pieces that no block uses, by size.
class Shelf {
 public:
  /// Never destroyed: launches may come from static objects' destructors.
  static Shelf& get() {
    static Shelf* shelf = new Shelf;
    return *shelf;
  }
  /// A piece of at least `bytes` and at most twice that, whose size becomes `bytes`; null: none.
  std::uint8_t* take(std::size_t& bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = pieces_.lower_bound(bytes);
    if (found == pieces_.end() || found->first > 2 * bytes) return nullptr;
    bytes = found->first;
    std::uint8_t* data = found->second;
    pieces_.erase(found);
    kept_ -= bytes;
    return data;
  }
  bool put(std::uint8_t* data, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (kept_ + bytes > kMostKept) return false;
    pieces_.emplace(bytes, data);
    kept_ += bytes;
    return true;
  }

 private:
  std::mutex mutex_;
  std::multimap<std::size_t, std::uint8_t*> pieces_;
  std::size_t kept_ = 0;
};

}  // namespace

BlockMemory::BlockMemory(std::size_t bytes) : bytes_((bytes + kGrain - 1) / kGrain * kGrain) {
  data_ = Shelf::get().take(bytes_);
  if (data_) return;
  void* mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw Fault(Fault::Kind::out_of_resources, "no host memory for a block's registers");
  data_ = static_cast<std::uint8_t*>(mapped);
}

BlockMemory::~BlockMemory() {
  if (!Shelf::get().put(data_, bytes_)) munmap(data_, bytes_);
}

}  // namespace vgpu
