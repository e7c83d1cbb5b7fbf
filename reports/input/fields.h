// fields.h - the fields of a JSON object, read with errors that say where and what.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace plumb::report {

/// Every error is a UsageError of one line: "<place>: field 'x' ...".
class Fields {
 public:
  /// `place`: file, and line or entry. Throws when `object` is no object.
  Fields(const nlohmann::json& object, std::string place);

  std::string text(const std::string& key) const;
  std::string text(const std::string& key, const std::string& otherwise) const;
  bool flag(const std::string& key) const;
  /// An integer, 0 or more.
  std::size_t count(const std::string& key) const;
  /// JSON has no infinity and no NaN: they are written as null.
  double number(const std::string& key, double when_null) const;
  const nlohmann::json& list(const std::string& key) const;
  const nlohmann::json& object(const std::string& key) const;
  /// One of the words allowed.
  std::string one_of(const std::string& key, const std::vector<std::string>& allowed) const;

  bool has(const std::string& key) const { return object_.contains(key); }
  [[noreturn]] void refuse(const std::string& why) const;
  const std::string& place() const { return place_; }

 private:
  const nlohmann::json& at(const std::string& key) const;

  const nlohmann::json& object_;
  std::string place_;
};

/// Parses JSON whose first line is `first_line` of `file`. Throws UsageError "file:line: ...".
nlohmann::json parse_json(const std::string& text, const std::string& file,
                          std::size_t first_line = 1);

/// The outcomes of a verdict.
const std::vector<std::string>& outcomes();

}  // namespace plumb::report
