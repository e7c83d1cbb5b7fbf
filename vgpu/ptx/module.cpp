#include "vgpu/ptx/module.h"

#include <algorithm>
#include <array>

namespace vgpu::ptx {
namespace {

struct TypeRow {
  Type type;
  std::string_view name;
  int bits;
};

constexpr std::array kTypes{
    TypeRow{Type::none, "none", 0},      TypeRow{Type::pred, "pred", 1},
    TypeRow{Type::b8, "b8", 8},          TypeRow{Type::b16, "b16", 16},
    TypeRow{Type::b32, "b32", 32},       TypeRow{Type::b64, "b64", 64},
    TypeRow{Type::b128, "b128", 128},    TypeRow{Type::u8, "u8", 8},
    TypeRow{Type::u16, "u16", 16},       TypeRow{Type::u32, "u32", 32},
    TypeRow{Type::u64, "u64", 64},       TypeRow{Type::s8, "s8", 8},
    TypeRow{Type::s16, "s16", 16},       TypeRow{Type::s32, "s32", 32},
    TypeRow{Type::s64, "s64", 64},       TypeRow{Type::f16, "f16", 16},
    TypeRow{Type::f16x2, "f16x2", 32},   TypeRow{Type::bf16, "bf16", 16},
    TypeRow{Type::bf16x2, "bf16x2", 32}, TypeRow{Type::tf32, "tf32", 32},
    TypeRow{Type::f32, "f32", 32},       TypeRow{Type::f64, "f64", 64},
    TypeRow{Type::e4m3, "e4m3", 8},      TypeRow{Type::e4m3x2, "e4m3x2", 16},
    TypeRow{Type::e5m2, "e5m2", 8},      TypeRow{Type::e5m2x2, "e5m2x2", 16},
};

constexpr bool rows_follow_the_enumeration() {
  for (std::size_t i = 0; i < kTypes.size(); ++i)
    if (static_cast<std::size_t>(kTypes[i].type) != i) return false;
  return true;
}
static_assert(rows_follow_the_enumeration());

}  // namespace

int bits_of(Type type) { return kTypes[static_cast<std::size_t>(type)].bits; }

const char* name_of(Type type) { return kTypes[static_cast<std::size_t>(type)].name.data(); }

Type type_from_name(const std::string& name) {
  const auto row = std::find_if(kTypes.begin() + 1, kTypes.end(),
                                [&](const TypeRow& r) { return name == r.name; });
  return row == kTypes.end() ? Type::none : row->type;
}

Error::Error(const std::string& module, int at_line, const std::string& message)
    : std::runtime_error(module + ":" + std::to_string(at_line) + ": " + message), line(at_line) {}

bool Instruction::has(std::string_view modifier) const {
  return std::find(modifiers.begin(), modifiers.end(), modifier) != modifiers.end();
}

Type Instruction::last_type() const {
  for (auto m = modifiers.rbegin(); m != modifiers.rend(); ++m)
    if (const Type type = type_from_name(*m); type != Type::none) return type;
  return Type::none;
}

Space Instruction::space() const {
  for (const std::string& m : modifiers) {
    if (m == "global") return Space::global;
    if (m == "const") return Space::constant;
    if (m == "shared" || m == "shared::cta" || m == "shared::cluster") return Space::shared;
    if (m == "local") return Space::local;
    if (m.starts_with("param")) return Space::param;
  }
  return Space::generic;
}

int Instruction::vector_length() const { return has("v8") ? 8 : has("v4") ? 4 : has("v2") ? 2 : 1; }

std::string Instruction::typed_opcode() const {
  std::string out = opcode;
  for (const std::string& modifier : modifiers) out += "." + modifier;
  return out;
}

std::uint64_t Variable::bytes() const {
  return count * static_cast<std::uint64_t>((bits_of(type) + 7) / 8);
}

const Function* Module::find_function(const std::string& wanted) const {
  const auto found = std::find_if(functions.begin(), functions.end(),
                                  [&](const Function& f) { return f.name == wanted; });
  return found == functions.end() ? nullptr : &*found;
}

const Variable* Module::find_variable(const std::string& wanted) const {
  const auto found = std::find_if(variables.begin(), variables.end(),
                                  [&](const Variable& v) { return v.name == wanted; });
  return found == variables.end() ? nullptr : &*found;
}

std::string Module::place_of(const Instruction& instruction, const std::string& kernel) const {
  std::string out = name + ":" + std::to_string(instruction.line) + ": " +
                    (kernel.empty() ? "" : "kernel " + kernel + ": ") + "'" + instruction.text +
                    "'";
  if (const auto file = files.find(instruction.source.file); file != files.end())
    out += " (" + file->second + ":" + std::to_string(instruction.source.line) + ")";
  return out;
}

}  // namespace vgpu::ptx
