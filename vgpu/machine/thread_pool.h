// thread_pool.h - OS threads that stay: each launch uses as many as it may.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace vgpu {

class ThreadPool {
 public:
  /// The process's pool; never destroyed: launches may come from static objects' destructors.
  static ThreadPool& get();

  /// How many threads share `pieces` of work: at most `wanted` (0: every core).
  static int threads_for(int wanted, std::uint64_t pieces);

  /// Calls `job` on the calling thread and on helpers, together at most `threads`. Returns when all
  /// of them have. A helper that wakes up too late does not take part. `job` must not throw.
  void run(int threads, const std::function<void()>& job);

 private:
  void work();
  /// Waits until `ready` holds: first awake, since launches follow each other closely, then asleep.
  template <class Ready>
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& signal, Ready ready);

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  const std::function<void()>* job_ = nullptr;
  std::atomic<int> wanted_ = 0;  // helpers that may still join; changed under the mutex
  std::atomic<int> running_ = 0;
};

}  // namespace vgpu
