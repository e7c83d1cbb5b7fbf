#include "vgpu/conformance/line.h"

namespace vgpu::conformance {

Lines& Lines::as(const std::string& text) {
  Line& line = lines_.back();
  const auto dots = text.find("...");
  line.text = text[0] == '%' || text[0] == '{' ? line.opcode + " " + text : text;
  if (dots != std::string::npos) line.text = std::string(text).replace(dots, 3, line.opcode);
  return *this;
}

Lines& Lines::finish(Line line) {
  static const char* sources[] = {"%a", "%b", "%c", "%x"};
  line.text = line.opcode + (line.results.size() == 2 ? " %d|%e" : " %d");
  for (std::size_t k = 0; k < line.sources.size(); ++k) line.text += std::string(", ") + sources[k];
  lines_.push_back(std::move(line));
  return *this;
}

}  // namespace vgpu::conformance
