#include "reports/elements.h"

#include <fmt/format.h>

#include <cmath>
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

std::string number(double value) {
  const bool whole = std::fabs(value) >= 1000 && std::fabs(value) < 1e7;
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.4g}", value);
}

std::string embedded(const std::string& id, const nlohmann::json& value) {
  std::string text = value.dump();
  for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3)
    text.replace(at, 2, "<\\/");
  return fmt::format("<script type=\"application/json\" id=\"{}\">{}</script>\n", id, text);
}

std::string heading(const std::string& id, const std::string& title) {
  return fmt::format("<h2 id=\"{}\">{}</h2>\n", id, escape(title));
}

Cell text(const std::string& plain) { return {escape(plain), ""}; }
Cell numeric(double value) { return {number(value), "number"}; }
Cell outcome(const std::string& name) { return {escape(name), "outcome " + name}; }
Cell code(const std::string& plain) { return {"<code>" + escape(plain) + "</code>", ""}; }
Cell with_command(const std::string& plain, const std::string& command) {
  return {escape(plain) + "<br><code class=\"soft\">" + escape(command) + "</code>", ""};
}

Table& Table::add(const std::vector<Cell>& cells, const std::string& id) {
  if (cells.size() != head_.size())
    throw std::logic_error(
        fmt::format("a row of {} cells, {} in the head", cells.size(), head_.size()));
  rows_ += id.empty() ? "<tr>" : fmt::format("<tr id=\"{}\">", id);
  for (std::size_t i = 0; i < cells.size(); ++i)
    rows_ += fmt::format("<td data-label=\"{}\"{}>{}</td>", escape(head_[i]),
                         cells[i].css_class.empty() ? "" : " class=\"" + cells[i].css_class + "\"",
                         cells[i].html);
  rows_ += "</tr>\n";
  return *this;
}

std::string Table::html() const {
  std::string out =
      fmt::format("<div class=\"wide\"><table{}><thead><tr>", cards_ ? " class=\"cards\"" : "");
  for (const std::string& column : head_) out += "<th>" + escape(column) + "</th>";
  return out + "</tr></thead><tbody>\n" + rows_ + "</tbody></table></div>\n";
}

}  // namespace plumb::report
