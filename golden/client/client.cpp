#include "golden/client/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>

extern char** environ;

namespace plumb::client {
namespace {

using Clock = std::chrono::steady_clock;

std::string reason() { return std::strerror(errno); }

}  // namespace

std::string find_program() {
  if (const char* named = std::getenv("PLUMBLINE_REFERENCE_PROGRAM"); named && *named) return named;
  std::error_code ignored;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() /
                      "plumbline-reference";
  if (std::filesystem::exists(beside, ignored)) return beside.string();
  throw Error("LibTorch's program is not at " + beside.string() +
              ": run ci/setup without PLUMBLINE_REFERENCE=off, then ci/build");
}

void Client::fail(const std::string& what) const { throw Error(name_ + ": " + what); }

Client::Client(const std::string& program, const std::vector<std::string>& arguments,
               std::string name)
    : name_(std::move(name)) {
  std::signal(SIGPIPE, SIG_IGN);  // a child that died is an Error, not our end
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) fail("pipe: " + reason());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int code = posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  to_ = in[1];
  from_ = out[0];
  if (code != 0) {
    close(to_);
    close(from_);
    errno = code;
    fail("cannot start " + program + ": " + reason());
  }
}

std::string Client::how_it_ended() {
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return "";
  pid_ = -1;
  if (WIFSIGNALED(status)) return std::string(": ") + strsignal(WTERMSIG(status));
  return ": exit code " + std::to_string(WEXITSTATUS(status));
}

Client::~Client() {
  close(to_);
  close(from_);
  if (pid_ < 0) return;
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  while (Clock::now() < deadline) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return;
    usleep(5000);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string Client::read_line(double timeout_seconds) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(timeout_seconds);
  for (;;) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      const std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    const double left = std::chrono::duration<double>(deadline - Clock::now()).count();
    if (left <= 0) {
      kill(pid_, SIGKILL);  // a late answer would be taken for the next request's
      fail("no answer within " + fmt::format("{:g} s", timeout_seconds));
    }
    pollfd wait{from_, POLLIN, 0};
    if (poll(&wait, 1, static_cast<int>(left * 1000) + 1) <= 0) continue;
    char buffer[65536];
    const ssize_t n = read(from_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("it ended without an answer" + how_it_ended());
    pending_.append(buffer, static_cast<std::size_t>(n));
  }
}

nlohmann::json Client::request(const std::string& verb, nlohmann::json fields,
                               double timeout_seconds) {
  fields["verb"] = verb;
  const std::string line = fields.dump() + "\n";
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t n = write(to_, line.data() + at, line.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("it ended before the request '" + verb + "'");
    at += static_cast<std::size_t>(n);
  }
  const nlohmann::json answer = nlohmann::json::parse(read_line(timeout_seconds), nullptr, false);
  if (!answer.is_object()) fail("its answer to '" + verb + "' is no JSON object");
  if (!answer.value("ok", false))
    throw Refused(name_ + ": " + verb + ": " + answer.value("error", "refused without a reason"));
  return answer;
}

}  // namespace plumb::client
