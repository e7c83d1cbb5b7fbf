// memory_runner.cpp - loads and stores of one type in every space: addresses that follow the lane,
// one for all, reversed, strided, mixed and at random; all lanes, some and one.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "vgpu/conformance/kernel_text.h"
#include "vgpu/conformance/memory_line.h"
#include "vgpu/machine/machine.h"

namespace vgpu::conformance {
namespace {

constexpr int kWarp = 32;
constexpr int kWarps = 12;
constexpr int kSlots = 64;
constexpr int kMostWidth = 8;

/// How an access is written and where its address comes from.
struct Place {
  const char* opcode;   // "ld.global": type and width follow
  const char* address;  // register that holds it, or an expression
};

// %gl: source in global memory + the lane's load offset; %sl, %ll, %cl, %pl: likewise in shared,
// local, const and param; %gsl, %gll: generic addresses of those; %first, %row, %twice: affine
// ones.
constexpr Place kLoads[] = {{"ld.global", "%gl"},
                            {"ld.global.nc", "%gl"},
                            {"ld", "%gl"},
                            {"ld.volatile.global", "%gl"},
                            {"ld.relaxed.gpu.global", "%gl"},
                            {"ld.acquire.sys.global", "%gl"},
                            {"ld.relaxed.cta", "%gl"},
                            {"ld.relaxed.gpu", "%gsl"},
                            {"ld.relaxed.sys", "%gl"},
                            {"ld.acquire.cta", "%gsl"},
                            {"ld.acquire.gpu", "%gl"},
                            {"ld.global.cs", "%gl"},
                            {"ld.global.cg", "%gl"},
                            {"ld.shared", "%sl"},
                            {"ld", "%gsl"},
                            {"ld.volatile.shared", "%sl"},
                            {"ld.local", "%ll"},
                            {"ld.volatile.local", "%ll"},
                            {"ld", "%gll"},
                            {"ld.const", "%cl"},
                            {"ld.param", "%pl"},
                            {"ld.global", "%first"},
                            {"ld.global", "%row"},
                            {"ld.global", "%twice"},
                            {"ld.shared", "%srow"},
                            {"ldu.global", "%first"}};
// %gs: the section's part of the target + the lane's store offset; %ss, %ls, %gss: in shared,
// local, generic shared.
constexpr Place kStores[] = {{"st.global", "%gs"},
                             {"st", "%gs"},
                             {"st.volatile.global", "%gs"},
                             {"st.relaxed.gpu.global", "%gs"},
                             {"st.release.sys.global", "%gs"},
                             {"st.relaxed.cta", "%gss"},
                             {"st.relaxed.gpu", "%gs"},
                             {"st.release.gpu", "%gs"},
                             {"st.global.cs", "%gs"},
                             {"st.global.cg", "%gs"},
                             {"st.volatile.shared", "%ss"},
                             {"st.volatile.local", "%ls"},
                             {"st.shared", "%ss"},
                             {"st", "%gss"},
                             {"st.local", "%ls"},
                             {"st.global", "%grow"}};

int slot_bytes(const MemoryLine& line) { return line.bits / 8 * line.width; }
int image_bytes(const MemoryLine& line) { return kSlots * slot_bytes(line); }

std::string number(std::size_t value) { return std::to_string(value); }

std::string data_register(const MemoryLine& line) {
  return line.type[0] == 'f' ? "." + line.type : ".b" + std::to_string(line.register_bits);
}

std::string operand(const MemoryLine& line, const std::string& name) {
  if (line.width == 1) return name + "0";
  std::string out = "{";
  for (int i = 0; i < line.width; ++i) out += (i ? ", " : "") + name + std::to_string(i);
  return out + "}";
}

/// Memory for the widest access, v4 of 64 bits.
template <class T>
struct Aligned {
  using value_type = T;
  static constexpr std::align_val_t kAlign{32};
  T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new(count * sizeof(T), kAlign));
  }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, kAlign); }
  bool operator==(const Aligned&) const { return true; }
};
using Bytes = std::vector<std::uint8_t, Aligned<std::uint8_t>>;

Bytes source_image(const MemoryLine& line) {
  Random random(std::hash<std::string>()(line.type) + static_cast<u64>(line.width));
  Bytes out(static_cast<std::size_t>(image_bytes(line)));
  for (auto& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

std::string prologue(const MemoryLine& line) {
  const std::string bytes = number(static_cast<std::size_t>(image_bytes(line))),
                    step = number(static_cast<std::size_t>(slot_bytes(line)));
  std::string out = std::string(kHeader) + ".const .align 32 .b8 table[" + bytes + "] = {";
  for (const int byte : source_image(line)) out += std::to_string(byte) + ",";
  out.back() = '}';
  out +=
      ";\n.visible .entry memory(.param .u64 p_source, .param .u64 p_target, .param .u64 "
      "p_offsets, .param .u64 p_results,\n"
      ".param .u32 p_mask, .param .align 16 .b8 p_block[" +
      bytes +
      "])\n{\n"
      ".shared .align 32 .b8 near[" +
      bytes + "];\n.local .align 32 .b8 own[" + bytes +
      "];\n"
      ".reg .b64 %source, %target, %offsets, %results, %load, %store, %move, %gl, %sl, %ll, %cl, "
      "%pl, %gsl, %gll, %first, %row;\n"
      ".reg .b64 %twice, %srow, %gs, %ss, %ls, %gss, %grow, %at, %base; .reg .b32 %lane, %index, "
      "%word, %mask, %i;\n"
      ".reg .pred %take, %more; .reg " +
      data_register(line) +
      " %d<8>;\n"
      "ld.param.u64 %source, [p_source];\nld.param.u64 %target, [p_target];\nld.param.u64 "
      "%offsets, [p_offsets];\n"
      "ld.param.u64 %results, [p_results];\nld.param.u32 %mask, [p_mask];\nmov.u32 %lane, "
      "%tid.x;\nmov.u32 %index, %ctaid.x;\n"
      "mul.wide.u32 %move, %index, " +
      number(static_cast<std::size_t>(image_bytes(line)) * std::size(kStores)) +
      ";\n"
      "add.u64 %target, %target, %move;\n"
      "mad.lo.u32 %index, %index, 32, %lane;\nmad.wide.u32 %offsets, %index, 16, %offsets;\n"
      "mad.wide.u32 %results, %index, 64, %results;\nld.global.u64 %load, "
      "[%offsets];\nld.global.u64 %store, [%offsets+8];\n"
      "mov.u32 %i, 0;\nCOPY:\ncvt.u64.u32 %at, %i;\nadd.u64 %base, %source, %at;\nld.global.u64 "
      "%move, [%base];\n"
      "mov.u64 %base, near;\nadd.u64 %base, %base, %at;\nst.shared.u64 [%base], %move;\n"
      "mov.u64 %base, own;\nadd.u64 %base, %base, %at;\nst.local.u64 [%base], %move;\n"
      "add.u32 %i, %i, 8;\nsetp.lt.u32 %more, %i, " +
      bytes + ";\n@%more bra COPY;\nbar.sync 0;\n";
  const auto add = [&](const char* to, const char* base, const char* offset) {
    out +=
        std::string("mov.u64 %base, ") + base + ";\nadd.u64 " + to + ", %base, " + offset + ";\n";
  };
  add("%sl", "near", "%load");
  add("%ll", "own", "%load");
  add("%cl", "table", "%load");
  add("%pl", "p_block", "%load");
  add("%ss", "near", "%store");
  add("%ls", "own", "%store");
  out +=
      "cvta.shared.u64 %gsl, %sl;\ncvta.local.u64 %gll, %ll;\ncvta.shared.u64 %gss, %ss;\n"
      "add.u64 %gl, %source, %load;\nmov.u64 %first, %source;\nmad.wide.u32 %row, %lane, " +
      step +
      ", %source;\n"
      "mul.lo.u32 %word, %lane, 2;\nmad.wide.u32 %twice, %word, " +
      step +
      ", %source;\n"
      "mov.u64 %base, near;\nmad.wide.u32 %srow, %lane, " +
      step + ", %base;\n";
  return out + lane_predicate("%take", "%mask") + "@!%take bra DONE;\n";
}

std::string store_results(const MemoryLine& line, std::size_t section) {
  std::string out;
  for (int e = 0; e < line.width; ++e)
    out += "st.global" + data_register(line) + " [%results+" +
           number(section * kWarps * kWarp * 64 + static_cast<std::size_t>(e) * 8) + "], %d" +
           std::to_string(e) + ";\n";
  return out;
}

/// Shared and local sections write their own memory and copy it to the target at the end.
std::string kernel_text(const MemoryLine& line) {
  std::string out = prologue(line);
  const std::string suffix = line.vector() + "." + line.type + " ";
  for (std::size_t s = 0; s < std::size(kLoads); ++s)
    out += kLoads[s].opcode + suffix + operand(line, "%d") + ", [" + kLoads[s].address + "];\n" +
           store_results(line, s);
  out += "ld.global" + suffix + operand(line, "%d") + ", [%gl];\n";
  for (std::size_t s = 0; s < std::size(kStores); ++s) {
    const std::string part = number(s * static_cast<std::size_t>(image_bytes(line)));
    const std::string opcode = kStores[s].opcode, address = kStores[s].address;
    out += "add.u64 %at, %target, " + part +
           ";\nadd.u64 %gs, %at, %store;\nmad.wide.u32 %grow, %lane, " +
           number(static_cast<std::size_t>(slot_bytes(line))) + ", %at;\n";
    out += opcode + suffix + "[" + address + "], " + operand(line, "%d") + ";\n";
    if (address == "%ss" || address == "%gss")
      out += "ld.shared" + suffix + operand(line, "%d") + ", [%ss];\nst.global" + suffix +
             "[%gs], " + operand(line, "%d") + ";\n";
    if (address == "%ls")
      out += "ld.local" + suffix + operand(line, "%d") + ", [%ls];\nst.global" + suffix +
             "[%gs], " + operand(line, "%d") + ";\n";
  }
  return out + "DONE:\nret;\n}\n";
}

struct Offsets {
  u64 load, store;
};

/// Slots by lane: in a row, one, reversed, every second, a random choice, each half its own way.
std::vector<Offsets> make_offsets(const MemoryLine& line) {
  Random random(7);
  std::vector<Offsets> out;
  for (u64 w = 0; w < kWarps; ++w) {
    std::vector<u64> shuffled(kSlots);
    std::iota(shuffled.begin(), shuffled.end(), 0);
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (u64 lane = 0; lane < kWarp; ++lane) {
      const u64 ways[] = {lane + w, u64{9},         kWarp - 1 - lane,
                          2 * lane, shuffled[lane], lane < 16 ? lane + 3 : u64{40}};
      const u64 slot = ways[w % std::size(ways)];
      const u64 stored = w % 6 == 5 ? (lane < 16 ? lane + 3 : 63 - lane) : slot;
      out.push_back(
          {slot * static_cast<u64>(slot_bytes(line)), stored * static_cast<u64>(slot_bytes(line))});
    }
  }
  return out;
}

u64 element_at(const MemoryLine& line, const std::uint8_t* at) {
  u64 value = 0;
  std::memcpy(&value, at, static_cast<std::size_t>(line.bits / 8));
  const int unused = 64 - line.bits;
  if (line.is_signed) value = static_cast<u64>(static_cast<s64>(value << unused) >> unused);
  return line.register_bits == 64 ? value : value & ((u64{1} << line.register_bits) - 1);
}

u64 load_offset(const MemoryLine& line, const Place& place, const Offsets& given, u64 lane) {
  const std::string address = place.address;
  const u64 step = static_cast<u64>(slot_bytes(line));
  if (address == "%first") return 0;
  if (address == "%row" || address == "%srow") return lane * step;
  if (address == "%twice") return 2 * lane * step;
  return given.load;
}

class MemoryRun {
 public:
  explicit MemoryRun(const MemoryLine& line)
      : line_(line),
        image_(source_image(line)),
        offsets_(make_offsets(line)),
        module_(LoadedModule::load(ptx::parse(kernel_text(line), "conformance"))) {}

  std::string run(u32 mask) {
    const std::size_t bytes = image_.size();
    Bytes target(bytes * std::size(kStores) * kWarps, 0xcc);
    std::vector<u64> results(std::size(kLoads) * kWarps * kWarp * kMostWidth, kUntouched);
    std::vector<std::uint8_t> parameters(48 + bytes);
    const void* pointers[] = {image_.data(), target.data(), offsets_.data(), results.data()};
    std::memcpy(parameters.data(), pointers, sizeof pointers);
    std::memcpy(&parameters[32], &mask, sizeof mask);
    std::memcpy(&parameters[48], image_.data(), bytes);
    launch({module_->kernel("memory"), {kWarps}, {kWarp}, 0, parameters.data(), false},
           profile("b200"));
    const std::string loads = judge_loads(mask, results);
    return loads.empty() ? judge_stores(mask, target) : loads;
  }

 private:
  std::string differs(const Place& place, u32 mask, const std::string& what, u64 got,
                      u64 want) const {
    char text[240];
    std::snprintf(text, sizeof text,
                  "  '%s%s.%s [%s]' into %d bits, mask %x, %s is %llx, want %llx\n", place.opcode,
                  line_.vector().c_str(), line_.type.c_str(), place.address, line_.register_bits,
                  mask, what.c_str(), static_cast<unsigned long long>(got),
                  static_cast<unsigned long long>(want));
    return text;
  }

  std::string judge_loads(u32 mask, const std::vector<u64>& results) const {
    for (std::size_t s = 0; s < std::size(kLoads); ++s)
      for (std::size_t i = 0; i < std::size_t{kWarps} * kWarp; ++i)
        for (std::size_t e = 0; e < static_cast<std::size_t>(line_.width); ++e) {
          const u64 got = results[(s * kWarps * kWarp + i) * kMostWidth + e];
          const bool runs = (mask >> i % kWarp & 1) != 0;
          const u64 at = load_offset(line_, kLoads[s], offsets_[i], i % kWarp) +
                         e * static_cast<u64>(line_.bits / 8);
          const u64 kept = line_.register_bits == 64
                               ? 0
                               : kUntouched >> line_.register_bits << line_.register_bits;
          const u64 want = runs ? element_at(line_, &image_[at]) | kept : kUntouched;
          if (got != want)
            return differs(kLoads[s], mask,
                           "lane " + number(i % kWarp) + " of warp " + number(i / kWarp), got,
                           want);
        }
    return {};
  }

  /// What each lane stores is what it loaded; of lanes with one address the highest's stays.
  std::string judge_stores(u32 mask, const Bytes& target) const {
    const std::size_t bytes = image_.size(), step = static_cast<std::size_t>(slot_bytes(line_));
    Bytes want(target.size(), 0xcc);
    for (std::size_t i = 0; i < std::size_t{kWarps} * kWarp; ++i) {
      if ((mask >> i % kWarp & 1) == 0) continue;
      for (std::size_t s = 0; s < std::size(kStores); ++s) {
        const bool row = std::string(kStores[s].address) == "%grow";
        std::uint8_t* part = &want[(i / kWarp * std::size(kStores) + s) * bytes];
        // A shared slot that several lanes wrote is read back by all of them.
        std::memcpy(part + (row ? i % kWarp * step : offsets_[i].store), &image_[offsets_[i].load],
                    step);
      }
    }
    for (std::size_t at = 0; at < target.size(); ++at)
      if (target[at] != want[at])
        return differs(
            kStores[at / bytes % std::size(kStores)], mask,
            "byte " + number(at % bytes) + " of warp " + number(at / bytes / std::size(kStores)),
            target[at], want[at]);
    return {};
  }

  MemoryLine line_;
  Bytes image_;
  std::vector<Offsets> offsets_;
  std::shared_ptr<LoadedModule> module_;
};

}  // namespace

std::vector<MemoryLine> memory_lines() {
  std::vector<MemoryLine> out;
  for (const char* kind : {"b", "u", "s"})
    for (const int bits : {8, 16, 32, 64})
      for (const int width : {1, 2, 4})
        for (const int register_bits : {16, 32, 64}) {
          const int usual = std::max(bits, bits == 8 ? 16 : bits);
          if (register_bits < bits || (width > 1 && (register_bits != usual || kind[0] == 'b')))
            continue;
          out.push_back({kind + std::to_string(bits), bits, width, register_bits, kind[0] == 's'});
        }
  for (const int bits : {32, 64})
    for (const int width : {1, 2, 4})
      out.push_back({"f" + std::to_string(bits), bits, width, bits, false});
  return out;
}

std::vector<std::string> memory_opcodes(const MemoryLine& line) {
  std::vector<std::string> out;
  for (const Place& place : kLoads) out.push_back(place.opcode + line.vector() + "." + line.type);
  for (const Place& place : kStores) out.push_back(place.opcode + line.vector() + "." + line.type);
  return out;
}

std::string memory_kernel(const MemoryLine& line) { return kernel_text(line); }

std::string memory_mismatches(const MemoryLine& line) {
  std::string out;
  try {
    MemoryRun run(line);
    for (const u32 mask : {~0u, 0x0ff0a5c3u, 1u << 18}) out += run.run(mask);
  } catch (const std::exception& refusal) {
    out += refusal.what();
  }
  return out;
}

}  // namespace vgpu::conformance
