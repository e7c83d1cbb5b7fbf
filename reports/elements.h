// elements.h - the pieces of a page: tables whose cells know what they hold, text that is escaped.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace plumb::report {

/// & < > " replaced.
std::string escape(const std::string& text);

/// A number as people read it: 4 significant digits, whole from a thousand on.
std::string number(double value);

/// A script element of that id that holds `value` as data.
std::string embedded(const std::string& id, const nlohmann::json& value);

/// <h2> with an anchor.
std::string heading(const std::string& id, const std::string& title);

struct Cell {
  std::string html, css_class;
};
Cell text(const std::string& plain);
Cell numeric(double value);
Cell outcome(const std::string& name);
/// `plain`, and a command under it to repeat it with.
Cell with_command(const std::string& plain, const std::string& command);
Cell code(const std::string& plain);

class Table {
 public:
  /// `cards`: on a narrow screen each row becomes a card instead of a line that scrolls.
  explicit Table(std::vector<std::string> head, bool cards = false)
      : head_(std::move(head)), cards_(cards) {}
  /// As many cells as the head has; `id` is the row's anchor, may be empty.
  Table& add(const std::vector<Cell>& cells, const std::string& id = {});
  std::string html() const;

 private:
  std::vector<std::string> head_;
  bool cards_;
  std::string rows_;
};

}  // namespace plumb::report
