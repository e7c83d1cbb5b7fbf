// case_id.cpp - parsing and printing of case ids.
#include "golden/harness/case_id.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "impl/core/dtype.h"

namespace plumb::golden {
namespace {

constexpr std::array<std::string_view, 5> kDirections = {"forward", "forward_train", "forward_eval",
                                                         "backward", "step"};
constexpr std::size_t kLongestId = 200;

bool is_segment_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '+' || c == '-' ||
         c == '_';
}

void check_segment(std::string_view segment, std::string_view id) {
  const bool bad_char = !std::all_of(segment.begin(), segment.end(), is_segment_char);
  if (segment.empty() || bad_char || segment.front() == '_' || segment.back() == '_' ||
      segment.find("__") != std::string_view::npos) {
    throw UsageError(
        fmt::format("case id '{}': segment '{}' is not made of a-z, 0-9, '.', '+', '-' and single "
                    "inner underscores",
                    id, segment));
  }
}

void check_direction(std::string_view direction, std::string_view id) {
  if (std::find(kDirections.begin(), kDirections.end(), direction) != kDirections.end()) return;
  throw UsageError(fmt::format("case id '{}': direction '{}'; allowed: {}", id, direction,
                               fmt::join(kDirections, ", ")));
}

void check_dtype(const std::string& dtype, std::string_view id) {
  try {
    dtype_from_name(dtype);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("case id '{}': {}", id, error.what()));
  }
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = text.find('/', begin);
    parts.emplace_back(text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

}  // namespace

CaseId parse_case_id(std::string_view text) {
  if (text.size() > kLongestId) {
    throw UsageError(
        fmt::format("case id of {} characters; at most {} are allowed", text.size(), kLongestId));
  }
  std::vector<std::string> parts = split(text);
  if (parts.size() < 4) {
    throw UsageError(fmt::format(
        "case id '{}' has {} segments; a case is <op>/<direction>/<dtype>/<shape>[/<option>...]",
        text, parts.size()));
  }
  for (const std::string& part : parts) check_segment(part, text);
  check_direction(parts[1], text);
  check_dtype(parts[2], text);
  return CaseId{parts[0], parts[1], parts[2], parts[3], {parts.begin() + 4, parts.end()}};
}

std::string format_case_id(const CaseId& id) {
  std::string text = fmt::format("{}/{}/{}/{}", id.op, id.direction, id.dtype, id.shape);
  for (const std::string& option : id.options) text += "/" + option;
  parse_case_id(text);
  return text;
}

std::string case_id_to_gtest_name(std::string_view id) {
  parse_case_id(id);
  std::string name;
  for (const char c : id) {
    switch (c) {
      case '/':
        name += "__";
        break;
      case '.':
        name += 'P';
        break;
      case '-':
        name += 'M';
        break;
      case '+':
        name += 'Q';
        break;
      default:
        name += c;
    }
  }
  return name;
}

std::string gtest_name_to_case_id(std::string_view name) {
  std::string id;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '_' && i + 1 < name.size() && name[i + 1] == '_') {
      id += '/';
      ++i;
    } else {
      id += c == 'P' ? '.' : c == 'M' ? '-' : c == 'Q' ? '+' : c;
    }
  }
  parse_case_id(id);
  return id;
}

}  // namespace plumb::golden
