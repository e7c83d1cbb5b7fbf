#include "reports/input/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "impl/core/error.h"

namespace plumb::report {

using nlohmann::json;

const std::vector<std::string>& outcomes() {
  static const std::vector<std::string> kNames = {
      "PASS", "FAIL", "UNTESTED", "MISTRUSTED", "GOLDEN_DEGRADED", "SKIP"};
  return kNames;
}

Fields::Fields(const json& object, std::string place) : object_(object), place_(std::move(place)) {
  if (!object.is_object()) refuse("is no JSON object");
}

void Fields::refuse(const std::string& why) const { throw UsageError(place_ + ": " + why); }

const json& Fields::at(const std::string& key) const {
  const auto found = object_.find(key);
  if (found == object_.end()) refuse("field '" + key + "' is missing");
  return *found;
}

std::string Fields::text(const std::string& key) const {
  const json& value = at(key);
  if (!value.is_string()) refuse("field '" + key + "' is no text: " + value.dump());
  return value;
}

std::string Fields::text(const std::string& key, const std::string& otherwise) const {
  return has(key) ? text(key) : otherwise;
}

bool Fields::flag(const std::string& key) const {
  const json& value = at(key);
  if (!value.is_boolean()) refuse("field '" + key + "' is neither true nor false: " + value.dump());
  return value;
}

std::size_t Fields::count(const std::string& key) const {
  const json& value = at(key);
  if (!value.is_number_unsigned())
    refuse("field '" + key + "' is no integer of 0 or more: " + value.dump());
  return value;
}

double Fields::number(const std::string& key, double when_null) const {
  const json& value = at(key);
  if (value.is_null()) return when_null;
  if (!value.is_number()) refuse("field '" + key + "' is no number: " + value.dump());
  return value;
}

const json& Fields::list(const std::string& key) const {
  const json& value = at(key);
  if (!value.is_array()) refuse("field '" + key + "' is no list");
  return value;
}

const json& Fields::object(const std::string& key) const {
  const json& value = at(key);
  if (!value.is_object()) refuse("field '" + key + "' is no object");
  return value;
}

std::string Fields::one_of(const std::string& key, const std::vector<std::string>& allowed) const {
  const std::string value = text(key);
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    refuse(fmt::format("{} '{}'; allowed: {}", key, value, fmt::join(allowed, ", ")));
  return value;
}

json parse_json(const std::string& text, const std::string& file, std::size_t first_line) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(error.byte, text.size()));
    const auto line = first_line + static_cast<std::size_t>(std::count(text.begin(), end, '\n'));
    throw UsageError(fmt::format("{}:{}: not JSON, or cut off", file, line));
  } catch (const json::out_of_range&) {
    throw UsageError(fmt::format("{}:{}: a number too large for f64", file, first_line));
  }
}

}  // namespace plumb::report
