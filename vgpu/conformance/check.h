// check.h - everything that conformance runs, whatever its form, as one list; and which typed
// opcodes of the census it covers.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace vgpu::conformance {

/// One thing that a run finds right or wrong.
struct Check {
  std::string name;
  /// The typed opcodes that it judges; each stands in `kernels` as it is written here.
  std::vector<std::string> opcodes;
  std::function<std::string()> mismatches;            // what differs; "" when nothing does
  std::function<std::vector<std::string>()> kernels;  // the PTX that it runs
};

/// The lines of all tables, in their order.
std::vector<Check> checks();

/// The instructions' typed opcodes in a PTX text, each once. Throws ptx::Error.
std::vector<std::string> opcodes_of(const std::string& ptx);

struct Coverage {
  enum class State { covered, excluded, missing };
  std::string opcode;
  int programs = 0;  // of the census that use it; 0: it is not in the census
  State state = State::missing;
  std::string reason;             // of an exclusion
  std::vector<std::size_t> runs;  // indices into the checks
};

/// The census's opcodes in its order, then those that checks cover beyond it, by name.
std::vector<Coverage> coverage(const std::vector<Check>& all);

const char* name_of(Coverage::State state);

}  // namespace vgpu::conformance
