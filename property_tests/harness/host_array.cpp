#include "property_tests/harness/host_array.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>

namespace plumb::test {
namespace {

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
void append(std::vector<std::byte>& bytes, T value) {
  const std::byte* first = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), first, first + sizeof(T));
}

void append_value(std::vector<std::byte>& bytes, Dtype dtype, double value) {
  switch (dtype) {
    case Dtype::f64:
      return append(bytes, value);
    case Dtype::f32:
      return append(bytes, static_cast<float>(value));
    case Dtype::f16:
      return append(bytes, static_cast<_Float16>(value));
    case Dtype::bf16: {
      const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
      return append(bytes, static_cast<std::uint16_t>(bits >> 16));
    }
    case Dtype::i64:
      return append(bytes, static_cast<std::int64_t>(value));
    case Dtype::i32:
      return append(bytes, static_cast<std::int32_t>(value));
    default:
      return append(bytes, static_cast<std::uint8_t>(value));
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
  return fmt::format("{} of {} elements differ, first [{}]: got {:.17g}, want {:.17g}", wrong,
                     want.values.size(), first, got.values[first], want.values[first]);
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
  for (std::size_t i = 0; i < count; ++i) array.values.push_back(round_to(dtype, value(i)));
  return array;
}

Tensor upload(const HostArray& array, Place place) {
  std::vector<std::byte> bytes;
  if (place == Place::misaligned) append_value(bytes, array.dtype, 0);
  for (double value : array.values) {
    append_value(bytes, array.dtype, value);
    if (place == Place::strided) append_value(bytes, array.dtype, 77);
  }
  const std::int64_t count = count_of(array.shape);
  if (place == Place::plain) return Tensor::from_bytes(bytes, array.shape, array.dtype);
  if (place == Place::misaligned)
    return Tensor::from_bytes(bytes, {count + 1}, array.dtype)
        .narrow(0, 1, count)
        .view(array.shape);
  Shape wide = array.shape;
  wide.push_back(2);
  return Tensor::from_bytes(bytes, wide, array.dtype).select(-1, 0);
}

std::string bytes_of_array(const HostArray& array) {
  std::vector<std::byte> bytes;
  for (const double value : array.values) append_value(bytes, array.dtype, value);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

HostArray download(const Tensor& tensor) {
  HostArray array{tensor.shape(), tensor.dtype(), {}};
  const std::vector<std::byte> bytes = tensor.to_bytes();
  const std::size_t step = bytes_of(tensor.dtype());
  for (std::size_t at = 0; at < bytes.size(); at += step)
    array.values.push_back(read_value(bytes.data() + at, tensor.dtype()));
  return array;
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

}  // namespace plumb::test
