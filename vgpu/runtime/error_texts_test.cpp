// Names and texts of the preloaded library's errors against the real runtime's, which this program
// links.
#include "vgpu/runtime/error_texts.h"

#include <gtest/gtest.h>

namespace vgpu::runtime {
namespace {

TEST(ErrorTexts, AreTheRealRuntimes) {
  for (int code = -1; code <= 1100; ++code) {
    const auto error = static_cast<cudaError_t>(code);
    ASSERT_STREQ(error_name(error), cudaGetErrorName(error)) << code;
    ASSERT_STREQ(error_text(error), cudaGetErrorString(error)) << code;
  }
}

}  // namespace
}  // namespace vgpu::runtime
