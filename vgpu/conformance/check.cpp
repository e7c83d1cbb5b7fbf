#include "vgpu/conformance/check.h"

#include <algorithm>
#include <set>

#include "vgpu/conformance/atomic_line.h"
#include "vgpu/conformance/flow_line.h"
#include "vgpu/conformance/kernel_text.h"
#include "vgpu/conformance/matrix_line.h"
#include "vgpu/conformance/memory_line.h"
#include "vgpu/conformance/runner.h"
#include "vgpu/conformance/texture_line.h"
#include "vgpu/conformance/warp_line.h"
#include "vgpu/ptx/module.h"

namespace vgpu::conformance {
namespace {

void add(std::vector<Check>& out, const Lines& lines) {
  for (const Line& line : lines.all())
    out.push_back({line.text,
                   {line.opcode},
                   [line] { return mismatches(line); },
                   [line] { return std::vector{lane_kernel(line, sections_of(line))}; }});
}

}  // namespace

std::vector<Check> checks() {
  std::vector<Check> out;
  for (const Lines& lines :
       {integer_lines(), bit_lines(), compare_lines(), float_lines(), half_lines(), convert_lines(),
        move_lines(), video_lines(), mixed_lines()})
    add(out, lines);
  for (const WarpLine& line : warp_lines())
    out.push_back({line.text,
                   {line.opcode},
                   [line] { return warp_mismatches(line); },
                   [line] { return std::vector{warp_kernel(line, "%m")}; }});
  for (const AtomicLine& line : atomic_lines())
    out.push_back({"atom, red: " + line.operation, atomic_opcodes(line),
                   [line] { return atomic_mismatches(line); },
                   [line] { return atomic_kernels(line); }});
  for (const MemoryLine& line : memory_lines())
    out.push_back({"ld, st: " + line.type + line.vector() + " in " +
                       std::to_string(line.register_bits) + " bits",
                   memory_opcodes(line), [line] { return memory_mismatches(line); },
                   [line] { return std::vector{memory_kernel(line)}; }});
  for (const auto& lines : {mma_lines(), wmma_lines(), matrix_memory_lines()})
    for (const MatrixLine& line : lines)
      out.push_back({line.name, line.opcodes, [line] { return matrix_mismatches(line); },
                     [line] { return std::vector{line.ptx}; }});
  for (const auto& lines : {flow_lines(), sync_lines(), async_lines()})
    for (const FlowLine& line : lines)
      out.push_back({line.name, line.opcodes, [line] { return flow_mismatches(line); },
                     [line] { return std::vector{line.ptx}; }});
  for (const auto& lines : {texture_lines(), surface_lines(), query_lines()})
    for (const TextureLine& line : lines)
      out.push_back({line.name, line.opcodes, [line] { return texture_mismatches(line); },
                     [line] { return std::vector{line.ptx}; }});
  return out;
}

std::vector<std::string> opcodes_of(const std::string& ptx) {
  std::set<std::string> out;
  const ptx::Module module = ptx::parse(ptx, "conformance");
  for (const ptx::Function& function : module.functions)
    for (const ptx::Instruction& instruction : function.body)
      out.insert(instruction.typed_opcode());
  return {out.begin(), out.end()};
}

}  // namespace vgpu::conformance
