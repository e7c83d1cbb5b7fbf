#include "golden/cases/host_array.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

struct Name {
  Dtype dtype;
  const char* in_file;
};
constexpr Name kNames[] = {{Dtype::f64, "F64"},   {Dtype::f32, "F32"},     {Dtype::f16, "F16"},
                           {Dtype::bf16, "BF16"}, {Dtype::i64, "I64"},     {Dtype::i32, "I32"},
                           {Dtype::u8, "U8"},     {Dtype::boolean, "BOOL"}};

/// Significant bits and exponents of a binary format: values are m 2^e with m < 2^precision.
struct Format {
  int precision, least_exponent, most_exponent;
};

Format format_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::f16:
      return {11, -24, 15};
    case Dtype::bf16:
      return {8, -133, 127};
    case Dtype::f32:
      return {24, -149, 127};
    default:
      return {53, -1074, 1023};
  }
}

template <class T>
void put(std::byte* place, T value) {
  std::memcpy(place, &value, sizeof value);
}

void write_value(std::byte* place, Dtype dtype, double value) {
  switch (dtype) {
    case Dtype::f64:
      return put(place, value);
    case Dtype::f32:
      return put(place, static_cast<float>(value));
    case Dtype::f16:
      return put(place, static_cast<_Float16>(value));
    case Dtype::bf16: {
      const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
      return put(place, static_cast<std::uint16_t>(bits >> 16));
    }
    case Dtype::i64:
      return put(place, static_cast<std::int64_t>(value));
    case Dtype::i32:
      return put(place, static_cast<std::int32_t>(value));
    default:
      return put(place, static_cast<std::uint8_t>(value));
  }
}

template <class T>
T read(const std::byte* place) {
  T value;
  std::memcpy(&value, place, sizeof(T));
  return value;
}

double read_value(const std::byte* place, Dtype dtype) {
  switch (dtype) {
    case Dtype::f64:
      return read<double>(place);
    case Dtype::f32:
      return read<float>(place);
    case Dtype::f16:
      return static_cast<double>(read<_Float16>(place));
    case Dtype::bf16:
      return std::bit_cast<float>(std::uint32_t{read<std::uint16_t>(place)} << 16);
    case Dtype::i64:
      return static_cast<double>(read<std::int64_t>(place));
    case Dtype::i32:
      return read<std::int32_t>(place);
    default:
      return read<std::uint8_t>(place);
  }
}

bool same_bits(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

std::string describe(const HostArray& array) {
  return fmt::format("{} {}", name_of(array.dtype), to_string(array.shape));
}

std::string compare(const HostArray& got, const HostArray& want,
                    const std::function<bool(std::size_t)>& agrees) {
  if (got.shape != want.shape || got.dtype != want.dtype)
    return fmt::format("got {}, want {}", describe(got), describe(want));
  std::size_t wrong = 0, first = 0;
  for (std::size_t i = want.values.size(); i-- > 0;)
    if (!agrees(i)) ++wrong, first = i;
  if (wrong == 0) return "";
  return fmt::format("{} of {} elements differ, first {}: got {:.17g}, want {:.17g}", wrong,
                     want.values.size(), place_of(want.shape, first), got.values[first],
                     want.values[first]);
}

}  // namespace

double round_to(Dtype dtype, long double value) {
  if (!is_floating(dtype) || value == 0 || !std::isfinite(value)) return static_cast<double>(value);
  const Format format = format_of(dtype);
  const int exponent = std::max(std::ilogb(value) - (format.precision - 1), format.least_exponent);
  const long double rounded = std::ldexp(std::nearbyint(std::ldexp(value, -exponent)), exponent);
  const long double limit = std::ldexp(1.0L, format.most_exponent + 1);
  if (std::fabs(rounded) >= limit) return std::copysign(HUGE_VAL, static_cast<double>(value));
  return static_cast<double>(rounded);
}

HostArray make_array(Shape shape, Dtype dtype,
                     const std::function<long double(std::size_t)>& value) {
  HostArray array{std::move(shape), dtype, {}};
  const auto count = static_cast<std::size_t>(count_of(array.shape));
  array.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) array.values.push_back(round_to(dtype, value(i)));
  return array;
}

HostArray rounded(const HostArray& array, Dtype dtype) {
  return make_array(array.shape, dtype, [&](std::size_t i) { return array.values[i]; });
}

std::vector<std::byte> bytes_of_array(const HostArray& array) {
  const std::size_t step = bytes_of(array.dtype);
  std::vector<std::byte> bytes(array.values.size() * step);
  for (std::size_t i = 0; i < array.values.size(); ++i)
    write_value(bytes.data() + i * step, array.dtype, array.values[i]);
  return bytes;
}

HostArray array_of_bytes(Shape shape, Dtype dtype, const std::vector<std::byte>& bytes) {
  HostArray array{std::move(shape), dtype, {}};
  const std::size_t step = bytes_of(dtype);
  array.values.reserve(bytes.size() / step);
  for (std::size_t at = 0; at + step <= bytes.size(); at += step)
    array.values.push_back(read_value(bytes.data() + at, dtype));
  return array;
}

HostTensor to_host_tensor(const HostArray& array) {
  for (const Name& name : kNames)
    if (name.dtype == array.dtype) return {name.in_file, array.shape, bytes_of_array(array)};
  PLUMB_THROW(UsageError, "dtype {} has no name in a file", name_of(array.dtype));
}

HostArray from_host_tensor(const HostTensor& tensor) {
  for (const Name& name : kNames)
    if (tensor.dtype == name.in_file) return array_of_bytes(tensor.shape, name.dtype, tensor.bytes);
  PLUMB_THROW(UsageError, "a tensor of dtype {}", tensor.dtype);
}

std::string difference(const HostArray& got, const HostArray& want) {
  return compare(got, want,
                 [&](std::size_t i) { return same_bits(got.values[i], want.values[i]); });
}

std::string difference_beyond(const HostArray& got, const HostArray& want,
                              const std::function<double(std::size_t)>& allowed) {
  return compare(got, want, [&](std::size_t i) {
    if (!std::isfinite(got.values[i]) || !std::isfinite(want.values[i]))
      return same_bits(got.values[i], want.values[i]);
    return std::fabs(got.values[i] - want.values[i]) <= allowed(i);
  });
}

std::string place_of(const Shape& shape, std::size_t i) {
  std::string out;
  auto rest = static_cast<std::int64_t>(i);
  for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d])
    out = std::to_string(rest % shape[d]) + (out.empty() ? "" : ",") + out;
  return "[" + out + "]";
}

}  // namespace plumb::golden
