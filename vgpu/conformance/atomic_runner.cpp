// atomic_runner.cpp - runs an atomic operation in every space, as atom and as red, for all lanes,
// some and one.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "vgpu/conformance/atomic_line.h"
#include "vgpu/conformance/kernel_text.h"
#include "vgpu/conformance/runner.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

constexpr int kWarp = 32;
constexpr int kWarps = 12;
constexpr int kMostWidth = 8;
constexpr int kCellBytes = 16;
constexpr std::size_t kMemory = std::size_t{kWarp} * kCellBytes;  // of one warp

/// Where an operation works and how it is written.
struct Place {
  const char* text;  // in front of the operation; "*" in it: of the operation without its type
  bool shared;
  bool returns;
};

std::vector<Place> places_of(const AtomicLine& line) {
  std::vector<Place> out{{"atom.global.", false, true}};
  if (line.width > 1) {
    out.push_back({"red.global.", false, false});
    return out;
  }
  out.insert(out.end(), {{"atom.shared.", true, true},
                         {"atom.", true, true},
                         {"atom.", false, true},
                         {"atom.acq_rel.gpu.global.", false, true},
                         {"atom.relaxed.cta.shared::cta.", true, true},
                         {"atom.global.sys.", false, true},
                         {"atom.*.relaxed.cta.", true, true},
                         {"atom.*.acquire.cta.", false, true},
                         {"atom.*.release.gpu.", false, true},
                         {"atom.*.acq_rel.cta.", true, true}});
  if (line.reduces)
    out.insert(out.end(), {{"red.global.", false, false},
                           {"red.shared.", true, false},
                           {"red.release.sys.global.", false, false},
                           {"red.*.release.cta.", true, false}});
  return out;
}

std::string opcode_of(const AtomicLine& line, const Place& place) {
  const std::string text = place.text;
  const auto star = text.find('*');
  if (star == std::string::npos) return text + line.operation;
  const auto dot = line.operation.rfind('.');
  return text.substr(0, star) + line.operation.substr(0, dot) + text.substr(star + 1) +
         line.operation.substr(dot + 1);
}

bool is_generic(const Place& place) {
  const std::string text = place.text;
  return text == "atom." || text.find('*') != std::string::npos;
}

std::string operand(const AtomicLine& line, const char* name) {
  if (line.width == 1) return std::string("%") + name + "0";
  std::string out = "{";
  for (int i = 0; i < line.width; ++i)
    out += std::string(i ? ", %" : "%") + name + std::to_string(i);
  return out + "}";
}

/// Lane's data: offset of its cell, a (kMostWidth words), b.
struct LaneData {
  u64 offset = 0, a[kMostWidth] = {}, b = 0;
};

/// Kernel `atomics`(data, memory, results, mask): `memory` holds a warp's cells, changed in place.
std::string kernel_text(const AtomicLine& line, const Place& place) {
  const std::string type = register_type(line.type);
  std::string out =
      std::string(kHeader) +
      ".visible .entry atomics(.param .u64 p_data, .param .u64 p_memory,\n"
      ".param .u64 p_results, .param .u32 p_mask)\n{\n.shared .align 16 .b8 cells[" +
      std::to_string(kMemory) +
      "];\n"
      ".reg .b64 %data, %memory, %results, %at, %cell, %mine, %move; .reg .b32 %lane, %index, "
      "%word, %mask, %spot;\n"
      ".reg .pred %take;\n.reg " +
      type +
      " %a<8>, %d<8>, %b0;\n"
      "ld.param.u64 %data, [p_data];\nld.param.u64 %memory, [p_memory];\nld.param.u64 %results, "
      "[p_results];\n"
      "ld.param.u32 %mask, [p_mask];\nmov.u32 %lane, %tid.x;\nmov.u32 %index, %ctaid.x;\n"
      "mul.lo.u32 %word, %index, " +
      std::to_string(kMemory) +
      ";\ncvt.u64.u32 %at, %word;\nadd.u64 %memory, %memory, %at;\n"
      "mad.lo.u32 %index, %index, 32, %lane;\nmad.wide.u32 %data, %index, " +
      std::to_string(sizeof(LaneData)) +
      ", %data;\n"
      "mad.wide.u32 %results, %index, 64, %results;\nmad.wide.u32 %mine, %lane, 16, "
      "%memory;\nshl.b32 %spot, %lane, 4;\n"
      "mov.u32 %word, cells;\nadd.u32 %spot, %spot, %word;\nld.global.u64 %at, [%data];\n";
  for (int i = 0; i < line.width; ++i)
    out += "ld.global" + type + " %a" + std::to_string(i) + ", [%data+" +
           std::to_string(8 + 8 * i) + "];\n";
  out += "ld.global" + type + " %b0, [%data+" + std::to_string(8 + 8 * kMostWidth) + "];\n";
  if (place.shared) {
    for (const char* half : {"", "+8"})
      out += std::string("ld.global.u64 %move, [%mine") + half + "];\nst.shared.u64 [%spot" + half +
             "], %move;\n";
    out += "bar.sync 0;\nmov.u64 %cell, cells;\n";
    if (is_generic(place)) out += "cvta.shared.u64 %cell, %cell;\n";
    out += "add.u64 %cell, %cell, %at;\n";
  } else {
    out += "add.u64 %cell, %memory, %at;\n";
  }
  out += lane_predicate("%take", "%mask") + "@!%take bra DONE;\n" + opcode_of(line, place) + " ";
  if (place.returns) out += operand(line, "d") + ", ";
  out += "[%cell], " + operand(line, "a") + (line.two_operands ? ", %b0;\n" : ";\n");
  for (int i = 0; place.returns && i < line.width; ++i)
    out += "st.global" + type + " [%results+" + std::to_string(8 * i) + "], %d" +
           std::to_string(i) + ";\n";
  out += "DONE:\n";
  if (place.shared) {
    out += "bar.sync 0;\n";
    for (const char* half : {"", "+8"})
      out += std::string("ld.shared.u64 %move, [%spot") + half + "];\nst.global.u64 [%mine" + half +
             "], %move;\n";
  }
  return out + "ret;\n}\n";
}

struct Inputs {
  std::vector<LaneData> data;
  std::vector<std::uint8_t> memory;
};

u64 draw(const AtomicLine& line, Random& random) {
  return line.choices.empty() ? any_value(line.type, random)
                              : line.choices[random() % line.choices.size()];
}

/// A warp's lanes work on one cell, on cells of their own, or on a few.
Inputs make_inputs(const AtomicLine& line) {
  Random random(std::hash<std::string>()(line.operation));
  const auto bytes = static_cast<std::size_t>(line.type.bits / 8);
  Inputs out;
  for (std::size_t at = 0; at < kWarps * kMemory; at += bytes) {
    const u64 value = draw(line, random);
    const auto* from = reinterpret_cast<const std::uint8_t*>(&value);
    out.memory.insert(out.memory.end(), from, from + bytes);
  }
  const std::size_t step = bytes * static_cast<std::size_t>(line.width), cells = kMemory / step;
  for (u64 w = 0; w < kWarps; ++w)
    for (u64 lane = 0; lane < kWarp; ++lane) {
      LaneData data;
      data.offset = step * (w % 3 == 0 ? 3 : w % 3 == 1 ? lane % cells : random() % 5);
      for (u64& a : data.a) a = draw(line, random);
      data.b = draw(line, random);
      out.data.push_back(data);
    }
  return out;
}

u64 read(const std::uint8_t* at, std::size_t bytes) {
  u64 out = 0;
  std::memcpy(&out, at, bytes);
  return out;
}

std::string differs(const Place& place, const AtomicLine& line, u32 mask, const std::string& what,
                    u64 got, u64 want) {
  char text[240];
  std::snprintf(text, sizeof text, "  '%s', mask %x, %s is %llx, want %llx\n",
                opcode_of(line, place).c_str(), mask, what.c_str(),
                static_cast<unsigned long long>(got), static_cast<unsigned long long>(want));
  return text;
}

std::string run(const AtomicLine& line, const Place& place, LoadedModule& module, u32 mask) {
  const Inputs inputs = make_inputs(line);
  std::vector<std::uint8_t> memory = inputs.memory, want = inputs.memory;
  std::vector<u64> results(inputs.data.size() * kMostWidth, kUntouched);
  struct {
    const void* data;
    void *memory, *results;
    u32 mask;
  } parameters{inputs.data.data(), memory.data(), results.data(), mask};
  launch({module.kernel("atomics"), {kWarps}, {kWarp}, 0, &parameters, false}, profile("b200"));
  const auto bytes = static_cast<std::size_t>(line.type.bits / 8);
  const u64 all = line.type.bits == 64 ? ~u64{0} : (u64{1} << line.type.bits) - 1;
  for (std::size_t i = 0; i < inputs.data.size(); ++i) {
    const bool runs = (mask >> i % kWarp & 1) != 0;
    for (std::size_t e = 0; e < static_cast<std::size_t>(line.width); ++e) {
      std::uint8_t* cell = &want[i / kWarp * kMemory + inputs.data[i].offset + e * bytes];
      const u64 x = read(cell, bytes), got = results[i * kMostWidth + e];
      const std::string what = "lane " + std::to_string(i % kWarp) + " of warp " +
                               std::to_string(i / kWarp) + " result " + std::to_string(e);
      if (!runs || !place.returns) {
        if (got != kUntouched) return differs(place, line, mask, what, got, kUntouched);
      } else if (!agrees(line.type, got & all, x, 0)) {
        return differs(place, line, mask, what, got & all, x);
      }
      if (!runs) continue;
      const u64 next = line.next(x, inputs.data[i].a[e], inputs.data[i].b);
      std::memcpy(cell, &next, bytes);
    }
  }
  for (std::size_t at = 0; at < memory.size(); at += bytes)
    if (!agrees(line.type, read(&memory[at], bytes), read(&want[at], bytes), 0))
      return differs(place, line, mask, "byte " + std::to_string(at), read(&memory[at], bytes),
                     read(&want[at], bytes));
  return {};
}

}  // namespace

std::vector<std::string> atomic_opcodes(const AtomicLine& line) {
  std::vector<std::string> out;
  for (const Place& place : places_of(line)) {
    const std::string opcode = opcode_of(line, place);
    if (std::find(out.begin(), out.end(), opcode) == out.end()) out.push_back(opcode);
  }
  return out;
}

std::vector<std::string> atomic_kernels(const AtomicLine& line) {
  std::vector<std::string> out;
  for (const Place& place : places_of(line)) out.push_back(kernel_text(line, place));
  return out;
}

std::string atomic_mismatches(const AtomicLine& line) {
  std::string out;
  for (const Place& place : places_of(line)) {
    try {
      const auto module = LoadedModule::load(ptx::parse(kernel_text(line, place), "conformance"));
      for (const u32 mask : {~0u, 0x0ff0a5c3u, 1u << 7}) out += run(line, place, *module, mask);
    } catch (const std::exception& refusal) {
      out += std::string(refusal.what()) + "\n";
    }
  }
  return out;
}

}  // namespace vgpu::conformance
