#include "impl/core/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace plumb {

ProgressBar::ProgressBar(bool quiet) : shown_(!quiet && isatty(2)) {}

void ProgressBar::show(const std::string& what, std::int64_t done, std::int64_t of) {
  constexpr std::size_t kCells = 30;
  const auto now = std::chrono::steady_clock::now();
  if (!shown_ || now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  const auto filled =
      of > 0 ? kCells * static_cast<std::size_t>(done) / static_cast<std::size_t>(of) : 0;
  fmt::print(stderr, "\r{:<18} [{}{}] {}/{} ", what, std::string(filled, '='),
             std::string(kCells - filled, ' '), done, of);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (shown_) fmt::print(stderr, "\r{:70}\r", "");
}

}  // namespace plumb
