#include "vgpu/machine/thread_pool.h"

#include <algorithm>
#include <cstdint>

namespace vgpu {

ThreadPool& ThreadPool::get() {
  static ThreadPool* pool = new ThreadPool;
  return *pool;
}

void ThreadPool::run(int threads, std::uint64_t pieces, const std::function<void()>& job) {
  const auto cores = static_cast<std::uint64_t>(std::max(1u, std::thread::hardware_concurrency()));
  const std::uint64_t most =
      std::min(pieces, threads > 0 ? static_cast<std::uint64_t>(threads) : cores);
  if (most <= 1) return job();
  {
    const std::lock_guard lock(mutex_);
    while (threads_.size() + 1 < most) {
      threads_.emplace_back([this] { work(); });
      threads_.back().detach();
    }
    job_ = &job;
    wanted_ = static_cast<int>(most) - 1;
  }
  wake_.notify_all();
  job();
  std::unique_lock lock(mutex_);
  wanted_ = 0;
  done_.wait(lock, [this] { return running_ == 0; });
  job_ = nullptr;
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return wanted_ > 0; });
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
