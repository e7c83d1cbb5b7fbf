#include "vgpu/machine/interrupt.h"

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>
#include <mutex>
#include <thread>
#include <vector>

namespace vgpu {
namespace {

constexpr std::chrono::milliseconds kBetweenSignals{2};

/// What the watching thread and the launch share. Never destroyed: launches may come from static
/// objects' destructors.
struct Watch {
  std::mutex mutex;
  sem_t wake;
  Work* work = nullptr;  // of the running launch
  double deadline = 0;   // steady seconds; 0: none
  std::vector<pthread_t> workers;
  std::atomic<bool> launch_runs = false, asked_to_stop = false;  // for the signal's handler
  pid_t process = 0;
};

Watch& watch() {
  static Watch* one = [] {
    auto* made = new Watch;
    sem_init(&made->wake, 0, 0);
    return made;
  }();
  return *one;
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Waits for a reason to look: a post, or the deadline.
void sleep_until_needed(Watch& w, double deadline) {
  if (deadline <= 0) {
    sem_wait(&w.wake);
    return;
  }
  const auto seconds = static_cast<time_t>(deadline);
  const timespec until{seconds, static_cast<long>((deadline - static_cast<double>(seconds)) * 1e9)};
  sem_clockwait(&w.wake, CLOCK_MONOTONIC, &until);
}

Work::Interruption reason_to_stop(const Watch& w) {
  if (w.asked_to_stop) return Work::Interruption::user;
  return w.deadline > 0 && now() >= w.deadline ? Work::Interruption::timeout
                                               : Work::Interruption::none;
}

void keep_watch() {
  Watch& w = watch();
  double deadline = 0;
  for (;;) {
    sleep_until_needed(w, deadline);
    std::unique_lock lock(w.mutex);
    while (w.work && reason_to_stop(w) != Work::Interruption::none) {
      if (w.work->interruption == Work::Interruption::none)
        w.work->interruption = reason_to_stop(w);
      for (const pthread_t worker : w.workers) pthread_kill(worker, interrupt_signal());
      lock.unlock();
      std::this_thread::sleep_for(kBetweenSignals);
      lock.lock();
    }
    deadline = w.work ? w.deadline : 0;
  }
}

/// The second Ctrl-C, and one while nothing runs, is the system's.
void on_interrupt(int signal) {
  Watch& w = watch();
  if (w.launch_runs && !w.asked_to_stop && w.process == getpid()) {
    w.asked_to_stop = true;
    sem_post(&w.wake);
    return;
  }
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void begin_watching() {
  Watch& w = watch();
  w.process = getpid();
  std::thread(keep_watch).detach();
  struct sigaction before {};
  sigaction(SIGINT, nullptr, &before);
  if ((before.sa_flags & SA_SIGINFO) || before.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace

int interrupt_signal() { return SIGURG; }

RunningLaunch::RunningLaunch(Work& work, double timeout_seconds) {
  static std::once_flag once;
  std::call_once(once, begin_watching);
  Watch& w = watch();
  const std::lock_guard lock(w.mutex);
  w.work = &work;
  w.deadline = timeout_seconds > 0 ? now() + timeout_seconds : 0;
  w.launch_runs = true;
  if (w.deadline > 0) sem_post(&w.wake);
}

RunningLaunch::~RunningLaunch() {
  Watch& w = watch();
  const std::lock_guard lock(w.mutex);
  w.work = nullptr;
  w.launch_runs = w.asked_to_stop = false;
}

RunningWorker::RunningWorker() {
  const std::lock_guard lock(watch().mutex);
  watch().workers.push_back(pthread_self());
}

RunningWorker::~RunningWorker() {
  const std::lock_guard lock(watch().mutex);
  auto& workers = watch().workers;
  workers.erase(std::find(workers.begin(), workers.end(), pthread_self()));
}

}  // namespace vgpu
