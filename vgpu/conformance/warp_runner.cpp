// warp_runner.cpp - runs a warp instruction with all lanes, some, one, and with groups that name
// their own masks.
#include <cstdio>

#include "vgpu/conformance/kernel_text.h"
#include "vgpu/conformance/runner.h"
#include "vgpu/conformance/warp_line.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

constexpr int kWarps = 48;
constexpr const char* kOperands[] = {"%a", "%b", "%c"};
constexpr const char* kDestinations[] = {"%d", "%e"};

WarpCase random_case(const WarpLine& line, u32 active, u32 group_bits, Random& random) {
  WarpCase out;
  out.active = active;
  for (int lane = 0; lane < kLanes; ++lane) {
    // Lanes whose numbers agree in `group_bits` are one group.
    for (int other = 0; other < kLanes; ++other)
      if ((active >> other & 1) && ((lane ^ other) & static_cast<int>(group_bits)) == 0)
        out.members[lane] |= 1u << other;
    for (std::size_t k = 0; k < line.sources.size(); ++k) {
      const auto& choice = line.choices[k];
      out.in[k][lane] =
          choice.empty() ? any_value(line.sources[k], random) : choice[random() % choice.size()];
    }
  }
  // Votes are seldom unanimous by chance.
  if (!line.sources.empty() && line.sources[0].kind == Kind::predicate)
    for (u64& vote : out.in[0])
      if (const u64 kind = random() % 64; kind != 0 && (active & 3) != 3) vote = kind & 1;
  return out;
}

std::string run(const WarpLine& line, const std::string& members, u32 active, u32 group_bits) {
  const auto module = LoadedModule::load(ptx::parse(warp_kernel(line, members), "conformance"));
  Random random(std::hash<std::string>()(line.text) + active + group_bits);
  std::vector<WarpCase> cases;
  std::vector<u64> in, out(std::size_t{kWarps} * kLanes * 2, kUntouched);
  std::vector<u32> names;
  for (int w = 0; w < kWarps; ++w) {
    cases.push_back(random_case(line, active, group_bits, random));
    if (w % 3 == 0)  // alike in all lanes
      for (auto& operand : cases.back().in)
        for (u64& value : operand) value = operand[0];
    for (int lane = 0; lane < kLanes; ++lane) {
      for (const auto& operand : cases.back().in) in.push_back(operand[lane]);
      names.push_back(cases.back().members[lane]);
    }
  }
  struct {
    const void *in, *members;
    void* out;
    u32 mask;
  } parameters{in.data(), names.data(), out.data(), active};
  launch({module->kernel("warps"), {kWarps}, {kLanes}, 0, &parameters, false}, profile("b200"));
  for (std::size_t i = 0; i < std::size_t{kWarps} * kLanes; ++i) {
    const auto lane = static_cast<int>(i % kLanes);
    u64 want[2] = {};
    const bool runs = (active >> lane & 1) != 0;
    if (runs) line.reference(cases[i / kLanes], lane, want);
    for (std::size_t k = 0; k < line.results.size(); ++k) {
      const u64 mask = line.results[k].bits == 64 || !runs ? ~u64{0} : 0xffffffff;
      const u64 got = out[2 * i + k] & mask, expected = runs ? want[k] : kUntouched;
      if (got == expected) continue;
      char text[200];
      std::snprintf(text, sizeof text,
                    "  active %x, members %s, warp %zu, lane %d: result %zu is %llx, want %llx\n",
                    active, members.c_str(), i / kLanes, lane, k,
                    static_cast<unsigned long long>(got),
                    static_cast<unsigned long long>(expected));
      return text;
    }
  }
  return {};
}

}  // namespace

std::string warp_kernel(const WarpLine& line, const std::string& members) {
  std::string out = std::string(kHeader) +
                    ".visible .entry warps(.param .u64 p_in, .param .u64 p_members, .param .u64 "
                    "p_out, .param .u32 p_mask)\n{\n"
                    ".reg .b64 %from, %to, %names; .reg .b32 %lane, %index, %word, %mask, %m; .reg "
                    ".pred %take;\n";
  for (std::size_t k = 0; k < line.sources.size(); ++k)
    out += std::string(".reg ") + register_type(line.sources[k]) + " " + kOperands[k] + ";\n";
  for (std::size_t k = 0; k < line.results.size(); ++k)
    out += std::string(".reg ") + register_type(line.results[k]) + " " + kDestinations[k] + ";\n";
  out +=
      "ld.param.u64 %from, [p_in];\nld.param.u64 %names, [p_members];\nld.param.u64 %to, [p_out];\n"
      "ld.param.u32 %mask, [p_mask];\nmov.u32 %lane, %tid.x;\nmov.u32 %index, %ctaid.x;\n"
      "mad.lo.u32 %index, %index, 32, %lane;\nmad.wide.u32 %from, %index, 24, %from;\n"
      "mad.wide.u32 %to, %index, 16, %to;\nmad.wide.u32 %names, %index, 4, %names;\nld.global.u32 "
      "%m, [%names];\n";
  for (std::size_t k = 0; k < line.sources.size(); ++k)
    out += load(line.sources[k], kOperands[k], ".global", "%from+" + std::to_string(8 * k));
  out += lane_predicate("%take", "%mask") + "@!%take bra END;\n";
  out += replaced(line.text, "%m", members) + ";\n";
  for (std::size_t k = 0; k < line.results.size(); ++k)
    out += store(line.results[k], kDestinations[k], "%to+" + std::to_string(8 * k));
  return out + "END:\nret;\n}\n";
}

std::string warp_mismatches(const WarpLine& line) {
  std::string out;
  try {
    out += run(line, "-1", ~0u, 0);
    out += run(line, "%m", ~0u, 0);
    if (line.opcode != "activemask.b32") {
      out += run(line, "%m", ~0u, 0x18);
      out += run(line, "%m", ~0u, 0x01);
      out += run(line, "%m", 0x0ff0a5c3, 0x10);
    }
    out += run(line, "%m", 0x0ff0a5c3, 0);
    out += run(line, "0x0000fff0", 0x0000fff0, 0);
    out += run(line, "%m", 1u << 21, 0);
  } catch (const std::exception& refusal) {
    out += refusal.what();
  }
  return out.empty() ? out : "'" + line.text + "'\n" + out;
}

}  // namespace vgpu::conformance
