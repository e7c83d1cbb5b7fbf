#include <cstdlib>
#include <filesystem>
#include <mutex>

#include "vgpu/machine/kernel.h"

namespace vgpu {
namespace {

std::string default_cache() {
  if (const char* folder = std::getenv("XDG_CACHE_HOME"); folder && *folder)
    return std::string(folder) + "/plumbline/vgpu";
  if (const char* home = std::getenv("HOME"); home && *home)
    return std::string(home) + "/.cache/plumbline/vgpu";
  return {};
}

[[noreturn]] void refuse(const char* name, const std::string& given, const char* allowed) {
  throw std::invalid_argument(std::string(name) + " is '" + given + "', allowed: " + allowed);
}

std::uint64_t number_of(const char* name, const std::string& text, const char* allowed) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text.size() > 18)
    refuse(name, text, allowed);
  return std::stoull(text);
}

Settings from_environment() {
  Settings out;
  if (const char* text = std::getenv("PLUMBLINE_VGPU_THREADS"))
    out.threads = static_cast<int>(
        number_of("PLUMBLINE_VGPU_THREADS", text, "0 (every core) or a number of threads") % 4096);
  const char* cache = std::getenv("PLUMBLINE_VGPU_CACHE");
  out.cache_folder = !cache                        ? default_cache()
                     : std::string(cache) == "off" ? std::string()
                                                   : std::string(cache);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_ORDER")) {
    const char* allowed = "forward, reverse, random:SEED";
    const std::string order = text;
    if (order == "reverse")
      out.order = BlockOrder::reverse;
    else if (order.rfind("random:", 0) == 0) {
      out.order = BlockOrder::random;
      out.order_seed = number_of("PLUMBLINE_VGPU_ORDER", order.substr(7), allowed);
    } else if (order != "forward")
      refuse("PLUMBLINE_VGPU_ORDER", order, allowed);
  }
  return out;
}

std::mutex statistics_mutex;
CompileStatistics statistics;

}  // namespace

Settings& settings() {
  static Settings current = from_environment();
  return current;
}

CompileStatistics compile_statistics() {
  const std::lock_guard lock(statistics_mutex);
  return statistics;
}

void count_compilation(bool from_cache, double translate_seconds, double compile_seconds,
                       double load_seconds) {
  const std::lock_guard lock(statistics_mutex);
  ++(from_cache ? statistics.from_cache : statistics.compiled);
  statistics.translate_seconds += translate_seconds;
  statistics.compile_seconds += compile_seconds;
  statistics.load_seconds += load_seconds;
}

}  // namespace vgpu
