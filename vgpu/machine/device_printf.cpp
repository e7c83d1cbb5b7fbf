#include "vgpu/machine/device_printf.h"

#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>

namespace vgpu {
namespace {

class Arguments {
 public:
  explicit Arguments(const std::uint8_t* bytes) : bytes_(bytes) {}

  template <class T>
  T next() {
    offset_ = (offset_ + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    T value;
    std::memcpy(&value, bytes_ + offset_, sizeof value);
    offset_ += sizeof(T);
    ++count_;
    return value;
  }
  int count() const { return count_; }

 private:
  const std::uint8_t* bytes_;
  std::size_t offset_ = 0;
  int count_ = 0;
};

template <class T>
void append(std::string& out, const std::string& conversion, T value) {
  char buffer[512];
  const int length = std::snprintf(buffer, sizeof buffer, conversion.c_str(), value);
  if (length < 0) return;
  if (static_cast<std::size_t>(length) < sizeof buffer) {
    out.append(buffer, static_cast<std::size_t>(length));
    return;
  }
  std::string longer(static_cast<std::size_t>(length) + 1, '\0');
  std::snprintf(longer.data(), longer.size(), conversion.c_str(), value);
  out.append(longer.data(), static_cast<std::size_t>(length));
}

/// One conversion, from after '%' to its letter; returns the text after it.
const char* convert(const char* at, Arguments& arguments, std::string& out) {
  std::string conversion = "%";
  bool wide = false;
  for (; *at && !std::strchr("diouxXeEfFgGaAcspn%", *at); ++at) {
    if (*at == '*')
      conversion += std::to_string(arguments.next<std::int32_t>());
    else if (*at == 'l' || *at == 'j' || *at == 'z' || *at == 't')
      wide = true;
    else if (*at != 'h')
      conversion += *at;
  }
  if (!*at) return at;
  const char letter = *at;
  if (letter == '%') {
    out += '%';
  } else if (std::strchr("di", letter)) {
    if (wide)
      append(out, conversion + "ll" + letter,
             static_cast<long long>(arguments.next<std::int64_t>()));
    else
      append(out, conversion + letter, arguments.next<std::int32_t>());
  } else if (std::strchr("ouxX", letter)) {
    if (wide)
      append(out, conversion + "ll" + letter,
             static_cast<unsigned long long>(arguments.next<std::uint64_t>()));
    else
      append(out, conversion + letter, arguments.next<std::uint32_t>());
  } else if (letter == 'c') {
    append(out, conversion + letter, arguments.next<std::int32_t>());
  } else if (letter == 's') {
    const auto text = reinterpret_cast<const char*>(arguments.next<std::uint64_t>());
    append(out, conversion + letter, text ? text : "(null)");
  } else if (letter == 'p') {
    append(out, conversion + letter,
           reinterpret_cast<const void*>(arguments.next<std::uint64_t>()));
  } else {
    append(out, conversion + letter, arguments.next<double>());
  }
  return at + 1;
}

}  // namespace

int device_printf(const char* format, const std::uint8_t* values) {
  if (!format) return -1;
  static std::mutex mutex;
  Arguments arguments(values);
  std::string out;
  for (const char* at = format; *at;) {
    if (*at == '%')
      at = convert(at + 1, arguments, out);
    else
      out += *at++;
  }
  const std::lock_guard lock(mutex);
  std::fwrite(out.data(), 1, out.size(), stdout);
  return arguments.count();
}

}  // namespace vgpu
