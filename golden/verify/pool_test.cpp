// pool_test.cpp - workers that die, hang or refuse cost their own case alone. This program is its
// own worker.
#include "golden/verify/pool.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <map>
#include <set>
#include <stdexcept>

namespace plumb::golden {
namespace {

using nlohmann::json;

json verdict_of(const std::string& id) {
  if (id == "die") std::raise(SIGKILL);
  if (id == "exit") _exit(3);
  if (id == "hang") pause();
  if (id == "throw") throw std::runtime_error("no such case");
  if (id == "talk") std::puts("not JSON");
  return {{"id", id}, {"outcome", "PASS"}, {"pid", getpid()}};
}

/// "lost": the device keeps an error from then on.
int be_a_worker() {
  bool lost = false;
  serve(
      [&](const std::string& id) {
        lost = lost || id == "lost";
        return verdict_of(id);
      },
      [&] { return lost; });
  return 0;
}

std::map<std::string, json> judged(const std::vector<Task>& tasks, int jobs = 1,
                                   double timeout = 20) {
  std::map<std::string, json> out;
  run_pool({jobs, timeout, {"--worker"}}, tasks, [&](const json& verdict) {
    out[verdict.at("id")] = verdict;
    return true;
  });
  return out;
}

TEST(Pool, judgesEveryTaskOnce) {
  std::vector<Task> tasks;
  for (int i = 0; i < 200; ++i) tasks.push_back({std::to_string(i), std::to_string(i / 10)});

  std::multiset<std::string> seen;
  run_pool({3, 20, {"--worker"}}, tasks, [&](const json& verdict) {
    seen.insert(verdict.at("id").get<std::string>());
    return true;
  });

  EXPECT_EQ(seen.size(), 200u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 200u);
}

TEST(Pool, keepsAGroupInOneProcess) {
  std::vector<Task> tasks;
  for (int i = 0; i < 40; ++i) tasks.push_back({std::to_string(i), std::to_string(i / 20)});

  const auto verdicts = judged(tasks, 2);

  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(verdicts.at(std::to_string(i)).at("pid"), verdicts.at(i < 20 ? "0" : "20").at("pid"));
}

TEST(Pool, failsTheCaseAtWhichAWorkerDiesAndGoesOn) {
  const auto verdicts = judged({{"a", "g"}, {"die", "g"}, {"b", "g"}, {"exit", "g"}, {"c", "g"}});

  EXPECT_EQ(verdicts.at("die").at("outcome"), "FAIL");
  EXPECT_EQ(verdicts.at("die").at("reason"), "worker: it ended without an answer: Killed");
  EXPECT_EQ(verdicts.at("exit").at("reason"), "worker: it ended without an answer: exit code 3");
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(verdicts.at(id).at("outcome"), "PASS");
}

TEST(Pool, failsTheCaseAtWhichAWorkerHangsAndGoesOn) {
  const auto verdicts = judged({{"hang", "g"}, {"b", "g"}}, 1, 0.5);

  EXPECT_EQ(verdicts.at("hang").at("reason"), "worker: no answer within 0.5 s");
  EXPECT_EQ(verdicts.at("b").at("outcome"), "PASS");
}

TEST(Pool, failsACaseThatAWorkerRefusesOrAnswersInNoJson) {
  const auto verdicts = judged({{"throw", "g"}, {"talk", "g"}, {"b", "g"}});

  EXPECT_EQ(verdicts.at("throw").at("reason"), "worker: case: no such case");
  EXPECT_EQ(verdicts.at("talk").at("reason"), "worker: its answer to 'case' is no JSON object");
  EXPECT_EQ(verdicts.at("b").at("outcome"), "PASS");
}

TEST(Pool, replacesAWorkerWhoseDeviceIsLost) {
  const auto verdicts = judged({{"a", "g"}, {"lost", "g"}, {"b", "g"}});

  EXPECT_EQ(verdicts.at("lost").at("outcome"), "PASS");
  EXPECT_EQ(verdicts.at("lost").at("pid"), verdicts.at("a").at("pid"));
  EXPECT_EQ(verdicts.at("b").at("outcome"), "PASS");
  EXPECT_NE(verdicts.at("b").at("pid"), verdicts.at("a").at("pid"));
}

TEST(Pool, stopsWhenItIsToldTo) {
  std::vector<Task> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back({std::to_string(i), "g"});

  int count = 0;
  run_pool({2, 20, {"--worker"}}, tasks, [&](const json&) { return ++count < 5; });

  EXPECT_EQ(count, 5);
}

}  // namespace
}  // namespace plumb::golden

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--worker") return plumb::golden::be_a_worker();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
