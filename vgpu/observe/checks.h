// checks.h - what is observed of a launch.
#pragma once

#include <string>

namespace vgpu::observe {

/// `--check`: each word of it, and the counters. All off: kernels run without observers.
struct Checks {
  bool memory = false;    // bounds, alignment, freed and foreign memory
  bool init = false;      // reads of what nobody wrote: global, shared, local memory, registers
  bool race = false;      // shared memory within a block, global memory within a launch
  bool sync = false;      // barriers that threads miss, member masks that are wrong
  bool stream = false;    // work of streams that meets without an order, errors nobody asked for
  bool leak = false;      // device memory that lives when the program ends
  bool unused = false;    // device memory that nobody wrote or read
  bool counters = false;  // counters.h

  bool any() const { return finds() || counters; }
  /// Whether there may be reports.
  bool finds() const { return memory || init || race || sync || stream || leak || unused; }
  /// Whether each access to memory is looked at.
  bool sees_accesses() const { return memory || init || race || notes_touched() || counters; }
  /// Whether it is kept what a launch read and wrote.
  bool notes_touched() const { return stream || unused || counters; }
  bool operator==(const Checks&) const = default;
};

/// Adds what `text` names: "memory,race", "all" (memory, init, race, sync, stream), "leak",
/// "unused", "off" (nothing). Throws std::invalid_argument, which names `where`.
void set_checks(Checks& checks, const std::string& where, const std::string& text);
/// Whether the check of this name is on.
bool is_on(const Checks& checks, const std::string& check);
/// The words that set_checks() reads, counters left out: "memory,race"; "off" for none.
std::string name_of(const Checks& checks);

}  // namespace vgpu::observe
