// flow_runner.cpp - runs a kernel of flow_line.h with all lanes of each warp, some, and one.
#include <cstdio>

#include "vgpu/conformance/flow_line.h"
#include "vgpu/conformance/kernel_text.h"
#include "vgpu/conformance/values.h"

namespace vgpu::conformance {
namespace {

constexpr u32 kAlarm = 13;
constexpr u32 kUntouchedWord = static_cast<u32>(kUntouched);
constexpr std::size_t kThreads = std::size_t{kFlowThreads} * kFlowBlocks;

std::vector<u32> make_inputs(const FlowLine& line) {
  Random random(std::hash<std::string>()(line.name));
  std::vector<u32> out(kThreads * kFlowInputs);
  for (u32& value : out) value = static_cast<u32>(random());
  return out;
}

void run_kernel(LoadedModule& module, const std::vector<u32>& in, std::vector<u32>& out, u32 mask) {
  struct {
    const void* in;
    void* out;
    u32 mask;
  } parameters{in.data(), out.data(), mask};
  launch({module.kernel("flow"), {kFlowBlocks}, {kFlowThreads}, 0, &parameters, false},
         profile("b200"));
}

std::string differs(u32 mask, std::size_t thread, int k, u32 got, u32 want) {
  char text[160];
  std::snprintf(text, sizeof text, "  mask %x, block %zu, thread %zu: result %d is %x, want %x\n",
                mask, thread / kFlowThreads, thread % kFlowThreads, k, got, want);
  return text;
}

std::string run(const FlowLine& line, LoadedModule& module, u32 mask) {
  const std::vector<u32> in = make_inputs(line);
  std::vector<u32> out(kThreads * kFlowResults, kUntouchedWord);
  run_kernel(module, in, out, mask);
  for (std::size_t i = 0; i < kThreads; ++i) {
    const auto block = static_cast<u32>(i / kFlowThreads);
    const FlowCase given{block, mask, &in[std::size_t{block} * kFlowThreads * kFlowInputs]};
    const u32 thread = static_cast<u32>(i % kFlowThreads);
    u32 want[kFlowResults] = {kUntouchedWord, kUntouchedWord, kUntouchedWord, kUntouchedWord};
    if (given.runs(thread)) line.reference(given, thread, want);
    for (int k = 0; k < kFlowResults; ++k)
      if (const u32 got = out[i * kFlowResults + static_cast<std::size_t>(k)]; got != want[k])
        return differs(mask, i, k, got, want[k]);
  }
  return {};
}

/// One active thread raises the alarm; the launch is to end with the line's fault.
std::string run_fault(const FlowLine& line, LoadedModule& module, u32 mask) {
  std::vector<u32> in = make_inputs(line), out(kThreads * kFlowResults);
  const u32 thread = kFlowThreads + 32 + static_cast<u32>(__builtin_ctz(mask));
  in[std::size_t{thread} * kFlowInputs + 3] = kAlarm;
  try {
    run_kernel(module, in, out, mask);
  } catch (const Fault& fault) {
    return fault.kind == *line.fault ? "" : "  stops with: " + std::string(fault.what()) + "\n";
  }
  return "  does not stop\n";
}

}  // namespace

std::string flow_kernel(const std::string& before, const std::string& body) {
  std::string out =
      std::string(kHeader) + before +
      "\n.visible .entry flow(.param .u64 p_in, .param .u64 p_out, .param .u32 "
      "p_mask)\n{\n"
      ".reg .b64 %out, %from; .reg .b32 %thread, %block, %lane, %index, %mask, %word;\n"
      ".reg .b32 %in<4>, %o<4>, %t<8>; .reg .b64 %w<8>; .reg .pred %take, %p, %q;\n"
      "ld.param.u64 %from, [p_in];\nld.param.u64 %out, [p_out];\nld.param.u32 %mask, "
      "[p_mask];\nmov.u32 %thread, %tid.x;\nmov.u32 %block, %ctaid.x;\nmov.u32 %lane, "
      "%laneid;\n";
  out +=
      "mad.lo.u32 %index, %block, " + std::to_string(kFlowThreads) +
      ", %thread;\nmad.wide.u32 %from, %index, 16, %from;\nmad.wide.u32 %out, %index, 16, %out;\n";
  for (int k = 0; k < kFlowInputs; ++k)
    out += "ld.global.u32 %in" + std::to_string(k) + ", [%from+" + std::to_string(4 * k) +
           "];\nmov.u32 %o" + std::to_string(k) + ", " + std::to_string(kUntouchedWord) + ";\n";
  out += lane_predicate("%take", "%mask") + "@!%take bra END;\n" + body + "STORE:\n";
  for (int k = 0; k < kFlowResults; ++k)
    out += "st.global.u32 [%out+" + std::to_string(4 * k) + "], %o" + std::to_string(k) + ";\n";
  return out + "END:\nret;\n}\n";
}

std::string flow_mismatches(const FlowLine& line) {
  std::string out;
  try {
    const auto module = LoadedModule::load(ptx::parse(line.ptx, "conformance"));
    for (const u32 mask : {~0u, 0x0ff0a5c3u, 1u << 21}) {
      out += run(line, *module, mask);
      if (line.fault) out += run_fault(line, *module, mask);
    }
  } catch (const std::exception& refusal) {
    out += std::string("  ") + refusal.what() + "\n";
  }
  return out.empty() ? out : line.name + ":\n" + out;
}

}  // namespace vgpu::conformance
