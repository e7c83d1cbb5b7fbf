#include "golden/verify/pool.h"

#include <fmt/format.h>

#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

#include "golden/client/client.h"
#include "golden/verify/repro.h"

namespace plumb::golden {
namespace {

using nlohmann::json;

json failed(const std::string& id, const std::string& reason) {
  return {{"id", id},    {"outcome", "FAIL"}, {"reason", reason},        {"text", ""},
          {"hunts", ""}, {"seconds", 0},      {"outputs", json::array()}};
}

/// Groups of tasks, given out one at a time.
class Queue {
 public:
  explicit Queue(const std::vector<Task>& tasks) {
    for (const Task& task : tasks) {
      if (groups_.empty() || groups_.back().back().group != task.group) groups_.emplace_back();
      groups_.back().push_back(task);
    }
  }
  std::vector<Task> take() {
    const std::lock_guard lock(mutex_);
    if (groups_.empty()) return {};
    std::vector<Task> out = std::move(groups_.front());
    groups_.pop_front();
    return out;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    groups_.clear();
    stopped_ = true;
  }
  bool stopped() {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

 private:
  std::mutex mutex_;
  std::deque<std::vector<Task>> groups_;
  bool stopped_ = false;
};

class Worker {
 public:
  explicit Worker(const PoolOptions& options) : options_(options) {}

  json judge(const std::string& id) {
    try {
      if (!client_)
        client_ = std::make_unique<client::Client>(own_program(), options_.arguments, "worker");
      json answer = client_->request("case", {{"id", id}}, options_.timeout_seconds);
      if (answer.value("spent", false)) client_.reset();
      return answer.at("verdict");
    } catch (const client::Error& error) {
      client_.reset();
      return failed(id, error.what());
    }
  }

 private:
  const PoolOptions& options_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace

void run_pool(const PoolOptions& options, const std::vector<Task>& tasks,
              const std::function<bool(const json&)>& done) {
  Queue queue(tasks);
  std::mutex report;
  const auto work = [&] {
    Worker worker(options);
    for (std::vector<Task> group = queue.take(); !group.empty(); group = queue.take())
      for (const Task& task : group) {
        if (queue.stopped()) return;
        const json verdict = worker.judge(task.id);
        const std::lock_guard lock(report);
        if (!queue.stopped() && !done(verdict)) queue.stop();
      }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < options.jobs; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

void serve(const std::function<json(const std::string&)>& judge,
           const std::function<bool()>& spent) {
  bool ends = false;
  for (std::string line; !ends && std::getline(std::cin, line);) {
    json answer;
    try {
      answer = {{"ok", true}, {"verdict", judge(json::parse(line).at("id"))}};
    } catch (const std::exception& error) {
      answer = {{"ok", false}, {"error", error.what()}};
    }
    answer["spent"] = ends = spent();
    std::cout << answer.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
  }
}

}  // namespace plumb::golden
