#include "vgpu/translate/shape.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <string_view>
#include <unordered_set>

#include "vgpu/translate/value_bits.h"

namespace vgpu::translate {
namespace {

using ptx::Instruction;
using ptx::Operand;
using ptx::Type;

constexpr int kManyBits = 63;

int trailing_zeros(std::int64_t value) {
  return value == 0 ? kManyBits : std::countr_zero(static_cast<std::uint64_t>(value));
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Type last_type(const Instruction& ins) {
  for (auto it = ins.modifiers.rbegin(); it != ins.modifiers.rend(); ++it)
    if (const Type t = ptx::type_from_name(*it); t != Type::none) return t;
  return Type::none;
}

bool is_integer(Type type) {
  return is_one_of(ptx::name_of(type),
                   {"u16", "u32", "u64", "s16", "s32", "s64", "b16", "b32", "b64"});
}

/// Instructions whose result depends on their operands alone.
bool is_pure(const Instruction& ins) {
  static const std::unordered_set<std::string_view> names = {
      "abs",       "add",       "addc",  "and",      "bfe",    "bfi",      "bfind", "bmsk",
      "brev",      "clz",       "cnot",  "copysign", "cos",    "cvt",      "cvta",  "div",
      "dp2a",      "dp4a",      "ex2",   "fma",      "fns",    "isspacep", "lg2",   "lop3",
      "mad",       "max",       "min",   "mov",      "mul",    "mul24",    "mad24", "neg",
      "not",       "or",        "popc",  "prmt",     "rcp",    "rem",      "rsqrt", "sad",
      "selp",      "set",       "setp",  "shf",      "shl",    "shr",      "sin",   "slct",
      "sqrt",      "sub",       "szext", "tanh",     "testp",  "xor",      "mapa",  "getctarank",
      "vabsdiff2", "vabsdiff4", "vadd2", "vadd4",    "vavrg2", "vavrg4",   "vmax2", "vmax4",
      "vmin2",     "vmin4",     "vset2", "vset4",    "vsub2",  "vsub4"};
  return names.contains(ins.opcode) && !ins.has("cc") && ins.opcode != "addc";
}

/// The largest lane part, of strides that are not negative.
std::int64_t reach(const Shape& s, WarpRows rows) {
  return (rows.lanes - 1) * s.stride + (rows.count() - 1) * s.jump;
}

/// The lane part stays below the base's zero bits: no carry into them.
bool lanes_fit(const Shape& s, WarpRows rows) {
  return s.stride >= 0 && s.jump >= 0 && s.aligned_bits < 62 &&
         reach(s, rows) < (std::int64_t{1} << s.aligned_bits);
}

Shape add_shapes(const Shape& a, const Shape& b, int sign) {
  Shape out = Shape::lanes(a.stride + sign * b.stride, a.jump + sign * b.jump,
                           std::min(a.aligned_bits, b.aligned_bits));
  if (a.constant && b.constant) out.constant = *a.constant + sign * *b.constant;
  return out;
}

Shape multiply_shapes(const Shape& a, const Shape& b) {
  const int aligned = std::min(kManyBits, a.aligned_bits + b.aligned_bits);
  if (a.uniform() && b.uniform()) {
    Shape out = Shape::scalar(aligned);
    if (a.constant && b.constant) out.constant = *a.constant * *b.constant;
    return out;
  }
  const Shape& moving = a.uniform() ? b : a;
  const Shape& factor = a.uniform() ? a : b;
  if (!factor.uniform() || !factor.constant) return Shape::vector();
  return Shape::lanes(moving.stride * *factor.constant, moving.jump * *factor.constant, aligned);
}

Shape and_shape(const Shape& a, const Shape& b, WarpRows rows) {
  const Shape& value = a.constant ? b : a;
  const Shape& mask = a.constant ? a : b;
  if (!mask.constant || !lanes_fit(value, rows)) return Shape::vector();
  const std::int64_t low =
      (std::int64_t{1} << std::bit_width(static_cast<std::uint64_t>(reach(value, rows)))) - 1;
  if ((*mask.constant & low) == low)
    return Shape::lanes(value.stride, value.jump, value.aligned_bits);
  if ((*mask.constant & low) == 0)
    return Shape::scalar(std::max(value.aligned_bits, trailing_zeros(*mask.constant)));
  return Shape::vector();
}

Shape or_shape(const Shape& a, const Shape& b) {
  const Shape& value = a.constant ? b : a;
  const Shape& bits = a.constant ? a : b;
  const int zeros =
      std::min({value.aligned_bits, trailing_zeros(value.stride), trailing_zeros(value.jump)});
  if (!bits.constant || zeros >= 62 || *bits.constant < 0 ||
      *bits.constant >= (std::int64_t{1} << zeros))
    return Shape::vector();
  return Shape::lanes(value.stride, value.jump, 0);
}

Shape shift_right_shape(const Shape& a, const Shape& amount, WarpRows rows) {
  if (!amount.constant || !lanes_fit(a, rows) || *amount.constant < 0) return Shape::vector();
  const std::int64_t low = std::bit_width(static_cast<std::uint64_t>(reach(a, rows)));
  if (*amount.constant < low) return Shape::vector();
  return Shape::scalar(
      static_cast<int>(std::max<std::int64_t>(0, a.aligned_bits - *amount.constant)));
}

Shape special_shape(const std::string& name, WarpRows rows) {
  if (name == "tid.x" || name == "tid.y" || name == "tid.z") {
    if (!rows.known) return Shape::vector();
    const bool one = rows.count() == 1;
    if (name == "tid.x") return Shape::lanes(1, 0, one ? 5 : kManyBits);
    if (name == "tid.z" || one) return Shape::scalar();
    return Shape::lanes(0, 1, trailing_zeros(rows.count()));
  }
  if (name == "laneid") return Shape::lanes(1, rows.count() == 1 ? 0 : rows.lanes, kManyBits);
  if (name == "ntid.x") return Shape::scalar();
  if (name.starts_with("lanemask")) return Shape::vector();
  return Shape::scalar();
}

bool widens(const Instruction& ins) {
  if (ins.opcode == "cvt" && ins.modifiers.size() == 2)
    return ptx::bits_of(ptx::type_from_name(ins.modifiers[0])) >
           ptx::bits_of(ptx::type_from_name(ins.modifiers[1]));
  return (ins.opcode == "mul" || ins.opcode == "mad") && ins.has("wide");
}

/// Constants and strides are kept as 64-bit integers whatever the register's width: a widening
/// instruction may only use those that mean the same before and after.
bool safe_to_widen(const Instruction& ins, const std::vector<Shape>& in) {
  const bool is_unsigned = ptx::name_of(last_type(ins))[0] == 'u';
  const std::int64_t low = is_unsigned ? 0 : -(std::int64_t{1} << 31);
  return std::all_of(in.begin(), in.end(), [&](const Shape& s) {
    return std::abs(s.stride) < (1 << 24) && std::abs(s.jump) < (1 << 24) &&
           (!s.constant || (*s.constant >= low && *s.constant < (std::int64_t{1} << 31)));
  });
}

/// Integer arithmetic on affine operands.
Shape affine_result(const Instruction& ins, const std::vector<Shape>& in, WarpRows rows) {
  const Type type = last_type(ins);
  const std::string& op = ins.opcode;
  if (widens(ins) && !safe_to_widen(ins, in)) return Shape::vector();
  if (op == "mov" || op == "cvta") return in[0];
  if (!is_integer(type)) return Shape::vector();
  const bool plain = !ins.has("sat") && !ins.has("cc");
  if (op == "add" && plain) return add_shapes(in[0], in[1], 1);
  if (op == "sub" && plain) return add_shapes(in[0], in[1], -1);
  if (op == "mul" && (ins.has("lo") || ins.has("wide"))) return multiply_shapes(in[0], in[1]);
  if (op == "mad" && plain && (ins.has("lo") || ins.has("wide"))) {
    const Shape product = multiply_shapes(in[0], in[1]);
    return product.affine() ? add_shapes(product, in[2], 1) : Shape::vector();
  }
  if (op == "shl" && in[1].constant && *in[1].constant >= 0 && *in[1].constant < ptx::bits_of(type))
    return multiply_shapes(in[0], Shape::literal(std::int64_t{1} << *in[1].constant));
  if (op == "shr") return shift_right_shape(in[0], in[1], rows);
  if (op == "and") return and_shape(in[0], in[1], rows);
  if (op == "or") return or_shape(in[0], in[1]);
  if (op == "cvt" && !ins.has("sat") && ins.modifiers.size() == 2 &&
      is_integer(ptx::type_from_name(ins.modifiers[0])) &&
      is_integer(ptx::type_from_name(ins.modifiers[1])) &&
      ptx::bits_of(ptx::type_from_name(ins.modifiers[0])) >= 32 &&
      ptx::bits_of(ptx::type_from_name(ins.modifiers[1])) >= 32)
    return in[0];
  return Shape::vector();
}

bool is_uniform_load(const Instruction& ins, const Shapes& shapes, WarpRows rows) {
  if (ins.opcode != "ld" && ins.opcode != "ldu") return false;
  if (ins.has("local")) return false;
  return shape_of(ins.operands[1], shapes, rows).uniform();
}

bool is_full_vote(const Instruction& ins, const Shapes& shapes, WarpRows rows) {
  if (ins.opcode != "vote" && ins.opcode != "activemask") return false;
  if (ins.opcode == "activemask") return true;
  const Shape mask = shape_of(ins.operands.back(), shapes, rows);
  return mask.constant && (*mask.constant & 0xffffffff) == 0xffffffff;
}

/// Shape of what an instruction without side effects makes of its operands.
Shape pure_result(const Instruction& ins, const std::vector<Shape>& in, WarpRows rows) {
  const bool affine = std::all_of(in.begin(), in.end(), [](const Shape& s) { return s.affine(); });
  const bool uniform =
      std::all_of(in.begin(), in.end(), [](const Shape& s) { return s.uniform(); });
  // The address of a .local variable differs between lanes once it is generic; its offset does not.
  if (ins.opcode == "cvta" && ins.has("local") && !ins.has("to")) return Shape::vector();
  if (ins.opcode == "mov" && ins.operands[0].kind == Operand::Kind::vector)
    return uniform ? Shape::scalar() : Shape::vector();
  if (!affine) return Shape::vector();
  const Shape exact = affine_result(ins, in, rows);
  if (!uniform) return exact;
  Shape out = Shape::scalar(exact.affine() ? exact.aligned_bits : 0);
  if (exact.affine()) out.constant = exact.constant;
  return out;
}

/// Bytes and halfwords are loaded into wider registers.
int loaded_bits(Type type) {
  return is_integer(type) && ptx::name_of(type)[0] == 's' ? Shape::kAnyBits : ptx::bits_of(type);
}

void find_invariants(const ptx::Function& function, Shapes& shapes) {
  const std::size_t count = function.registers.size();
  std::vector<int> definitions(count, 0);
  std::vector<const Instruction*> definition(count, nullptr);
  std::vector<int> list;
  for (const Instruction& ins : function.body) {
    list.clear();
    registers_written(ins, list);
    for (int r : list) ++definitions[r], definition[r] = &ins;
  }
  shapes.invariant.assign(count, false);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t r = 0; r < count; ++r) {
      if (shapes.invariant[r] || definitions[r] != 1 || !shapes.of_register[r].uniform()) continue;
      const Instruction& ins = *definition[r];
      if (ins.guard >= 0 || ins.operands[0].kind != Operand::Kind::reg) continue;
      const bool parameter = ins.opcode == "ld" && ins.has("param") && ins.operands[1].reg < 0;
      if (!parameter && !is_pure(ins)) continue;
      list.clear();
      registers_read(ins, list);
      bool all = std::all_of(list.begin(), list.end(), [&](int s) { return shapes.invariant[s]; });
      for (const Operand& operand : ins.operands)
        if (operand.kind == Operand::Kind::special && !operand.name.starts_with("ctaid") &&
            !operand.name.starts_with("ntid") && !operand.name.starts_with("nctaid"))
          all = false;
      if (all) shapes.invariant[r] = changed = true;
    }
  }
}

}  // namespace

Shape Shape::literal(std::int64_t value) {
  const auto bits = std::bit_width(static_cast<std::uint64_t>(value));  // 64 of a negative one
  return {Kind::affine, 0, 0, trailing_zeros(value), value, static_cast<int>(bits)};
}

Shape Shape::below(int bits) const {
  if (bits == 0) return literal(0);
  Shape out = *this;
  out.value_bits = std::min(out.value_bits, bits);
  return out;
}

Shape meet(const Shape& a, const Shape& b) {
  if (a.kind == Shape::Kind::unknown) return b;
  if (b.kind == Shape::Kind::unknown) return a;
  const int bits = std::max(a.value_bits, b.value_bits);
  if (!a.affine() || !b.affine() || a.stride != b.stride || a.jump != b.jump)
    return Shape::vector().below(bits);
  Shape out = Shape::lanes(a.stride, a.jump, std::min(a.aligned_bits, b.aligned_bits));
  if (a.constant == b.constant) out.constant = a.constant;
  return out.below(bits);
}

Shape shape_of(const Operand& operand, const Shapes& shapes, WarpRows rows) {
  switch (operand.kind) {
    case Operand::Kind::reg:
      return shapes.of_register[operand.reg];
    case Operand::Kind::integer:
      return Shape::literal(static_cast<std::int64_t>(operand.bits));
    case Operand::Kind::special:
      return special_shape(operand.name, rows).below(special_bits(operand.name));
    case Operand::Kind::address: {
      if (operand.reg < 0) return Shape::scalar();
      const Shape& base = shapes.of_register[operand.reg];
      return base.affine() ? add_shapes(base, Shape::literal(operand.offset), 1) : base;
    }
    case Operand::Kind::vector: {
      for (const Operand& element : operand.elements) {
        const Shape s = shape_of(element, shapes, rows);
        if (s.kind == Shape::Kind::unknown) return s;
        if (!s.uniform()) return Shape::vector();
      }
      return Shape::scalar();
    }
    default:
      return Shape::scalar();
  }
}

Shape result_shape(const Instruction& ins, const Shapes& shapes, WarpRows rows) {
  if (ins.opcode == "barrier_result" || is_full_vote(ins, shapes, rows)) return Shape::scalar();
  if (ins.opcode == "ld" || ins.opcode == "ldu") {
    const Shape address = shape_of(ins.operands[1], shapes, rows);
    if (address.kind == Shape::Kind::unknown) return {};
    const Shape loaded = is_uniform_load(ins, shapes, rows) ? Shape::scalar() : Shape::vector();
    return loaded.below(loaded_bits(last_type(ins)));
  }
  if (!is_pure(ins)) return Shape::vector();
  std::vector<Shape> in;
  for (std::size_t k = 1; k < ins.operands.size(); ++k) {
    in.push_back(shape_of(ins.operands[k], shapes, rows));
    if (in.back().kind == Shape::Kind::unknown) return {};
  }
  return pure_result(ins, in, rows).below(value_bits(ins, in));
}

bool widens_affine(const Instruction& ins, const Shapes& shapes, WarpRows rows) {
  const Shape out = result_shape(ins, shapes, rows);
  if (!out.affine() || out.uniform() || !widens(ins)) return false;
  const Type type = last_type(ins);
  const int fits = ptx::bits_of(type) - (ptx::name_of(type)[0] == 's');
  for (std::size_t k = 1; k < ins.operands.size(); ++k) {
    const Shape in = shape_of(ins.operands[k], shapes, rows);
    if (!in.uniform() && in.value_bits > fits) return true;
  }
  return false;
}

Shapes analyse_shapes(const ptx::Function& function, WarpRows rows) {
  constexpr int kMostChanges = 8;
  const std::size_t count = function.registers.size(), length = function.body.size();
  Shapes shapes;
  shapes.of_register.assign(count, {});
  std::vector<std::vector<int>> written(length), readers(count);
  for (std::size_t i = 0; i < length; ++i) {
    registers_written(function.body[i], written[i]);
    if (written[i].empty()) continue;
    std::vector<int> read;
    registers_read(function.body[i], read);
    for (const int r : read) readers[static_cast<std::size_t>(r)].push_back(static_cast<int>(i));
  }
  std::vector<int> changes(count, 0);
  std::vector<bool> open(length, true);  // instructions whose operands changed since they were seen
  const auto note = [&](int r, const Shape& found) {
    Shape& shape = shapes.of_register[static_cast<std::size_t>(r)];
    Shape merged = meet(shape, found);
    if (merged == shape) return;
    // A number that a loop makes larger and larger: nothing is known of it.
    if (++changes[static_cast<std::size_t>(r)] > kMostChanges) merged.value_bits = Shape::kAnyBits;
    if (merged == shape) return;
    shape = merged;
    for (const int i : readers[static_cast<std::size_t>(r)])
      open[static_cast<std::size_t>(i)] = true;
  };
  const auto settle = [&] {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < length; ++i) {
        if (!open[i] || written[i].empty()) continue;
        open[i] = false;
        changed = true;
        const Instruction& ins = function.body[i];
        Shape out = result_shape(ins, shapes, rows);
        if (out.kind == Shape::Kind::unknown) continue;
        if (ins.guard >= 0) {
          const Shape& guard = shapes.of_register[static_cast<std::size_t>(ins.guard)];
          if (guard.kind == Shape::Kind::unknown) continue;
          if (!guard.uniform()) out = Shape::vector().below(out.value_bits);
        }
        for (const int r : written[i]) note(r, out);
      }
    }
  };
  settle();
  // What a loop carries that has no value before it depends on itself alone.
  for (std::size_t r = 0; r < count; ++r) {
    if (shapes.of_register[r].kind != Shape::Kind::unknown) continue;
    note(static_cast<int>(r), Shape::vector());
    settle();
  }
  find_invariants(function, shapes);
  return shapes;
}

}  // namespace vgpu::translate
