#include "reports/elements.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace plumb::report {

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string breakable(const std::string& text) {
  std::string out;
  for (const char c : escape(text)) {
    out += c;
    if (c == '/' || c == '_') out += "<wbr>";
  }
  return out;
}

std::string number(double value) {
  const bool whole = std::fabs(value) >= 1000 && std::fabs(value) < 1e7;
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

double value_of(const nlohmann::json& number) {
  return number.is_null() ? std::numeric_limits<double>::quiet_NaN() : number.get<double>();
}

std::string plural(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string embedded(const std::string& id, const nlohmann::json& value) {
  std::string text = value.dump();
  for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3)
    text.replace(at, 2, "<\\/");
  return fmt::format("<script type=\"application/json\" id=\"{}\">{}</script>\n", id, text);
}

std::string heading(const std::string& id, const std::string& title, const std::string& device) {
  const std::string label =
      device.empty() ? "" : " <span class=\"device\">" + escape(device) + "</span>";
  return fmt::format("<h2 id=\"{}\">{}{}</h2>\n", id, escape(title), label);
}

std::string paragraph(const std::string& plain) { return "<p>" + escape(plain) + "</p>\n"; }

std::string details(const std::string& title, const std::string& html) {
  return "<details><summary>" + escape(title) + "</summary>" + html + "</details>\n";
}

Cell text(const std::string& plain) { return {escape(plain), ""}; }
Cell named(const std::string& name, const std::string& where) {
  return {breakable(name) + "<br><span class=\"soft\">" + escape(where) + "</span>", "named"};
}
Cell numeric(double value) { return {number(value), "number"}; }
Cell outcome(const std::string& name) { return {escape(name), "outcome " + name}; }
Cell counted(std::size_t count, const std::string& outcome) {
  return {std::to_string(count), "number " + (count == 0 ? "soft" : outcome)};
}
Cell code(const std::string& plain) { return {"<code>" + escape(plain) + "</code>", ""}; }
Cell with_command(const std::string& plain, const std::string& command) {
  return {escape(plain) + "<br><code class=\"soft\">" + escape(command) + "</code>", ""};
}
Cell case_id(const std::string& id, const std::string& command) {
  std::string before = command;
  if (before.ends_with(id)) before.resize(before.size() - id.size());
  if (!before.empty()) before = "<span class=\"soft\">" + breakable(before) + "</span>";
  return {"<code>" + before + breakable(id) + "</code>", "case"};
}

Table& Table::add(const std::vector<Cell>& cells, const std::string& id) {
  if (cells.size() != head_.size())
    throw std::logic_error(
        fmt::format("a row of {} cells, {} in the head", cells.size(), head_.size()));
  if (rows_.empty())
    for (const Cell& cell : cells) numeric_.push_back(cell.css_class.rfind("number", 0) == 0);
  rows_ += id.empty() ? "<tr>" : fmt::format("<tr id=\"{}\">", id);
  for (std::size_t i = 0; i < cells.size(); ++i)
    rows_ += fmt::format("<td data-label=\"{}\"{}>{}</td>", escape(head_[i]),
                         cells[i].css_class.empty() ? "" : " class=\"" + cells[i].css_class + "\"",
                         cells[i].html);
  rows_ += "</tr>\n";
  return *this;
}

std::string Table::html() const {
  const char* kLooks[] = {"", " class=\"cards\"", " class=\"turned\""};
  std::string out = fmt::format("<div class=\"wide\"><table{}><thead><tr>",
                                kLooks[static_cast<std::size_t>(narrow_)]);
  for (std::size_t i = 0; i < head_.size(); ++i)
    out += fmt::format("<th{}><span>{}</span></th>",
                       i < numeric_.size() && numeric_[i] ? " class=\"number\"" : "",
                       breakable(head_[i]));
  return out + "</tr></thead><tbody>\n" + rows_ + "</tbody></table></div>\n";
}

}  // namespace plumb::report
