// texture_runner.h - kernels that run instructions on textures and surfaces, with all lanes, some
// and one, plain and guarded.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "vgpu/conformance/line.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {

/// What a lane reads: words %w0 to %w15; the first two are its object's handle, %object.
inline constexpr int kTextureWords = 16;
using TextureWords = std::array<u32, kTextureWords>;
/// What it writes for each section: four doublewords, of which the high bits of narrow results are
/// 0.
using TextureResults = std::array<u64, 4>;

/// One instruction, which writes %d0.. (.b32), %h0.. (.b16) or %l0.. (.b64).
struct TextureSection {
  std::string before;  // instructions in front of it; %word is free for them
  std::string text;
  char results = 'd';  // the registers' letter
  int count = 4;       // 0: it writes none
};

/// Kernel `texture`(in, out, mask, guard): each section plain, then guarded, if `guards`.
std::string texture_kernel(const std::vector<TextureSection>& sections, bool guards);

/// A kernel of texture_kernel(), translated once.
class TextureKernel {
 public:
  explicit TextureKernel(const std::string& ptx);
  /// Results by [section, guarded ones follow][lane].
  std::vector<std::vector<TextureResults>> run(std::size_t sections,
                                               const std::vector<TextureWords>& lanes, u32 mask,
                                               u32 guard) const;

 private:
  std::shared_ptr<LoadedModule> module_;
};

/// What a register of this letter holds before the instruction.
u64 untouched(char letter);

}  // namespace vgpu::conformance
