#include "vgpu/machine/thread_pool.h"

#include <immintrin.h>

#include <algorithm>
#include <chrono>

namespace vgpu {
namespace {

using Clock = std::chrono::steady_clock;

/// About twice what it takes to wake a thread.
constexpr std::chrono::microseconds kAwake{100};

}  // namespace

ThreadPool& ThreadPool::get() {
  static ThreadPool* pool = new ThreadPool;
  return *pool;
}

template <class Ready>
void ThreadPool::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& signal,
                      Ready ready) {
  if (ready()) return;
  lock.unlock();
  for (const auto until = Clock::now() + kAwake; !ready() && Clock::now() < until;)
    for (int i = 0; i < 16; ++i) _mm_pause();
  lock.lock();
  signal.wait(lock, ready);
}

int ThreadPool::threads_for(int wanted, std::uint64_t pieces) {
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const std::uint64_t most = wanted > 0 ? static_cast<std::uint64_t>(wanted) : cores;
  return static_cast<int>(std::clamp<std::uint64_t>(pieces, 1, most));
}

void ThreadPool::run(int threads, const std::function<void()>& job) {
  if (threads <= 1) return job();
  {
    const std::lock_guard lock(mutex_);
    while (static_cast<int>(threads_.size()) + 1 < threads) {
      threads_.emplace_back([this] { work(); });
      threads_.back().detach();
    }
    job_ = &job;
    wanted_ = threads - 1;
  }
  wake_.notify_all();
  job();
  std::unique_lock lock(mutex_);
  wanted_ = 0;
  wait(lock, done_, [this] { return running_ == 0; });
  job_ = nullptr;
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wait(lock, wake_, [this] { return wanted_ > 0; });
    --wanted_;
    ++running_;
    const std::function<void()>* job = job_;
    lock.unlock();
    (*job)();
    lock.lock();
    if (--running_ == 0) done_.notify_one();
  }
}

}  // namespace vgpu
