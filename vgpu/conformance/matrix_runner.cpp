// matrix_runner.cpp - runs a matrix instruction with a whole warp, and with one that lacks lanes,
// whose registers count as they stand.
#include <cstdio>
#include <cstring>

#include "vgpu/conformance/kernel_text.h"
#include "vgpu/conformance/matrix_line.h"
#include "vgpu/conformance/runner.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

constexpr int kWarps = 3 * kMatrixFills;
constexpr u32 kLanesOfWarp = 32;

u64 word(const std::uint8_t* at, std::size_t bytes) {
  u64 out = 0;
  std::memcpy(&out, at, bytes);
  return out;
}

std::string run(const MatrixLine& line, LoadedModule& module, u32 mask) {
  Random random(std::hash<std::string>()(line.name) + mask);
  std::vector<std::uint8_t> in(kWarps * line.in_bytes);
  const auto filler = static_cast<std::uint8_t>(kUntouched & 255);
  std::vector<std::uint8_t> out(kWarps * line.out_bytes, filler), want = out;
  for (std::size_t w = 0; w < kWarps; ++w) {
    line.fill(random, static_cast<int>(w) % kMatrixFills, &in[w * line.in_bytes]);
    line.reference(&in[w * line.in_bytes], mask, &want[w * line.out_bytes]);
  }
  struct {
    const void* in;
    void* out;
    u32 mask;
  } parameters{in.data(), out.data(), mask};
  launch({module.kernel("matrix"), {kWarps}, {kLanesOfWarp}, 0, &parameters, false},
         profile("b200"));
  const auto bytes = static_cast<std::size_t>(line.result.bits / 8);
  for (std::size_t at = 0; at < out.size(); at += bytes) {
    const u64 got = word(&out[at], bytes), expected = word(&want[at], bytes);
    if (agrees(line.result, got, expected, 0)) continue;
    char text[160];
    std::snprintf(text, sizeof text, "  mask %x, warp %zu, value %zu is %llx, want %llx\n", mask,
                  at / line.out_bytes, at % line.out_bytes / bytes,
                  static_cast<unsigned long long>(got), static_cast<unsigned long long>(expected));
    return text;
  }
  return {};
}

}  // namespace

std::string matrix_kernel(const std::string& body, std::size_t in_bytes, std::size_t out_bytes,
                          const char* target) {
  return std::string(".version 8.7\n.target ") + target +
         "\n.address_size 64\n"
         ".visible .entry matrix(.param .u64 p_in, .param .u64 p_out, .param .u32 p_mask)\n{\n"
         ".reg .b64 %in, %out, %at; .reg .b32 %lane, %word, %mask; .reg .pred %take;\n"
         "ld.param.u64 %in, [p_in];\nld.param.u64 %out, [p_out];\nld.param.u32 %mask, [p_mask];\n"
         "mov.u32 %lane, %tid.x;\nmov.u32 %word, %ctaid.x;\nmad.wide.u32 %in, %word, " +
         std::to_string(in_bytes) + ", %in;\nmad.wide.u32 %out, %word, " +
         std::to_string(out_bytes) + ", %out;\n" + lane_predicate("%take", "%mask") + body +
         "END:\nret;\n}\n";
}

std::string matrix_mismatches(const MatrixLine& line) {
  std::string out;
  try {
    const auto module = LoadedModule::load(ptx::parse(line.ptx, "conformance"));
    for (const u32 mask : {~0u, 0x7ffffffeu}) out += run(line, *module, mask);
  } catch (const std::exception& refusal) {
    out += refusal.what();
  }
  return out.empty() ? out : "'" + line.name + "'\n" + out;
}

}  // namespace vgpu::conformance
