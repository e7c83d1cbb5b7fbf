#include <charconv>
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

[[noreturn]] void refuse(const std::string& name, const std::string& given, const char* allowed) {
  throw std::invalid_argument(name + " is '" + given + "', allowed: " + allowed);
}

std::uint64_t number_of(const std::string& name, const std::string& text, const char* allowed) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos || text.size() > 18)
    refuse(name, text, allowed);
  return std::stoull(text);
}

int threads_from(const char* text) {
  const char *name = "PLUMBLINE_VGPU_THREADS", *allowed = "0 (every core) to 4095 threads";
  const std::uint64_t threads = number_of(name, text, allowed);
  if (threads > 4095) refuse(name, text, allowed);
  return static_cast<int>(threads);
}

std::string cache_from_environment() {
  const char* cache = std::getenv("PLUMBLINE_VGPU_CACHE");
  if (!cache) return default_cache();
  return std::string(cache) == "off" ? std::string() : std::string(cache);
}

std::string dump_folder_from(const std::string& text) {
  std::error_code error;
  if (!std::filesystem::is_directory(text, error))
    refuse("PLUMBLINE_VGPU_DUMP", text, "a folder that exists");
  return text;
}

bool counters_from(const std::string& text) {
  if (text != "on" && text != "off") refuse("PLUMBLINE_VGPU_COUNTERS", text, "on, off");
  return text == "on";
}

CompileEffort effort_from(const std::string& text) {
  if (text == "adaptive") return CompileEffort::adaptive;
  if (text == "best") return CompileEffort::best;
  if (text == "little") return CompileEffort::little;
  if (text == "medium") return CompileEffort::medium;
  if (text != "full") refuse("PLUMBLINE_VGPU_EFFORT", text, "adaptive, best, little, medium, full");
  return CompileEffort::full;
}

Settings from_environment() {
  Settings out;
  out.cache_folder = cache_from_environment();
  if (const char* text = std::getenv("PLUMBLINE_VGPU_THREADS")) out.threads = threads_from(text);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_EFFORT")) out.effort = effort_from(text);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_DUMP"))
    out.dump_folder = dump_folder_from(text);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_CHECK"))
    observe::set_checks(out.checks, "PLUMBLINE_VGPU_CHECK", text);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_COUNTERS"))
    out.checks.counters = counters_from(text);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_ORDER"))
    set_order(out, "PLUMBLINE_VGPU_ORDER", text);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_TIMEOUT"))
    out.timeout_seconds = timeout_from("PLUMBLINE_VGPU_TIMEOUT", text);
  if (const char* text = std::getenv("PLUMBLINE_VGPU_APPROX_NOISE"))
    out.approx_noise_seed = number_of("PLUMBLINE_VGPU_APPROX_NOISE", text, "a seed: an integer");
  return out;
}

std::mutex statistics_mutex;
CompileStatistics statistics;

}  // namespace

void set_order(Settings& settings, const std::string& where, const std::string& text) {
  const char* allowed = "forward, reverse, random:SEED";
  const bool random = text.starts_with("random:");
  if (random) settings.order_seed = number_of(where, text.substr(7), allowed);
  if (!random && text != "forward" && text != "reverse") refuse(where, text, allowed);
  settings.order = random              ? BlockOrder::random
                   : text == "reverse" ? BlockOrder::reverse
                                       : BlockOrder::forward;
}

double timeout_from(const std::string& where, const std::string& text) {
  double seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0 && seconds <= 1e9))
    refuse(where, text, "seconds as 2.5, 0 for none");
  return seconds;
}

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
