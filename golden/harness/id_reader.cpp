#include "golden/harness/id_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "impl/core/error.h"

namespace plumb::golden {
namespace {

/// "n64" as name (letters) and size; false when it is not of that form.
bool split_size(const std::string& part, std::string* name, std::int64_t* value) {
  const std::size_t digits = part.find_first_of("0123456789");
  if (digits == 0 || digits == std::string::npos) return false;
  *name = part.substr(0, digits);
  if (name->find_first_not_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos) return false;
  const char *begin = part.data() + digits, *end = part.data() + part.size();
  const auto [rest, error] = std::from_chars(begin, end, *value);
  return error == std::errc{} && rest == end;
}

}  // namespace

IdReader::IdReader(Case& c) : case_(c) {
  for (std::size_t at = 0; at <= c.id.shape.size();) {
    const std::size_t end = std::min(c.id.shape.find('_', at), c.id.shape.size());
    Size size;
    const std::string part = c.id.shape.substr(at, end - at);
    if (!split_size(part, &size.name, &size.value))
      refuse("the shape's part '" + part + "' is no size as n64");
    sizes_.push_back(std::move(size));
    at = end + 1;
  }
  for (const std::string& option : c.id.options) words_.push_back({option});
  check_words();
  c.fill = fill_from_name(
      one_of({"exact", "wide", "uniform", "normal", "special", "edge"}, name_of(Fill::uniform)));
  c.layout = layout_from_name(one_of({"misaligned", "strided"}, name_of(Layout::plain)));
  const std::int64_t seed = integer("seed", 0);
  if (seed < 0) refuse(fmt::format("'seed' is {}; 0 or more", seed));
  c.seed = static_cast<std::uint64_t>(seed);
  c.scale = number("x", 1) * std::scalbln(1.0, integer("pow", 0));
  c.offset = number("at", 0);
}

void IdReader::check_words() const {
  for (std::size_t i = 0; i < words_.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (words_[i].text == words_[j].text) refuse("it has '" + words_[i].text + "' twice");
}

void IdReader::refuse(const std::string& why) const {
  throw UsageError("case id '" + case_.text + "': " + why);
}

std::vector<std::int64_t> IdReader::dims(const std::string& name) {
  std::vector<std::int64_t> out;
  for (Size& size : sizes_)
    if (size.name == name) out.push_back(size.value), size.used = true;
  return out;
}

std::int64_t IdReader::dim(const std::string& name) {
  const std::vector<std::int64_t> found = dims(name);
  if (found.size() != 1)
    refuse(fmt::format("the shape '{}' has {} sizes '{}', need one", case_.id.shape, found.size(),
                       name));
  return found[0];
}

std::int64_t IdReader::dim(const std::string& name, std::int64_t otherwise) {
  const bool given = std::any_of(sizes_.begin(), sizes_.end(),
                                 [&](const Size& size) { return size.name == name; });
  return given ? dim(name) : otherwise;
}

Shape IdReader::shape() {
  Shape out;
  for (Size& size : sizes_) out.push_back(size.value), size.used = true;
  return out;
}

bool IdReader::flag(const std::string& name) {
  known_.push_back(name);
  bool found = false;
  for (Word& word : words_)
    if (word.text == name) found = word.used = true;
  return found;
}

bool IdReader::take_number(const std::string& prefix, double* value) {
  known_.push_back(prefix + "<number>");
  bool found = false;
  for (Word& word : words_) {
    if (word.used || word.text.rfind(prefix, 0) != 0) continue;
    const char* begin = word.text.data() + prefix.size();
    const char* end = word.text.data() + word.text.size();
    double read = 0;
    const auto [rest, error] = std::from_chars(begin, end, read);
    if (error != std::errc{} || rest != end || !std::isfinite(read)) continue;
    if (found) refuse("it has the option '" + prefix + "' twice");
    *value = read;
    found = word.used = true;
  }
  return found;
}

double IdReader::number(const std::string& prefix, double otherwise) {
  double value = otherwise;
  take_number(prefix, &value);
  return value;
}

std::int64_t IdReader::integer(const std::string& prefix, std::int64_t otherwise) {
  double value = 0;
  if (!take_number(prefix, &value)) return otherwise;
  if (value != std::floor(value) || std::fabs(value) > 0x1p53)
    refuse(fmt::format("option '{}{}' is no integer", prefix, value));
  return static_cast<std::int64_t>(value);
}

std::string IdReader::one_of(const std::vector<std::string>& words, const std::string& otherwise) {
  std::vector<std::string> given;
  for (const std::string& word : words)
    if (flag(word)) given.push_back(word);
  if (given.size() > 1) refuse(fmt::format("it has {}; only one of them", fmt::join(given, ", ")));
  return given.empty() ? otherwise : given.front();
}

void IdReader::end() const {
  for (const Size& size : sizes_)
    if (!size.used) refuse("the shape's size '" + size.name + "' is none of " + case_.id.op);
  for (const Word& word : words_)
    if (!word.used)
      refuse(fmt::format("option '{}' is unknown; {} {} has: {}", word.text, case_.id.op,
                         case_.id.direction, fmt::join(known_, ", ")));
}

}  // namespace plumb::golden
