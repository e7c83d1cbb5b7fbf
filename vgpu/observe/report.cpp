#include "vgpu/observe/report.h"

#include <algorithm>

namespace vgpu::observe {
namespace {

struct KindRow {
  Kind kind;
  const char *name, *check;
};
constexpr KindRow kKinds[] = {
    {Kind::out_of_bounds, "out-of-bounds", "memory"},
    {Kind::misaligned, "misaligned", "memory"},
    {Kind::use_after_free, "use-after-free", "memory"},
    {Kind::foreign_memory, "foreign-memory", "memory"},
    {Kind::invalid_free, "invalid-free", "memory"},
    {Kind::leak, "leak", "leak"},
    {Kind::uninitialised, "uninitialised", "init"},
    {Kind::race_shared, "race-shared", "race"},
    {Kind::race_global, "race-global", "race"},
    {Kind::barrier_divergence, "barrier-divergence", "sync"},
    {Kind::barrier_exited, "barrier-exited", "sync"},
    {Kind::warp_mask, "warp-mask", "sync"},
    {Kind::inactive_lane, "inactive-lane", "sync"},
    {Kind::race_stream, "race-stream", "stream"},
    {Kind::unchecked_error, "unchecked-error", "stream"},
    {Kind::unused, "unused", "unused"},
};

const KindRow& row_of(Kind kind) { return *std::ranges::find(kKinds, kind, &KindRow::kind); }

}  // namespace

bool counts(const Report& report) {
  return report.severity != Severity::info && report.allowed.empty();
}

bool kind_from_name(const std::string& name, Kind& kind) {
  for (const KindRow& row : kKinds)
    if (name == row.name) return kind = row.kind, true;
  return false;
}

const char* name_of(Kind kind) { return row_of(kind).name; }
const char* check_of(Kind kind) { return row_of(kind).check; }

const char* name_of(Severity severity) {
  return severity == Severity::info ? "info" : severity == Severity::warning ? "warning" : "error";
}

std::string text_of(const Report& r) {
  std::string out = std::string(r.allowed.empty() ? name_of(r.severity) : "allowed") + ": " +
                    name_of(r.kind) + ": " + r.what;
  const auto line = [&](const std::string& text) {
    if (!text.empty()) out += "\n    " + text;
  };
  line(r.place);
  line(r.thread + (r.thread.empty() || r.address.empty() ? "" : ", ") + r.address);
  if (!r.other_place.empty())
    line("against " + r.other_place + (r.other_thread.empty() ? "" : ", " + r.other_thread));
  if (r.count > 1) line(std::to_string(r.count) + " times");
  if (!r.allowed.empty()) line("allowed: " + r.allowed);
  return out;
}

Log& Log::get() {
  static Log* log = new Log;  // never destroyed: static objects' destructors may launch
  return *log;
}

void Log::add(const Key& key, const std::function<Report()>& make) {
  const std::lock_guard lock(mutex_);
  const auto [at, is_new] = numbers_.try_emplace(key, entries_.size());
  if (is_new) entries_.push_back({make(), false});
  ++entries_[at->second].report.count;
}

std::vector<Report> Log::reports() const {
  const std::lock_guard lock(mutex_);
  std::vector<Report> out;
  for (const Entry& entry : entries_) out.push_back(entry.report);
  return out;
}

std::vector<Report> Log::take_new() {
  const std::lock_guard lock(mutex_);
  std::vector<Report> out;
  if (quiet_) return out;
  for (Entry& entry : entries_) {
    if (!entry.told) out.push_back(entry.report);
    entry.told = true;
  }
  return out;
}

std::uint64_t Log::found() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint64_t>(
      std::ranges::count_if(entries_, [](const Entry& e) { return counts(e.report); }));
}

void Log::clear() {
  const std::lock_guard lock(mutex_);
  numbers_.clear();
  entries_.clear();
}

}  // namespace vgpu::observe
