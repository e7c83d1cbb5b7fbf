#include "bench/common/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace plumb::bench {

std::string number_text(double value) {
  const double magnitude = std::fabs(value);
  if (magnitude >= 100) return fmt::format("{:.0f}", value);
  return fmt::format("{:.{}f}", value, magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3);
}

std::string table_text(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> width(lines.at(0).size());
  for (const auto& line : lines)
    for (std::size_t c = 0; c < width.size(); ++c) width[c] = std::max(width[c], line.at(c).size());
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t c = 0; c < width.size(); ++c)
      out += fmt::format("| {:<{}} ", lines[i][c], width[c]);
    out += "|\n";
    if (i != 0) continue;
    for (const std::size_t w : width) out += "|" + std::string(w + 2, '-');
    out += "|\n";
  }
  return out;
}

}  // namespace plumb::bench
