// flow_line.h - what steers threads or orders their accesses and computes nothing itself: small
// kernels, each with what every thread is to find in the end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vgpu/conformance/line.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {

inline constexpr u32 kFlowThreads = 96, kFlowBlocks = 3;
inline constexpr int kFlowInputs = 4, kFlowResults = 4;

/// What one block's threads were given.
struct FlowCase {
  u32 block = 0;
  u32 mask = 0;             // lanes that run, the same in each warp
  const u32* in = nullptr;  // of thread t: in[t * kFlowInputs + k]
  bool runs(u32 thread) const { return (mask >> thread % 32 & 1) != 0; }
  u32 of(u32 thread, int k) const { return in[thread * kFlowInputs + static_cast<u32>(k)]; }
};

struct FlowLine {
  std::string name;
  std::vector<std::string> opcodes;
  std::string ptx;  // kernel `flow`, see flow_kernel
  /// The results of an active thread; those it does not set are to be kUntouched's low word.
  std::function<void(const FlowCase&, u32 thread, u32* out)> reference;
  /// What an active thread whose %in3 is 13 stops the launch with.
  std::optional<Fault::Kind> fault;
};

std::vector<FlowLine> flow_lines();
std::vector<FlowLine> sync_lines();
std::vector<FlowLine> async_lines();

/// `before` stands in front of the kernel (functions, variables), `body` between its head and its
/// tail. The head gives %thread (in the block), %block, %lane, %in0 to %in3 and %out, the address
/// of the thread's results; threads outside the mask are at their end before the body. The tail
/// stores %o0 to %o3. Scratch: %t0 to %t7 (.b32), %w0 to %w7 (.b64), %p, %q.
std::string flow_kernel(const std::string& before, const std::string& body);

class FlowTable {
 public:
  template <class F>
  FlowLine& add(const std::string& name, std::vector<std::string> opcodes,
                const std::string& before, const std::string& body, F reference) {
    lines.push_back({name, std::move(opcodes), flow_kernel(before, body), reference, std::nullopt});
    return lines.back();
  }
  std::vector<FlowLine> lines;
};

/// What differs, as mismatches() says it.
std::string flow_mismatches(const FlowLine& line);

}  // namespace vgpu::conformance
