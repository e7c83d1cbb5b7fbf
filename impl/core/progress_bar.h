// progress_bar.h - a bar on stderr while a person watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace plumb {

/// Draws nothing when stderr is no terminal.
class ProgressBar {
 public:
  explicit ProgressBar(bool quiet);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }
  /// At most ten times a second.
  void show(const std::string& what, std::int64_t done, std::int64_t of);
  /// Makes room for a line of text.
  void clear();

 private:
  bool shown_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace plumb
