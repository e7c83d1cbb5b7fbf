#include "bench/common/provenance.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>

#include "bench/common/revision.h"

namespace plumb::bench {
namespace {

/// The value of the first line of /proc/cpuinfo that begins with `key`.
std::string cpuinfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(key, 0) != 0) continue;
    const auto colon = line.find(": ");
    return colon == std::string::npos ? "" : line.substr(colon + 2);
  }
  return "";
}

std::string processor() {
  const std::string model = cpuinfo("model name");
  return model.empty() ? "unknown processor" : model;
}

double load() {
  double last_minute = 0;
  return getloadavg(&last_minute, 1) == 1 ? last_minute : 0;
}

}  // namespace

std::string machine_text() {
  const std::string flags = cpuinfo("flags") + " ";
  const char* vectors = flags.find(" avx512f ") != std::string::npos ? "AVX-512"
                        : flags.find(" avx2 ") != std::string::npos  ? "AVX2"
                                                                     : "no AVX2";
  return fmt::format("{}, {} cores, {}", processor(), std::thread::hardware_concurrency(), vectors);
}

std::string command_text() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string out;
  for (std::string word; std::getline(file, word, '\0');)
    out += out.empty() ? word.substr(word.find_last_of('/') + 1) : " " + word;
  return out;
}

nlohmann::ordered_json provenance() {
  return {{"machine", machine_text()},
          {"cpu", processor()},
          {"cores", std::thread::hardware_concurrency()},
          {"load", load()},
          {"command", command_text()},
          {"date", fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)))},
          {"plumbline", PLUMB_VERSION},
          {"revision", PLUMB_REVISION},
          {"cuda", PLUMB_CUDA_COMPILER},
          {"compiler", "g++ " __VERSION__}};
}

}  // namespace plumb::bench
