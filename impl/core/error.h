// error.h - what goes wrong, by whose fault. what() is one line: what was given, what is allowed,
// where.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <variant>

namespace plumb {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct ShapeError : Error {  // a shape, dtype or layout that an operation does not take
  using Error::Error;
};
struct ValueError : Error {  // an option or an element out of range
  using Error::Error;
};
struct UsageError : Error {  // a name, flag or key that does not exist
  using Error::Error;
};
struct FileError : Error {  // a file that is missing, damaged or cannot be written
  using Error::Error;
};
struct DeviceMemoryError : Error {  // the device's memory or its budget is used up
  using Error::Error;
};

/// A value in a message. (nvcc's host pass cannot read fmt's headers, so they stay in error.cpp.)
struct TextPart {
  TextPart(const std::string& text) : value(text) {}
  TextPart(const char* text) : value(std::string(text)) {}
  TextPart(double number) : value(number) {}
  template <class Integer, class = std::enable_if_t<std::is_integral_v<Integer>>>
  TextPart(Integer number) {
    if constexpr (std::is_signed_v<Integer>)
      value = static_cast<std::int64_t>(number);
    else
      value = static_cast<std::uint64_t>(number);
  }
  std::variant<std::int64_t, std::uint64_t, double, std::string> value;
};

/// `format` with each {} replaced, in fmt's notation.
std::string message_of(const char* format, std::initializer_list<TextPart> parts = {});
template <class... Parts>
std::string format_message(const char* format, const Parts&... parts) {
  return message_of(format, {TextPart(parts)...});
}

/// "impl/core/tensor.cpp:12" of an absolute path.
std::string source_place(const char* file, int line);

}  // namespace plumb

/// Throws `type` with "file:line: function: text".
#define PLUMB_THROW(type, ...)                                                    \
  throw type(::plumb::source_place(__FILE__, __LINE__) + ": " + __func__ + ": " + \
             ::plumb::format_message(__VA_ARGS__))

/// Throws unless the condition holds: PLUMB_CHECK(ShapeError, x.dim() == 2, "x has {} dimensions,
/// need 2", x.dim()).
#define PLUMB_CHECK(type, condition, ...)             \
  do {                                                \
    if (!(condition)) PLUMB_THROW(type, __VA_ARGS__); \
  } while (false)
