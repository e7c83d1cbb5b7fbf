#include "impl/core/error.h"

#include <fmt/args.h>
#include <fmt/format.h>

namespace plumb {

std::string message_of(const char* format, std::initializer_list<TextPart> parts) {
  fmt::dynamic_format_arg_store<fmt::format_context> arguments;
  for (const TextPart& part : parts)
    std::visit([&](const auto& value) { arguments.push_back(value); }, part.value);
  return fmt::vformat(format, arguments);
}

std::string source_place(const char* file, int line) {
  const std::string path = file;
  const auto at = path.rfind("impl/");
  return (at == std::string::npos ? path : path.substr(at)) + ":" + std::to_string(line);
}

}  // namespace plumb
