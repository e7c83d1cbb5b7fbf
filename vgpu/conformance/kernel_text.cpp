#include "vgpu/conformance/kernel_text.h"

#include <cstdio>

namespace vgpu::conformance {
namespace {

constexpr const char* kSources[] = {"%a", "%b", "%c", "%x"};
constexpr int kWarp = 32;
constexpr const char* kResults[] = {"%d", "%e"};

std::string number(long long value) { return std::to_string(value); }

std::string literal_text(ValueType type, u64 bits) {
  char text[32];
  if (type.kind == Kind::f32)
    std::snprintf(text, sizeof text, "0f%08X", static_cast<unsigned>(bits));
  else if (type.kind == Kind::f64)
    std::snprintf(text, sizeof text, "0d%016llX", static_cast<unsigned long long>(bits));
  else
    std::snprintf(text, sizeof text, "0x%llX", static_cast<unsigned long long>(bits));
  return text;
}

std::string declarations(const Line& line) {
  std::string out =
      ".reg .b64 %rin, %rout, %rat, %wide; .reg .b32 %lane, %index, %word, %mask, %guard, %count;\n"
      ".reg .pred %take, %given;\n.reg .b16 %narrow;\n";
  for (std::size_t k = 0; k < line.sources.size(); ++k)
    out += std::string(".reg ") + register_type(line.sources[k]) + " " + kSources[k] + ";\n";
  for (std::size_t k = 0; k < line.results.size(); ++k)
    out += std::string(".reg ") + register_type(line.results[k]) + " " + kResults[k] + ";\n";
  return out;
}

std::string initialise(ValueType type, const std::string& name) {
  if (type.kind == Kind::predicate) return "setp.ne.u32 " + name + ", 0, 0;\n";
  const u64 mask = type.bits == 64 ? ~u64{0} : (u64{1} << type.bits) - 1;
  return std::string("mov") + register_type(type) + " " + name + ", " +
         literal_text(type, kUntouched & mask) + ";\n";
}

std::string store_results(const Line& line, const std::string& base, bool from_source) {
  std::string out;
  for (std::size_t k = 0; k < line.results.size(); ++k)
    out += store(line.results[k], from_source ? kSources[0] : kResults[k],
                 base + "+" + number(8 * static_cast<int>(k)));
  return out;
}

std::string section_text(const Line& line, const Section& section, std::size_t number_of_section) {
  std::string out;
  std::string instruction = line.text + ";\n";
  switch (section.form) {
    case Section::Form::plain:
      break;
    case Section::Form::guarded:
      for (std::size_t k = 0; k < line.results.size(); ++k)
        out += initialise(line.results[k], kResults[k]);
      // A line of several instructions is guarded as a whole.
      instruction = "@%given " + replaced(line.text, "; ", ";\n@%given ") + ";\n";
      break;
    case Section::Form::in_place:
      instruction = replaced(instruction, "%d", "%a");
      break;
    case Section::Form::literal:
      instruction =
          replaced(instruction, kSources[section.literal_operand],
                   literal_text(line.sources[static_cast<std::size_t>(section.literal_operand)],
                                section.literal));
      break;
  }
  out += "mad.lo.u32 %word, %count, " + number(static_cast<int>(number_of_section)) + ", %index;\n";
  out += "mad.wide.u32 %rat, %word, 16, %rout;\n";
  // The address is ready before, so that %word is free for the instruction's own text.
  return out + instruction + store_results(line, "%rat", section.form == Section::Form::in_place);
}

bool may_be_literal(const Line& line, std::size_t k) {
  const ValueType type = line.sources[k];
  return line.literals &&
         (type.kind == Kind::integer || type.kind == Kind::f32 || type.kind == Kind::f64);
}

/// %a_moved = %a + kStride * lane: a register of its own, so that %a keeps its single definition.
std::string move_with_lane(ValueType type, const std::string& name) {
  const std::string moved = name + "_moved", factor = ", " + number(kStride) + ", " + name + ";\n";
  const std::string declared = std::string(".reg ") + register_type(type) + " " + moved + ";\n";
  if (type.bits == 64) return declared + "mad.wide.u32 " + moved + ", %lane" + factor;
  if (type.bits == 32) return declared + "mad.lo.u32 " + moved + ", %lane" + factor;
  return declared + "cvt.u16.u32 %narrow, %lane;\nmad.lo.u16 " + moved + ", %narrow" + factor;
}

bool same_type(ValueType a, ValueType b) { return a.kind == b.kind && a.bits == b.bits; }

}  // namespace

const char* register_type(ValueType type) {
  switch (type.kind) {
    case Kind::predicate:
      return ".pred";
    case Kind::f32:
      return ".f32";
    case Kind::f64:
      return ".f64";
    default:
      return type.bits == 64 ? ".b64" : type.bits == 32 ? ".b32" : ".b16";
  }
}

std::string load(ValueType type, const std::string& name, const std::string& space,
                 const std::string& address) {
  if (type.kind == Kind::predicate)
    return "ld" + space + ".u32 %word, [" + address + "];\nsetp.ne.u32 " + name + ", %word, 0;\n";
  return "ld" + space + register_type(type) + " " + name + ", [" + address + "];\n";
}

std::string store(ValueType type, const std::string& name, const std::string& address) {
  if (type.kind == Kind::predicate)
    return "selp.u32 %word, 1, 0, " + name + ";\nst.global.u32 [" + address + "], %word;\n";
  return std::string("st.global") + register_type(type) + " [" + address + "], " + name + ";\n";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string lane_predicate(const std::string& predicate, const std::string& mask) {
  return std::string("shr.u32 %word, ") + mask +
         ", %lane;\nand.b32 %word, %word, 1;\nsetp.ne.u32 " + predicate + ", %word, 0;\n";
}

std::vector<Section> sections_of(const Line& line) {
  std::vector<Section> out{{Section::Form::plain, -1, 0}, {Section::Form::guarded, -1, 0}};
  if (line.in_place && line.results.size() == 1 && !line.sources.empty() &&
      same_type(line.results[0], line.sources[0]))
    out.push_back({Section::Form::in_place, -1, 0});
  Random random(std::hash<std::string>()(line.text));
  for (std::size_t k = 0; k < line.sources.size(); ++k) {
    if (!may_be_literal(line, k)) continue;
    for (int i = 0; i < 2; ++i) {
      const auto& list = edges(line.sources[k]);
      out.push_back({Section::Form::literal, static_cast<int>(k), list[random() % list.size()]});
    }
  }
  return out;
}

std::string lane_kernel(const Line& line, const std::vector<Section>& sections) {
  std::string out = std::string(kHeader) +
                    ".visible .entry lanes(.param .u64 p_in, .param .u64 p_out, .param .u32 "
                    "p_mask, .param .u32 p_guard,\n"
                    ".param .u32 p_count)\n{\n" +
                    declarations(line);
  out +=
      "ld.param.u64 %rin, [p_in];\nld.param.u64 %rout, [p_out];\nld.param.u32 %mask, [p_mask];\n"
      "ld.param.u32 %guard, [p_guard];\nld.param.u32 %count, [p_count];\nmov.u32 %lane, %tid.x;\n"
      "mov.u32 %index, %ctaid.x;\nmad.lo.u32 %index, %index, 32, %lane;\n";
  out +=
      lane_predicate("%take", "%mask") + lane_predicate("%given", "%guard") + "@!%take bra END;\n";
  out += "mad.wide.u32 %rat, %index, " + number(8 * kMostSources) + ", %rin;\n";
  for (std::size_t k = 0; k < line.sources.size(); ++k)
    out += load(line.sources[k], kSources[k], ".global", "%rat+" + number(8 * static_cast<int>(k)));
  std::size_t in_place = sections.size();
  for (std::size_t s = 0; s < sections.size(); ++s) {
    if (sections[s].form == Section::Form::in_place)
      in_place = s;
    else
      out += section_text(line, sections[s], s);
  }
  if (in_place < sections.size())
    out += section_text(line, sections[in_place], in_place);  // last: it ends %a
  return out + "END:\nret;\n}\n";
}

std::vector<int> affine_operands(const Line& line) {
  std::vector<int> out;
  for (std::size_t k = 0; k < line.sources.size(); ++k)
    if (line.sources[k].kind == Kind::integer && line.sources[k].bits >= 16)
      out.push_back(static_cast<int>(k));
  return out;
}

std::string parameter_kernel(const Line& line) {
  std::string out =
      std::string(kHeader) +
      ".visible .entry same(.param .u64 p_out, .param .u64 p_0, .param .u64 p_1, .param .u64 p_2,\n"
      ".param .u64 p_3)\n{\n" +
      declarations(line);
  out +=
      "ld.param.u64 %rout, [p_out];\nmov.u32 %lane, %tid.x;\nmad.wide.u32 %rat, %lane, 16, "
      "%rout;\n";
  for (std::size_t k = 0; k < line.sources.size(); ++k)
    out += load(line.sources[k], kSources[k], ".param", "p_" + number(static_cast<int>(k)));
  const auto perform = [&](const std::string& text, std::size_t section) {
    out += text + ";\n" +
           store_results(line, "%rat+" + number(static_cast<int>(section) * kWarp * 16), false);
  };
  perform(line.text, 0);
  const std::vector<int> affine = affine_operands(line);
  for (std::size_t i = 0; i < affine.size(); ++i) {
    const auto k = static_cast<std::size_t>(affine[i]);
    out += move_with_lane(line.sources[k], kSources[k]);
    perform(replaced(line.text, kSources[k], std::string(kSources[k]) + "_moved"), i + 1);
  }
  return out + "ret;\n}\n";
}

}  // namespace vgpu::conformance
