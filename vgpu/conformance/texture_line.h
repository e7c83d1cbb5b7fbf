// texture_line.h - instructions on textures and surfaces: kernels of several that read the same
// coordinates, over images of every format, shape and sampler.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace vgpu::conformance {

struct TextureLine {
  std::string name;
  std::vector<std::string> opcodes;
  std::string ptx;
  std::function<std::string()> run;  // what differs, as mismatches() says it
};

/// tex, tld4; suld, sust, sured; txq, suq.
std::vector<TextureLine> texture_lines();
std::vector<TextureLine> surface_lines();
std::vector<TextureLine> query_lines();

/// run(), with a refusal's text for what it throws.
std::string texture_mismatches(const TextureLine& line);

}  // namespace vgpu::conformance
