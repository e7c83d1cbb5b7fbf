// report.h - what the checks found, told once for each place and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace vgpu::observe {

enum class Kind : std::uint8_t {
  out_of_bounds,
  misaligned,
  use_after_free,
  foreign_memory,  // null, the host's own, another thread's local memory
  invalid_free,
  leak,
  uninitialised,
  race_shared,
  race_global,
  barrier_divergence,
  barrier_exited,
  warp_mask,
  inactive_lane,
  race_stream,      // work of two streams, or of two nodes of a graph
  unchecked_error,  // of a launch
  unused,
};
/// "out-of-bounds"
const char* name_of(Kind kind);
/// The kind of this name; false: there is none.
bool kind_from_name(const std::string& name, Kind& kind);
/// The check that finds it: "memory", "race".
const char* check_of(Kind kind);

/// `info`: harmless as it stands (threads write the same value); not counted as found.
enum class Severity : std::uint8_t { info, warning, error };
const char* name_of(Severity severity);

struct Report {
  Kind kind = Kind::out_of_bounds;
  Severity severity = Severity::error;
  std::string what;         // "write of 4 bytes to global memory"
  std::string kernel;       // empty: none, a call of the host
  std::string place;        // "ptx80:31: kernel k: 'st.global.f32 [%rd4], %f1' (k.cu:12)"
  std::string source;       // "k.cu:12"; empty: not known
  std::string thread;       // "thread (5,0,0) of block (0,0,0)"
  std::string address;      // "allocation 3 (cudaMalloc, 2000 bytes) + 2016"
  std::string other_place;  // of a race: the earlier access
  std::string other_source;
  std::string other_thread;
  std::string allowed;  // why it is suppressed; empty: it is not
  std::uint64_t count = 0;
};

/// Whether it is a finding: an error or a warning that nobody allowed.
bool counts(const Report& report);

/// "error: out-of-bounds write of 4 bytes ...", three or four lines.
std::string text_of(const Report& report);

/// Where a finding is: those of one key are one report.
using Key = std::tuple<Kind, std::string, int, int, Severity>;  // kernel, instruction, the other's

/// The findings of this process. Thread-safe.
class Log {
 public:
  static Log& get();
  /// Counts a finding; `make` describes the first one of its key.
  void add(const Key& key, const std::function<Report()>& make);
  std::vector<Report> reports() const;
  /// Reports that have not been told yet; they are then. None while somebody keeps them quiet.
  std::vector<Report> take_new();
  /// Findings that count: errors and warnings that nobody allowed.
  std::uint64_t found() const;
  /// Whoever takes the reports tells them himself.
  void keep_quiet() { quiet_ = true; }
  void clear();

 private:
  struct Entry {
    Report report;
    bool told = false;
  };
  mutable std::mutex mutex_;
  std::map<Key, std::size_t> numbers_;
  bool quiet_ = false;
  std::vector<Entry> entries_;  // in the order of their first findings
};

}  // namespace vgpu::observe
