#include "golden/verify/repro.h"

#include <cstdlib>
#include <filesystem>

namespace plumb::golden {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVariables[] = {"PLUMBLINE_GOLDEN", "PLUMBLINE_REFERENCE_PROGRAM"};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string("_-./:+,@%").find(c) != std::string::npos;
}

std::string quoted(const std::string& word) {
  bool plain = !word.empty();
  std::string out = "'";
  for (const char c : word) {
    plain = plain && is_plain(c);
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return plain ? word : out + "'";
}

/// From the current folder when it lies below.
std::string short_path(const std::string& path) {
  std::error_code ignored;
  const std::string relative = fs::proximate(path, ignored).string();
  if (relative.empty() || relative.rfind("..", 0) == 0) return path;
  return relative.find('/') == std::string::npos ? "./" + relative : relative;
}

}  // namespace

std::string own_program() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored).string();
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + quoted(word);
  return out;
}

std::string repro_command(const std::string& program, const std::string& device,
                          const std::string& live, const std::string& checks) {
  std::string out;
  for (const char* name : kVariables)
    if (const char* value = std::getenv(name); value && *value)
      out += std::string(name) + "=" + quoted(value) + " ";
  std::vector<std::string> words = {short_path(program), "verify", "--device", device};
  if (!checks.empty()) words.insert(words.end(), {"--check", checks});
  if (!live.empty()) words.insert(words.end(), {"--live", live});
  return out + shell_line(words);
}

}  // namespace plumb::golden
