// A libFuzzer target: whatever the bytes, the parser returns or throws Error with a line. Built
// with PLUMBLINE_FUZZ.
//   vgpu.fuzz.ptx -max_len=4096 -rss_limit_mb=1024 CORPUS     (seed it with PTX that nvcc wrote)
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "vgpu/ptx/module.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t bytes) {
  try {
    vgpu::ptx::parse(std::string(reinterpret_cast<const char*>(data), bytes), "fuzz");
  } catch (const vgpu::ptx::Error& error) {
    if (error.line < 1) std::abort();
  }
  return 0;
}
