#include "vgpu/command/kernel_argument.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <random>
#include <type_traits>

#include "impl/core/error.h"
#include "impl/core/file.h"

namespace vgpu::command {
namespace {

using plumb::UsageError;

struct Row {
  const char* name;
  Element element;
  std::size_t bytes;
};
constexpr Row kRows[] = {
    {"u8", Element::u8, 1},   {"s8", Element::s8, 1},     {"i8", Element::s8, 1},
    {"u16", Element::u16, 2}, {"s16", Element::s16, 2},   {"i16", Element::s16, 2},
    {"u32", Element::u32, 4}, {"s32", Element::s32, 4},   {"i32", Element::s32, 4},
    {"u64", Element::u64, 8}, {"s64", Element::s64, 8},   {"i64", Element::s64, 8},
    {"f16", Element::f16, 2}, {"bf16", Element::bf16, 2}, {"f32", Element::f32, 4},
    {"f64", Element::f64, 8}};
constexpr const char* kTypes = "u8, u16, u32, u64, i8, i16, i32, i64, f16, bf16, f32, f64, bytes";
constexpr const char* kFills = "iota, zero, one, random:SEED, @FILE";

[[noreturn]] void refuse(const std::string& text, const std::string& what) {
  throw UsageError("argument '" + text + "': " + what);
}

const Row* row_of(const std::string& name) {
  for (const Row& row : kRows)
    if (name == row.name) return &row;
  return nullptr;
}

bool is_real(Element e) { return e >= Element::f16; }
bool is_signed(Element e) {
  return e == Element::s8 || e == Element::s16 || e == Element::s32 || e == Element::s64;
}

/// Bits of a half format that has `significand` bits, the implicit one included.
std::uint16_t to_half(double value, int significand, int lowest, int highest) {
  const int stored = significand - 1;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const std::uint32_t infinity = static_cast<std::uint32_t>(highest - lowest + 2) << stored;
  if (std::isnan(value)) return 0x7fff;
  const double size = std::fabs(value);
  if (size == 0.0) return sign;
  if (std::isinf(size)) return static_cast<std::uint16_t>(sign | infinity);
  const int exponent = std::max(std::ilogb(size), lowest);
  const auto scaled =
      static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, stored - exponent)));
  // A carry out of the significand raises the exponent by itself.
  const std::uint32_t bits = (static_cast<std::uint32_t>(exponent - lowest) << stored) + scaled;
  return static_cast<std::uint16_t>(sign | std::min(bits, infinity));
}

double from_half(std::uint16_t bits, int significand, int lowest) {
  const int stored = significand - 1;
  const std::uint32_t size = bits & 0x7fff, field = size >> stored,
                      fraction = size & ((1u << stored) - 1);
  const std::uint32_t all = (1u << (15 - stored)) - 1;
  double value = 0;
  if (field == all)
    value = fraction ? std::numeric_limits<double>::quiet_NaN()
                     : std::numeric_limits<double>::infinity();
  else if (field == 0)
    value = std::ldexp(fraction, lowest - stored);
  else
    value = std::ldexp(fraction + (1u << stored), static_cast<int>(field) - 1 + lowest - stored);
  return bits & 0x8000 ? -value : value;
}

template <class T>
void append(std::vector<std::uint8_t>& out, T value) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(&value);
  out.insert(out.end(), from, from + sizeof value);
}

/// One rounding to the element's format.
void append_real(std::vector<std::uint8_t>& out, Element element, double value) {
  if (element == Element::f64) append(out, value);
  if (element == Element::f32) append(out, static_cast<float>(value));
  if (element == Element::f16) append(out, to_half(value, 11, -14, 15));
  if (element == Element::bf16) append(out, to_half(value, 8, -126, 127));
}

void append_integer(std::vector<std::uint8_t>& out, Element element, std::uint64_t value) {
  const auto* from = reinterpret_cast<const std::uint8_t*>(&value);
  out.insert(out.end(), from, from + bytes_of(element));
}

void append_number(std::vector<std::uint8_t>& out, Element element, std::uint64_t value) {
  if (is_real(element))
    append_real(out, element, static_cast<double>(value));
  else
    append_integer(out, element, value);
}

std::optional<double> real_from(const std::string& text) {
  const char *begin = text.c_str(), *end = begin + text.size();
  char* rest = nullptr;
  if (text.empty() || std::isspace(static_cast<unsigned char>(*begin))) return std::nullopt;
  const double value = std::strtod(begin, &rest);
  return rest == end ? std::optional(value) : std::nullopt;
}

/// Decimal or 0x, with a sign where the type has one.
std::optional<std::uint64_t> integer_from(const std::string& text, Element element) {
  const bool negative = text.starts_with("-");
  const std::string digits = text.substr(negative ? 1 : 0);
  const bool hex = digits.starts_with("0x");
  std::uint64_t magnitude = 0;
  const char *begin = digits.data() + (hex ? 2 : 0), *end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(begin, end, magnitude, hex ? 16 : 10);
  if (begin == end || error != std::errc() || rest != end) return std::nullopt;
  const int bits = static_cast<int>(8 * bytes_of(element));
  // Hexadecimal digits are bits: 0xffffffff is an i32 too.
  const std::uint64_t all = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  const std::uint64_t half = std::uint64_t{1} << (bits - 1);
  const std::uint64_t most =
      negative ? (is_signed(element) ? half : 0) : (is_signed(element) && !hex ? half - 1 : all);
  if (magnitude > most) return std::nullopt;
  return negative ? 0 - magnitude : magnitude;
}

std::vector<std::uint8_t> bytes_from_file(const std::string& path) {
  const std::string content = plumb::read_whole(path);
  return {content.begin(), content.end()};
}

std::vector<std::uint8_t> random_values(Element element, std::uint64_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> out;
  out.reserve(count * bytes_of(element));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t bits = random();
    if (is_real(element))
      append_real(out, element, static_cast<double>(bits >> 11) * 0x1p-52 - 1.0);
    else
      append_integer(out, element, bits);
  }
  return out;
}

std::uint64_t seed_of(const KernelArgument& argument) {
  const std::string text = argument.how.substr(argument.how.find(':') + 1);
  std::uint64_t seed = 0;
  const char *begin = text.data(), *end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(begin, end, seed);
  if (begin == end || error != std::errc() || rest != end)
    refuse(argument.text, "fill '" + argument.how + "', allowed: " + kFills);
  return seed;
}

void check_fill(const KernelArgument& argument) {
  const std::string& how = argument.how;
  if (how.starts_with("random:")) return void(seed_of(argument));
  if (how != "iota" && how != "zero" && how != "one" && !how.starts_with("@"))
    refuse(argument.text, "fill '" + how + "', allowed: " + kFills);
}

/// Of a buffer without a number of elements.
std::uint64_t elements_of_file(const KernelArgument& argument) {
  if (!argument.how.starts_with("@"))
    refuse(argument.text, "a buffer without a number of elements needs a file, as u8[]:@in.bin");
  std::error_code error;
  const std::uint64_t bytes = std::filesystem::file_size(argument.how.substr(1), error);
  if (error)
    throw plumb::FileError("cannot read " + argument.how.substr(1) + ": " + error.message());
  const std::size_t size = bytes_of(argument.element);
  if (bytes % size != 0)
    refuse(argument.text, fmt::format("{} has {} bytes, need a multiple of {}",
                                      argument.how.substr(1), bytes, size));
  return bytes / size;
}

/// What follows "f32[500]:".
void read_buffer(KernelArgument& argument, const std::string& count, std::string rest) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  argument.is_buffer = true;
  if (const auto equals = rest.rfind('='); equals != std::string::npos) {
    argument.out = rest.substr(equals + 1);
    rest.resize(equals);
    if (argument.out.empty()) refuse(argument.text, "behind '=' stands 'print' or a file");
  }
  argument.how = rest;
  check_fill(argument);
  if (count.empty()) {
    argument.count = elements_of_file(argument);
    return;
  }
  const char *begin = count.data(), *end = count.data() + count.size();
  const auto [stop, error] = std::from_chars(begin, end, argument.count);
  if (error != std::errc() || stop != end || argument.count > kMost)
    refuse(argument.text, "'" + count + "' elements, allowed: 0 to 2^40");
}

void read_scalar(KernelArgument& argument, const std::string& value) {
  if (is_real(argument.element)) {
    const auto number = real_from(value);
    if (!number) refuse(argument.text, "'" + value + "' is no number");
    if (argument.element == Element::f32)  // rounded once, from the decimals
      return append(argument.bytes, std::strtof(value.c_str(), nullptr));
    return append_real(argument.bytes, argument.element, *number);
  }
  const auto number = integer_from(value, argument.element);
  if (!number)
    refuse(argument.text, fmt::format("'{}' is no {}", value, name_of(argument.element)));
  append_integer(argument.bytes, argument.element, *number);
}

void read_bytes(KernelArgument& argument, const std::string& value) {
  argument.element = Element::u8;
  if (value.starts_with("@")) {
    argument.bytes = bytes_from_file(value.substr(1));
  } else {
    for (std::size_t at = 0; at < value.size(); at += 2) {
      std::uint8_t byte = 0;
      const char *begin = value.data() + at, *end = value.data() + std::min(at + 2, value.size());
      const auto [rest, error] = std::from_chars(begin, end, byte, 16);
      if (error != std::errc() || rest != begin + 2)
        refuse(argument.text, "'" + value + "' is not pairs of hexadecimal digits");
      argument.bytes.push_back(byte);
    }
  }
  argument.count = argument.bytes.size();
}

}  // namespace

std::size_t bytes_of(Element element) {
  for (const Row& row : kRows)
    if (row.element == element) return row.bytes;
  return 0;
}

const char* name_of(Element element) {
  for (const Row& row : kRows)
    if (row.element == element && row.name[0] != 's') return row.name;
  return "";
}

KernelArgument read_argument(const std::string& text) {
  KernelArgument argument;
  argument.text = text;
  const auto colon = text.find(':');
  if (colon == std::string::npos)
    refuse(text, "need TYPE:VALUE or TYPE[COUNT]:FILL, as u32:500 or 'f32[500]:iota=print'");
  std::string type = text.substr(0, colon);
  const std::string value = text.substr(colon + 1);
  if (type == "bytes") return read_bytes(argument, value), argument;
  std::optional<std::string> count;
  if (const auto bracket = type.find('['); bracket != std::string::npos) {
    if (!type.ends_with("]")) refuse(text, "']' is missing");
    count = type.substr(bracket + 1, type.size() - bracket - 2);
    type.resize(bracket);
  }
  const Row* row = row_of(type);
  if (!row) refuse(text, "type '" + type + "', allowed: " + kTypes);
  argument.element = row->element;
  if (count)
    read_buffer(argument, *count, value);
  else
    read_scalar(argument, value);
  return argument;
}

std::uint64_t buffer_bytes(const KernelArgument& argument) {
  return argument.count * bytes_of(argument.element);
}

void fill(KernelArgument& argument) {
  const std::string& how = argument.how;
  const std::uint64_t bytes = buffer_bytes(argument);
  if (how.starts_with("@")) {
    argument.bytes = bytes_from_file(how.substr(1));
    if (argument.bytes.size() != bytes)
      refuse(argument.text,
             fmt::format("{} has {} bytes, need {}", how.substr(1), argument.bytes.size(), bytes));
  } else if (how.starts_with("random:")) {
    argument.bytes = random_values(argument.element, argument.count, seed_of(argument));
  } else if (how == "zero") {
    argument.bytes.assign(bytes, 0);
  } else {
    argument.bytes.reserve(bytes);
    for (std::uint64_t i = 0; i < argument.count; ++i)
      append_number(argument.bytes, argument.element, how == "iota" ? i : 1);
  }
}

std::string text_of(Element element, const std::uint8_t* at) {
  const auto read = [&](auto value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (element) {
    case Element::u8:
      return fmt::format("{}", read(std::uint8_t{}));
    case Element::s8:
      return fmt::format("{}", read(std::int8_t{}));
    case Element::u16:
      return fmt::format("{}", read(std::uint16_t{}));
    case Element::s16:
      return fmt::format("{}", read(std::int16_t{}));
    case Element::u32:
      return fmt::format("{}", read(std::uint32_t{}));
    case Element::s32:
      return fmt::format("{}", read(std::int32_t{}));
    case Element::u64:
      return fmt::format("{}", read(std::uint64_t{}));
    case Element::s64:
      return fmt::format("{}", read(std::int64_t{}));
    case Element::f16:
      return fmt::format("{}", static_cast<float>(from_half(read(std::uint16_t{}), 11, -14)));
    case Element::bf16:
      return fmt::format("{}", static_cast<float>(from_half(read(std::uint16_t{}), 8, -126)));
    case Element::f32:
      return fmt::format("{}", read(float{}));
    case Element::f64:
      return fmt::format("{}", read(double{}));
  }
  return {};
}

}  // namespace vgpu::command
