#include "vgpu/conformance/matrix_product.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <stdexcept>

namespace vgpu::conformance {
namespace {

constexpr Format kTf32{19, 11, -126, true};  // the high bits of an f32

bool is_float(const MatrixType& type) {
  return type.name[0] == 'f' || type.name[0] == 't' || type.name[0] == 'e' || type.name == "bf16";
}

Format format_of(const MatrixType& type) {
  static const std::map<std::string, Format> formats = {
      {"f16", kF16}, {"bf16", kBf16}, {"tf32", kTf32}, {"f32", kF32},
      {"f64", kF64}, {"e4m3", kE4m3}, {"e5m2", kE5m2}};
  return formats.at(type.name);
}

Quad value_of(const MatrixType& type, u64 bits) {
  return decode(type.name == "tf32" ? bits >> 13 : bits, format_of(type));
}

s64 integer_of(const MatrixType& type, u64 bits) {
  const auto value = static_cast<s64>(bits);
  if (type.name[0] != 's' || (bits >> (type.bits - 1) & 1) == 0) return value;
  return value - (s64{1} << type.bits);
}

u64 float_product(const MatrixTypes& t, const BitMatrix& a, const BitMatrix& b, int i, int j,
                  u64 c) {
  const Format sums = t.d.name == "f64" ? kF64 : kF32;
  Quad sum_so_far = value_of(t.c, c);
  for (int l = 0; l < a.columns; ++l) {
    const Quad term = value_of(t.a, a.at(i, l)) * value_of(t.b, b.at(l, j));
    sum_so_far = decode(encode(sum(term, sum_so_far), sums), sums);
  }
  return encode(sum_so_far, format_of(t.d));
}

u64 integer_product(const MatrixTypes& t, const BitMatrix& a, const BitMatrix& b, int i, int j,
                    u64 c) {
  s64 total = integer_of(t.c, c);
  for (int l = 0; l < a.columns; ++l) {
    if (t.a.name == "b1")
      total += static_cast<s64>(t.conjunction ? a.at(i, l) & b.at(l, j) : a.at(i, l) ^ b.at(l, j));
    else
      total += integer_of(t.a, a.at(i, l)) * integer_of(t.b, b.at(l, j));
  }
  if (t.saturate) total = std::clamp<s64>(total, -2147483648, 2147483647);
  return static_cast<u32>(static_cast<u64>(total));
}

/// Of a float: a small integer, a number whose exponent lies near zero, an edge of the format.
u64 draw_float(const MatrixType& type, int which, Random& random) {
  const Format f = format_of(type);
  const int low = type.name == "tf32" ? 13 : 0;
  if (which == 0) return encode(static_cast<Quad>(static_cast<int>(random() % 9) - 4), f) << low;
  if (which == 1) {
    const double value = (static_cast<double>(random() % 2000001) - 1000000) / 262144.0;
    return encode(static_cast<Quad>(value), f) << low;
  }
  if (which == 2 && random() % 24 != 0) return encode(random() % 2 ? 1 : 0, f) << low;
  const u64 all = (u64{1} << (f.bits - 1) << 1) - 1, sign = u64{1} << (f.bits - 1);
  if (which == 2) {
    const u64 unit = u64{1} << (f.significand - 1);
    const u64 edges[] = {0,        1,        unit - 1,     unit,
                         sign,     sign | 1, sign - unit,  sign - unit - 1,
                         sign - 1, all,      encode(1, f), encode(-1, f)};
    return edges[random() % std::size(edges)] << low;
  }
  return (random() & all) << low | (random() & ((u64{1} << low) - 1));
}

}  // namespace

MatrixType matrix_type(const std::string& name) {
  static const std::map<std::string, int> bits = {
      {"f16", 16}, {"bf16", 16}, {"tf32", 32}, {"f32", 32}, {"f64", 64}, {"e4m3", 8}, {"e5m2", 8},
      {"s8", 8},   {"u8", 8},    {"s4", 4},    {"u4", 4},   {"b1", 1},   {"s32", 32}};
  return {name, bits.at(name)};
}

ValueType value_type(const MatrixType& type) {
  if (type.name == "f16") return {Kind::f16, 16};
  if (type.name == "f32") return {Kind::f32, 32};
  if (type.name == "f64") return {Kind::f64, 64};
  if (type.name == "s32") return {Kind::integer, 32};
  throw std::logic_error("not a type of accumulators: " + type.name);
}

BitMatrix product(const MatrixTypes& types, const BitMatrix& a, const BitMatrix& b,
                  const BitMatrix& c) {
  BitMatrix out(c.rows, c.columns);
  for (int i = 0; i < c.rows; ++i)
    for (int j = 0; j < c.columns; ++j)
      out.at(i, j) = is_float(types.a) ? float_product(types, a, b, i, j, c.at(i, j))
                                       : integer_product(types, a, b, i, j, c.at(i, j));
  return out;
}

u64 draw_element(const MatrixType& type, int which, Random& random) {
  if (is_float(type)) return draw_float(type, which, random);
  const u64 all = (u64{1} << type.bits) - 1;
  if (which == 0) return random() % 3 & all;
  if (which == 1) return (random() % 201 - 100) & all;
  if (which == 2) return (random() & 1) != 0 ? all >> 1 : (all >> 1) + 1;  // the ends of the range
  return random() & all;
}

u64 packed_element(const std::uint8_t* bytes, int bits, std::size_t index) {
  if (bits < 8) {
    const std::size_t at = index * static_cast<std::size_t>(bits);
    return bytes[at / 8] >> at % 8 & ((1u << bits) - 1);
  }
  u64 out = 0;
  const auto width = static_cast<std::size_t>(bits / 8);
  std::memcpy(&out, bytes + index * width, width);
  return out;
}

void set_packed_element(std::uint8_t* bytes, int bits, std::size_t index, u64 value) {
  if (bits < 8) {
    const std::size_t at = index * static_cast<std::size_t>(bits);
    const unsigned mask = ((1u << bits) - 1) << at % 8;
    bytes[at / 8] = static_cast<std::uint8_t>((bytes[at / 8] & ~mask) |
                                              (static_cast<unsigned>(value) << at % 8 & mask));
    return;
  }
  const auto width = static_cast<std::size_t>(bits / 8);
  std::memcpy(bytes + index * width, &value, width);
}

}  // namespace vgpu::conformance
