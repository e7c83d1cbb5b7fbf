// elements.h - the pieces of a page: tables whose cells know what they hold, text that is escaped.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace plumb::report {

/// & < > " replaced.
std::string escape(const std::string& text);

/// Escaped, and a line may break after / and _, where an id's words end.
std::string breakable(const std::string& text);

/// A number as people read it: 4 significant digits, whole from a thousand on.
std::string number(double value);

/// A number that may be null in JSON, which has no infinity and no NaN: NaN then.
double value_of(const nlohmann::json& number);

/// "1 case", "2 cases".
std::string plural(std::size_t count, const std::string& noun);

/// A script element of that id that holds `value` as data.
std::string embedded(const std::string& id, const nlohmann::json& value);

/// <h2> with an anchor; `device`: whose figures the section shows, may be empty.
std::string heading(const std::string& id, const std::string& title,
                    const std::string& device = {});

/// A paragraph of plain text.
std::string paragraph(const std::string& plain);

/// A closed part of the page: a line to open it with, and what it holds.
std::string details(const std::string& title, const std::string& html);

struct Cell {
  std::string html, css_class;
};
Cell text(const std::string& plain);
/// A name, and under it in small where it belongs.
Cell named(const std::string& name, const std::string& where);
Cell numeric(double value);
Cell outcome(const std::string& name);
/// How many have an outcome: in its colour when there are any.
Cell counted(std::size_t count, const std::string& outcome);
/// `plain`, and a command under it to repeat it with.
Cell with_command(const std::string& plain, const std::string& command);
Cell code(const std::string& plain);
/// A case's id; or the command that repeats it, which ends with it.
Cell case_id(const std::string& id, const std::string& command = {});

/// How a table fits a narrow screen.
enum class Narrow {
  scroll,  // sideways, inside its own frame
  cards,   // each row becomes a card that says its columns
  turned,  // the heads of all columns but the first stand upright: for columns of small numbers
};

class Table {
 public:
  explicit Table(std::vector<std::string> head, Narrow narrow = Narrow::scroll)
      : head_(std::move(head)), narrow_(narrow) {}
  /// As many cells as the head has; `id` is the row's anchor, may be empty.
  Table& add(const std::vector<Cell>& cells, const std::string& id = {});
  bool empty() const { return rows_.empty(); }
  std::string html() const;

 private:
  std::vector<std::string> head_;
  Narrow narrow_;
  std::vector<bool> numeric_;  // by column, of the first row: heads stand where the cells do
  std::string rows_;
};

}  // namespace plumb::report
