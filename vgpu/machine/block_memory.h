// block_memory.h - host memory for a resident block: registers, shared and local memory.
//
// Kept for later blocks and launches, because the first touch of each fresh page costs more than a
// small launch. So it holds whatever the last block left there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vgpu {

class BlockMemory {
 public:
  /// Throws Fault(out_of_resources).
  explicit BlockMemory(std::size_t bytes);
  BlockMemory(const BlockMemory&) = delete;
  BlockMemory& operator=(const BlockMemory&) = delete;
  ~BlockMemory();

  /// Aligned to a page.
  std::uint8_t* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::uint8_t* data_;
  std::size_t bytes_;
};

}  // namespace vgpu
