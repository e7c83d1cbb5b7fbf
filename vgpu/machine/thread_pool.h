// thread_pool.h - OS threads that stay: each launch uses as many as it may.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vgpu {

class ThreadPool {
 public:
  /// The process's pool; never destroyed: launches may come from static objects' destructors.
  static ThreadPool& get();

  /// Calls `job` on the calling thread and on helpers, together at most `threads` (0: every core)
  /// and `pieces`. Returns when all of them have. A helper that wakes up too late does not take
  /// part. `job` must not throw.
  void run(int threads, std::uint64_t pieces, const std::function<void()>& job);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  const std::function<void()>* job_ = nullptr;
  int wanted_ = 0;  // helpers that may still join
  int running_ = 0;
};

}  // namespace vgpu
