// table.h - figures as text.
#pragma once

#include <string>
#include <vector>

namespace plumb::bench {

/// Three significant digits: 1234, 123, 12.3, 1.23, 0.123.
std::string number_text(double value);

/// Markdown, columns padded so that it reads well on a terminal. The first line is the head; every
/// line has as many cells.
std::string table_text(const std::vector<std::vector<std::string>>& lines);

}  // namespace plumb::bench
