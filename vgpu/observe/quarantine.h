// quarantine.h - freed memory that stays for a while, so that accesses to it are found out.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace vgpu::observe {

class Quarantine {
 public:
  /// `give_back` ends what has waited longest, once more than `most` bytes wait.
  Quarantine(std::size_t most, std::function<void(void*)> give_back)
      : most_(most), give_back_(std::move(give_back)) {}

  void put(void* memory, std::size_t bytes) {
    waiting_.emplace_back(memory, bytes);
    for (held_ += bytes; held_ > most_; waiting_.pop_front()) {
      held_ -= waiting_.front().second;
      give_back_(waiting_.front().first);
    }
  }

 private:
  std::size_t most_, held_ = 0;
  std::function<void(void*)> give_back_;
  std::deque<std::pair<void*, std::size_t>> waiting_;
};

}  // namespace vgpu::observe
