// line.h - one line an opcode: its text, its operand types and a host function that says what it
// computes.
//
// The types of the function's parameters and result are the operands' types:
//   out.add("sub.s32", [](s32 a, s32 b) { return wrap<s32>(I{a} - b); });
// A result that is a std::pair writes %d|%e. bool is a predicate register.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "vgpu/conformance/soft_float.h"

namespace vgpu::conformance {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s8 = std::int8_t;
using s16 = std::int16_t;
using s32 = std::int32_t;
using s64 = std::int64_t;
using I = __int128;
struct f16 {
  u16 bits;
};
struct bf16 {
  u16 bits;
};
struct f16x2 {
  u32 bits;
};
struct bf16x2 {
  u32 bits;
};
struct f32x2 {
  u64 bits;
};

/// What a register holds, which decides its values in the test and how results compare.
enum class Kind { predicate, integer, f16, bf16, f16x2, bf16x2, f32, f32x2, f64 };

struct ValueType {
  Kind kind = Kind::integer;
  int bits = 32;
};

template <class T>
ValueType type_of() {
  if constexpr (std::is_same_v<T, bool>)
    return {Kind::predicate, 1};
  else if constexpr (std::is_same_v<T, f16>)
    return {Kind::f16, 16};
  else if constexpr (std::is_same_v<T, bf16>)
    return {Kind::bf16, 16};
  else if constexpr (std::is_same_v<T, f16x2>)
    return {Kind::f16x2, 32};
  else if constexpr (std::is_same_v<T, bf16x2>)
    return {Kind::bf16x2, 32};
  else if constexpr (std::is_same_v<T, f32x2>)
    return {Kind::f32x2, 64};
  else if constexpr (std::is_same_v<T, float>)
    return {Kind::f32, 32};
  else if constexpr (std::is_same_v<T, double>)
    return {Kind::f64, 64};
  else
    return {Kind::integer, static_cast<int>(8 * sizeof(T))};
}

template <class T>
T from_bits(u64 bits) {
  if constexpr (std::is_same_v<T, bool>)
    return (bits & 1) != 0;
  else if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<float>(static_cast<u32>(bits));
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<double>(bits);
  else if constexpr (std::is_integral_v<T>)
    return static_cast<T>(bits);
  else
    return T{static_cast<decltype(T::bits)>(bits)};
}

template <class T>
u64 to_bits(T value) {
  if constexpr (std::is_same_v<T, bool>)
    return value ? 1 : 0;
  else if constexpr (std::is_same_v<T, float>)
    return std::bit_cast<u32>(value);
  else if constexpr (std::is_same_v<T, double>)
    return std::bit_cast<u64>(value);
  else if constexpr (std::is_integral_v<T>)
    return static_cast<std::make_unsigned_t<T>>(value);
  else
    return value.bits;
}

struct Line {
  std::string opcode;
  std::vector<ValueType> results, sources;
  std::function<void(const u64* in, u64* out)> reference;
  std::string text;      // with %d, %e, %a, %b, %c, %x for results and sources; no semicolon
  int ulps = 0;          // how far an approximate result may be
  bool literals = true;  // whether operands may be literals
  bool in_place = true;  // whether the destination may be a source
};

class Lines {
 public:
  template <class F>
  Lines& add(const std::string& opcode, F reference) {
    return add_function(opcode, std::function(reference));
  }
  /// What stands behind the opcode of the last line, in place of its operands in order; "..." is
  /// the opcode.
  Lines& as(const std::string& text);
  Lines& within(int ulps) { return lines_.back().ulps = ulps, *this; }
  Lines& without_literals() { return lines_.back().literals = false, *this; }
  Lines& apart() { return lines_.back().in_place = false, *this; }

  const std::vector<Line>& all() const { return lines_; }

 private:
  template <class R, class... A>
  Lines& add_function(const std::string& opcode, std::function<R(A...)> reference) {
    Line line;
    line.opcode = opcode;
    line.sources = {type_of<A>()...};
    append_result(line, static_cast<R*>(nullptr));
    line.reference = [reference](const u64* in, u64* out) {
      call(reference, in, out, std::index_sequence_for<A...>());
    };
    return finish(std::move(line));
  }
  template <class R>
  static void append_result(Line& line, R*) {
    line.results = {type_of<R>()};
  }
  template <class R, class S>
  static void append_result(Line& line, std::pair<R, S>*) {
    line.results = {type_of<R>(), type_of<S>()};
  }
  template <class R, class... A, std::size_t... i>
  static void call(const std::function<R(A...)>& f, const u64* in, u64* out,
                   std::index_sequence<i...>) {
    store(f(from_bits<A>(in[i])...), out);
  }
  template <class R>
  static void store(R value, u64* out) {
    out[0] = to_bits(value);
  }
  template <class R, class S>
  static void store(std::pair<R, S> value, u64* out) {
    out[0] = to_bits(value.first);
    out[1] = to_bits(value.second);
  }
  Lines& finish(Line line);

  std::vector<Line> lines_;
};

template <class T>
T wrap(I value) {
  return static_cast<T>(static_cast<unsigned __int128>(value));
}

// The tables, one a family.
Lines integer_lines();
Lines bit_lines();
Lines compare_lines();
Lines float_lines();
Lines half_lines();
Lines convert_lines();
Lines move_lines();
Lines video_lines();
Lines mixed_lines();

}  // namespace vgpu::conformance
