#include "vgpu/translate/value_bits.h"

#include <algorithm>
#include <bit>

namespace vgpu::translate {
namespace {

using ptx::Instruction;
using ptx::Type;

constexpr int kAny = Shape::kAnyBits;

std::vector<Type> types_of(const Instruction& ins) {
  std::vector<Type> out;
  for (const std::string& m : ins.modifiers)
    if (const Type type = ptx::type_from_name(m); type != Type::none) out.push_back(type);
  return out;
}

bool is_signed(Type type) { return ptx::name_of(type)[0] == 's'; }
bool is_float(Type type) {
  const char first = ptx::name_of(type)[0];
  return first == 'f' || (first == 'b' && ptx::name_of(type)[1] == 'f');
}

/// `bits` where numbers of the type can be that large without wrapping.
int within(int bits, Type type) { return bits <= ptx::bits_of(type) ? bits : kAny; }

int sum(int a, int b) { return a == 0 ? b : b == 0 ? a : std::max(a, b) + 1; }

int of_convert(const std::vector<Type>& types, int bits) {
  if (types.size() != 2 || is_float(types[0]) || is_float(types[1])) return kAny;
  const int to = ptx::bits_of(types[0]), from = ptx::bits_of(types[1]);
  if (!is_signed(types[1]))
    bits = std::min(bits, from);
  else if (bits >= from)
    return kAny;  // the sign may be set
  return std::min(bits, to);
}

int of_multiply(const Instruction& ins, Type type, int a, int b) {
  if (ins.has("wide")) {
    const int narrow = ptx::bits_of(type);
    if (is_signed(type)) return a < narrow && b < narrow ? a + b : kAny;
    return std::min(a, narrow) + std::min(b, narrow);
  }
  return ins.has("lo") ? within(a + b, type) : kAny;
}

int of_shift_right(Type type, int value, const Shape& amount) {
  if (!amount.constant || *amount.constant < 0) return kAny;
  const int width = ptx::bits_of(type);
  if (is_signed(type) && value >= width) return kAny;
  const auto by = static_cast<int>(std::min<std::int64_t>(*amount.constant, width));
  return std::max(0, std::min(value, width) - by);
}

}  // namespace

int special_bits(const std::string& name) {
  struct Limit {
    const char* name;
    int bits;
  };
  static constexpr Limit kLimits[] = {
      {"tid.x", 10},    {"tid.y", 10},    {"tid.z", 6},    {"ntid.x", 11},  {"ntid.y", 11},
      {"ntid.z", 7},    {"ctaid.x", 31},  {"ctaid.y", 16}, {"ctaid.z", 16}, {"nctaid.x", 31},
      {"nctaid.y", 16}, {"nctaid.z", 16}, {"laneid", 5},   {"warpid", 5},   {"nwarpid", 6},
  };
  for (const Limit& limit : kLimits)
    if (name == limit.name) return limit.bits;
  return kAny;
}

int value_bits(const Instruction& ins, const std::vector<Shape>& in) {
  const std::vector<Type> types = types_of(ins);
  if (types.empty() || in.empty()) return kAny;
  const Type type = types.back();
  const std::string& op = ins.opcode;
  if (op == "cvt") return ins.has("sat") ? kAny : of_convert(types, in[0].value_bits);
  if (is_float(type)) return kAny;
  const int a = in[0].value_bits, b = in.size() > 1 ? in[1].value_bits : kAny;
  const bool plain = !ins.has("sat") && !ins.has("cc");
  if (op == "mov" || op == "cvta") return a;
  if (op == "add" && plain) return within(sum(a, b), type);
  if (op == "mul") return of_multiply(ins, type, a, b);
  if (op == "mad" && plain) {
    const int product = of_multiply(ins, type, a, b);
    if (ins.has("wide")) return std::min(kAny, sum(product, in[2].value_bits));
    return within(sum(product, in[2].value_bits), type);
  }
  if (op == "and") return std::min(a, b);
  if (op == "or" || op == "xor") return std::max(a, b);
  if (op == "shl" && in[1].constant && *in[1].constant >= 0)
    return within(a + static_cast<int>(std::min<std::int64_t>(*in[1].constant, kAny)), type);
  if (op == "shr") return of_shift_right(type, a, in[1]);
  if (op == "selp") return std::max(a, b);
  if (!is_signed(type) && op == "div") return a;
  if (!is_signed(type) && op == "rem") return std::min(a, b);
  if (!is_signed(type) && op == "min") return std::min(a, b);
  return kAny;
}

}  // namespace vgpu::translate
