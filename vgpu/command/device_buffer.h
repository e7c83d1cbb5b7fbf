// device_buffer.h - memory of a kernel's argument: fenced, so that an access beside it is seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vgpu::command {

/// Starts at a multiple of 256 bytes and ends less than 256 bytes in front of a page that nobody
/// may touch; what lies between holds a pattern. Throws plumb::DeviceMemoryError.
class DeviceBuffer {
 public:
  /// `label` names it in reports of the checks.
  DeviceBuffer(std::size_t bytes, const std::string& label);
  ~DeviceBuffer();
  DeviceBuffer(const DeviceBuffer&) = delete;
  DeviceBuffer& operator=(const DeviceBuffer&) = delete;

  std::uint8_t* data() const { return data_; }
  /// Sets the contents, which are as many bytes, and the pattern.
  void fill(const std::vector<std::uint8_t>& contents);
  /// Whether the pattern is as it was.
  bool fences_stand() const;

 private:
  std::size_t bytes_, mapped_;
  std::uint8_t *base_, *data_;  // base_: the first page, untouchable as the last
};

}  // namespace vgpu::command
