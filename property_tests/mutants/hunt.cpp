#include "property_tests/mutants/hunt.h"

#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "golden/client/client.h"
#include "golden/verify/repro.h"
#include "impl/core/error.h"

namespace plumb::mutants {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One worker process, started when it is needed and after it was lost.
class Hunter {
 public:
  explicit Hunter(const HuntOptions& options) : options_(options) {}

  Trial hunt(const Mutant& mutant, const std::vector<Check>& checks) {
    Trial trial;
    trial.mutant = mutant;
    const auto start = Clock::now();
    for (const Check& check : checks) {
      ++trial.checks;
      const std::optional<Killer> killer = carry_out(mutant, check);
      if (!killer) continue;
      trial.killers.push_back(*killer);
      if (!options_.all) break;
    }
    trial.seconds = seconds_since(start);
    return trial;
  }

 private:
  std::optional<Killer> carry_out(const Mutant& mutant, const Check& check) {
    const auto start = Clock::now();
    json answer;
    try {
      if (!client_)
        client_ =
            std::make_unique<client::Client>(golden::own_program(), options_.arguments, "worker");
      answer = client_->request("check",
                                {{"op", mutant.op},
                                 {"mutant", mutant.name},
                                 {"property", check.is_property},
                                 {"id", check.id}},
                                options_.timeout_seconds);
    } catch (const client::Error& error) {
      client_.reset();
      const bool late = seconds_since(start) >= options_.timeout_seconds;
      return Killer{late ? Means::hang : Means::crash, check.id, error.what()};
    }
    if (answer.contains("error"))
      throw Error(mutant.label() + ": " + answer.at("error").get<std::string>());
    if (answer.at("traces")) client_.reset();
    if (!answer.at("broken")) return {};
    return Killer{check.is_property ? Means::property : Means::test_case, check.id,
                  answer.at("text")};
  }

  const HuntOptions& options_;
  std::unique_ptr<client::Client> client_;
};

/// Mutants given out and trials handed on, both in the list's order.
class Board {
 public:
  Board(const std::vector<Mutant>& mutants, const std::function<void(const Trial&)>& done)
      : mutants_(mutants), done_(done), trials_(mutants.size()) {}

  /// The place of the next mutant; none when all are given out or one thread has failed.
  std::optional<std::size_t> take() {
    const std::lock_guard lock(mutex_);
    if (failure_ || next_ == mutants_.size()) return {};
    return next_++;
  }
  void put(std::size_t place, Trial trial) {
    const std::lock_guard lock(mutex_);
    trials_[place] = std::move(trial);
    while (reported_ < trials_.size() && trials_[reported_]) done_(*trials_[reported_++]);
  }
  void fail(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = failure;
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const std::vector<Mutant>& mutants_;
  const std::function<void(const Trial&)>& done_;
  std::mutex mutex_;
  std::vector<std::optional<Trial>> trials_;
  std::size_t next_ = 0, reported_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

void hunt(const HuntOptions& options, const std::vector<Mutant>& mutants,
          const std::function<void(const Trial&)>& done) {
  std::map<std::string, std::vector<Check>> checks;
  for (const Mutant& mutant : mutants)
    if (!checks.contains(mutant.op)) checks[mutant.op] = checks_of(mutant.op);
  Board board(mutants, done);
  const auto work = [&] {
    Hunter hunter(options);
    try {
      while (const auto place = board.take())
        board.put(*place, hunter.hunt(mutants[*place], checks.at(mutants[*place].op)));
    } catch (...) {
      board.fail(std::current_exception());
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < options.jobs; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  board.rethrow();
}

}  // namespace plumb::mutants
