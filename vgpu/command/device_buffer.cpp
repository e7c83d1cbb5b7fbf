#include "vgpu/command/device_buffer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "impl/core/error.h"
#include "vgpu/machine/machine.h"
#include "vgpu/observe/memory_map.h"

namespace vgpu::command {
namespace {

constexpr std::size_t kAlign = 256;
constexpr std::uint8_t kPattern = 0xa5;

std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

std::size_t rounded_up(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

}  // namespace

DeviceBuffer::DeviceBuffer(std::size_t bytes, const std::string& label) : bytes_(bytes) {
  const std::size_t page = page_bytes(), used = rounded_up(bytes, kAlign);
  const std::size_t inside = rounded_up(used + kAlign, page);
  mapped_ = inside + 2 * page;
  void* memory = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED ||
      mprotect(static_cast<std::uint8_t*>(memory) + page, inside, PROT_READ | PROT_WRITE) != 0) {
    if (memory != MAP_FAILED) munmap(memory, mapped_);
    throw plumb::DeviceMemoryError("cudaErrorMemoryAllocation: this machine has no memory for " +
                                   std::to_string(bytes) + " bytes");
  }
  base_ = static_cast<std::uint8_t*>(memory);
  data_ = base_ + page + inside - used;
  if (!settings().checks.any()) return;
  const std::lock_guard lock(observe::MemoryMap::get().mutex);
  observe::MemoryMap::get().add(data_, bytes, label, true).room = page_bytes();
}

DeviceBuffer::~DeviceBuffer() {
  if (settings().checks.any()) {
    const std::lock_guard lock(observe::MemoryMap::get().mutex);
    observe::MemoryMap::get().remove(data_);
  }
  munmap(base_, mapped_);
}

void DeviceBuffer::fill(const std::vector<std::uint8_t>& contents) {
  std::uint8_t* begin = base_ + page_bytes();
  std::uint8_t* end = base_ + mapped_ - page_bytes();
  std::fill(begin, data_, kPattern);
  std::copy(contents.begin(), contents.end(), data_);
  std::fill(data_ + bytes_, end, kPattern);
}

bool DeviceBuffer::fences_stand() const {
  const auto stands = [](const std::uint8_t* from, const std::uint8_t* to) {
    return std::all_of(from, to, [](std::uint8_t byte) { return byte == kPattern; });
  };
  return stands(base_ + page_bytes(), data_) &&
         stands(data_ + bytes_, base_ + mapped_ - page_bytes());
}

}  // namespace vgpu::command
