#include "impl/core/fence.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "impl/core/cuda_error.h"

namespace plumb {
namespace {

constexpr std::uint32_t kGuard = 0xfeedface;

using Words = std::array<std::uint32_t, kFenceWords>;

constexpr Words whole_fence() {
  Words words{};
  words.fill(kGuard);
  return words;
}
constexpr Words kWhole = whole_fence();

}  // namespace

void raise_fence(void* memory, std::size_t bytes, Poison poison, Stream stream) {
  PLUMB_CUDA(cudaMemsetAsync(memory, static_cast<int>(poison), bytes, stream.get()));
  PLUMB_CUDA(cudaMemcpyAsync(static_cast<char*>(memory) + bytes, kWhole.data(), kFenceBytes,
                             cudaMemcpyHostToDevice, stream.get()));
}

std::string fence_damage(const void* memory, std::size_t bytes) {
  Words words{};
  PLUMB_CUDA(cudaDeviceSynchronize());
  PLUMB_CUDA(cudaMemcpy(words.data(), static_cast<const char*>(memory) + bytes, kFenceBytes,
                        cudaMemcpyDeviceToHost));
  for (std::size_t i = 0; i < kFenceWords; ++i) {
    if (words[i] == kGuard) continue;
    char text[80];
    std::snprintf(text, sizeof text, "guard word %zu of %zu is 0x%08x, want 0x%08x", i, kFenceWords,
                  words[i], kGuard);
    return text;
  }
  return {};
}

}  // namespace plumb
